"""How a sweep ends: its parent run gets its summary, now or when its server answers again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from xorlab.analysis.report.summary import Summary, headline, summarise
from xorlab.sweeps.summary.curves import curves_in_parts, write_parquet
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.sweeps.summary.summary import (
    counts_of,
    files_of,
    origin_of,
    report_command,
    summary_of,
    with_causes,
)
from xorlab.tracking.names import IDENTITY_TAG
from xorlab.tracking.outbox.delivery import Delivery, deliver
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.outbox.pending import DamagedError, PendingSweep
from xorlab.tracking.read.frames import curves_frame, setting_keys
from xorlab.tracking.read.search import ended_runs
from xorlab.tracking.read.sweep_files import CURVES_FILE
from xorlab.tracking.read.sweeps import sequential_confidence
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.sweep_run import Parent, close_abandoned

_MOST_SECONDS = 10.0  # to look for causes of failure


def finish_sweep(
    store: Store,
    parent: Parent,
    ending: PendingSweep,
    ledger: Ledger,
    tags: Mapping[str, str],
    keys: Sequence[str],
    sequential: float | None = None,
) -> Summary:
    """Give a parent run its summary, then its status.

    Args:
        store: where it is.
        parent: the run.
        ending: how the sweep ended.
        ledger: what is known of its runs; curves that it does not have are read.
        tags: with the code version.
        keys: that make a setting.
        sequential: as `summarise`.
    """
    summary = summary_of(store, ledger, keys, ending, sequential)
    if ending.report:
        seconds = diagnosis_seconds(ending.seconds, ending.skipped)
        summary = with_causes(summary, seconds, report_command(store, parent.run_id[:8]))
    counts = counts_of(summary.runs) | {"skipped": ending.skipped, "seconds": ending.seconds}
    origin = None
    if ending.report:
        started = store.client.get_run(parent.run_id).info.start_time
        origin = origin_of(store, parent.run_id, {**tags, IDENTITY_TAG: ""}, started)
    with TemporaryDirectory(prefix="xorlab-") as folder:
        path = Path(folder) / CURVES_FILE
        every = np.arange(len(summary.runs))
        write_parquet(path, curves_in_parts(store, ledger, summary.runs, every))
        files = files_of(summary, parent.name, origin, ending.failed, path)
        # All of it is there before the status says FINISHED.
        parent.describe(files, summary.markdown, counts)
    parent.close(ending.status)
    return summary


def diagnosis_seconds(trained: float, skipped: int) -> float:
    """How long a sweep may look for causes of failure: a tenth of its time, 2 to 10 s.

    Where some runs had finished before, how long they took is not known, and the report takes the
    place of an earlier one, which may have all causes: then 10 s.

    Args:
        trained: how long training and recording took, in seconds.
        skipped: how many runs had finished before.
    """
    return _MOST_SECONDS if skipped else min(_MOST_SECONDS, max(2.0, trained / 10))


def summary_at_hand(
    ending: PendingSweep, ledger: Ledger, keys: Sequence[str], sequential: float | None
) -> Summary:
    """The summary without figures, of what is known without a server."""
    runs = ledger.frame()
    line = headline(runs, ending.seconds, ending.skipped)
    return summarise(runs, curves_frame([]), line, keys, ending.notes, False, sequential)


def deliver_all(store: Store, outbox: Outbox) -> Delivery:
    """Deliver runs, then the ends of their sweeps.

    Raises:
        ServerAwayError: the server does not answer; what is left stays.
        StoreError: another process does not stop delivering.
    """
    done = deliver(store, outbox, finish=_finish_later)
    if done.sweeps:
        close_abandoned(store)
    return done


def _finish_later(store: Store, ending: PendingSweep) -> None:
    ledger, numbers = Ledger(), {key: number for number, key in enumerate(ending.keys)}
    for row in ended_runs(store, numbers, ending.run_id):
        ledger.add(numbers[row["key"]], row)
    missing = len(ending.keys) - len(ledger.runs)
    if missing:
        raise DamagedError(f"{missing} runs of its sweep are not there; start the sweep again")
    run = store.client.get_run(ending.run_id)
    parent = Parent(store, ending.run_id, run.info.run_name or "", resumed=True)
    keys, sequential = setting_keys(ledger.frame()), sequential_confidence(run.data.params)
    finish_sweep(store, parent, ending, ledger, run.data.tags, keys, sequential)
