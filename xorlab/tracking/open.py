"""Choosing how runs are recorded in a store."""

from __future__ import annotations

from xorlab.tracking.bulk import BulkRecorder, refusal
from xorlab.tracking.recorder import ClientRecorder, Recorder
from xorlab.tracking.store import Store


def make_recorder(store: Store, bulk: bool) -> tuple[Recorder, str | None]:
    """The fastest recorder that the store allows.

    Returns:
        the recorder, and a line for the user where a local database had to do without bulk.
    """
    if not bulk or not store.has_sql:
        return ClientRecorder(store), None
    reason = refusal(store)
    if reason is None:
        return BulkRecorder(store), None
    return ClientRecorder(store), f"recording run by run: {reason}"
