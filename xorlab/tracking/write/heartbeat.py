"""The heartbeat of a sweep: recorded while its process lives, and looked for where in doubt."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from xorlab.system.clock import now
from xorlab.tracking.names import HEARTBEAT_TAG, OWNER_TAG
from xorlab.tracking.store.owner import is_alive, last_heartbeat
from xorlab.tracking.store.store import Store

if TYPE_CHECKING:
    from mlflow.entities import Run

_BEAT = 15.0  # seconds between heartbeats
_WATCH = 40.0  # seconds in which a living process records one, also where its store is slow
_LOOK = 1.0  # second between two looks


@contextlib.contextmanager
def heartbeats(store: Store, run_id: str) -> Iterator[None]:
    """Record a heartbeat of a run every 15 seconds while the block runs.

    A thread does it, so that neither a long training in this process nor another launcher, which
    keeps the main thread until all of its jobs have ended, holds it up.
    """
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(_BEAT):
            # Whatever is wrong with the store, the main thread meets it too, and reports it.
            with contextlib.suppress(Exception):
                store.client.set_tag(run_id, HEARTBEAT_TAG, str(now()))

    threading.Thread(target=beat, name="xorlab-heartbeat", daemon=True).start()
    try:
        yield
    finally:
        ended.set()


def living(store: Store, runs: Sequence[Run], tell: Callable[[str], None]) -> set[str]:
    """The ids of the runs whose process lives.

    Where that is in doubt, because a process of another machine has recorded its last heartbeat
    long ago by the clock here, the store is watched for the next one.

    Args:
        store: that the runs were found in.
        runs: that name their process.
        tell: prints a line before a wait.
    """
    alive: set[str] = set()
    doubtful: dict[str, str | None] = {}
    for run in runs:
        seen = run_is_alive(run)
        if seen:
            alive.add(run.info.run_id)
        elif seen is None:
            doubtful[run.info.run_id] = run.data.tags.get(HEARTBEAT_TAG)
    if not doubtful:
        return alive
    tell(
        f"{len(doubtful)} of the sweeps here were started on other machines, and have recorded no "
        f"heartbeat for ten minutes by this clock; waiting {_WATCH:.0f} s for one"
    )
    deadline = time.monotonic() + _WATCH
    while doubtful and time.monotonic() < deadline:
        time.sleep(_LOOK)
        for run_id, before in list(doubtful.items()):
            if store.client.get_run(run_id).data.tags.get(HEARTBEAT_TAG) != before:
                alive.add(run_id)
                del doubtful[run_id]
    return alive


def has_process(run: Run) -> bool:
    """Whether a run names its process, as those of sweeps and single runs do.

    It does so by two tags. MLflow's table may hold other values than text, if they were written
    by hand: such a tag counts as missing, and the other one is enough.
    """
    return OWNER_TAG in run.data.tags or HEARTBEAT_TAG in run.data.tags


def run_is_alive(run: Run) -> bool | None:
    """Whether the process of a run lives; None if only its next heartbeat can tell."""
    tags = run.data.tags
    return is_alive(tags.get(OWNER_TAG, ""), last_heartbeat(tags, run.info.start_time), now())
