"""Choosing how runs are recorded in a store."""

from __future__ import annotations

from collections.abc import Callable

from xorlab.config.tracking_keys import TrackingConfig
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.outbox.recorder import OutboxRecorder
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.bulk_recorder import BulkRecorder, refusal
from xorlab.tracking.write.client_recorder import ClientRecorder, Recorder


def make_recorder(store: Store, tracking: TrackingConfig, tell: Callable[[str], None]) -> Recorder:
    """The fastest recorder that the store allows; for a server, one that bridges outages.

    Args:
        store: where runs are recorded.
        tracking: how.
        tell: prints a line, such as why runs are not recorded in bulk.
    """
    if is_server(store.uri):
        return OutboxRecorder(store, Outbox(tracking.outbox), tell)
    if not tracking.bulk:
        return ClientRecorder(store)
    reason = refusal(store)
    if reason is None:
        return BulkRecorder(store, tell)
    tell(f"recording run by run: {reason}")
    return ClientRecorder(store)
