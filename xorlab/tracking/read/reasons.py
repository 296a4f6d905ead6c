"""Why recorded runs failed."""

from __future__ import annotations

from collections.abc import Sequence

from xorlab.errors import StoreError
from xorlab.tracking.names import TRACEBACK_FILE
from xorlab.tracking.read.files import read_file
from xorlab.tracking.store.store import Store
from xorlab.trainers.shard_result import Failure

_MOST = 100  # files: each is one more request where a server has them


def failure_reasons(store: Store, runs: Sequence[str]) -> dict[str, str]:
    """The last line of each failed run's recorded traceback, by the run's id.

    Runs whose file is gone are left out, and those after the first hundred.
    """
    reasons = {}
    for run in runs[:_MOST]:
        try:
            text = read_file(store, run, TRACEBACK_FILE).decode(errors="replace")
        except StoreError:
            continue
        if reason := Failure(text).reason.strip():
            reasons[run] = reason
    return reasons
