"""What a sweep tells at its end, and leaves with its parent run."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd

from xorlab.analysis.column_names import NETWORK_KEY
from xorlab.analysis.report.html import Origin, report_html
from xorlab.analysis.report.summary import Summary, headline, summarise
from xorlab.analysis.statistics.held_out import HELD_OUT_METRICS
from xorlab.sweeps.summary.curves import curves_in_parts, further_curves
from xorlab.sweeps.summary.ledger import Ledger
from xorlab.system.clock import now
from xorlab.system.git import COMMIT_TAG
from xorlab.tracking.names import COMMAND_TAG, FAILED, IDENTITY_TAG
from xorlab.tracking.outbox.pending import PendingSweep
from xorlab.tracking.read.frames import curves_frame
from xorlab.tracking.read.sweep_files import CURVES_FILE
from xorlab.tracking.store.address import public_address, resolve
from xorlab.tracking.store.store import Store
from xorlab.trainers.memory import MOST_CURVES
from xorlab.trainers.result import DIVERGED, OUTCOMES, UNSOLVED

REPORT_FILE = "report.html"


def summary_of(
    store: Store,
    ledger: Ledger,
    keys: Sequence[str],
    ending: PendingSweep,
    sequential: float | None,
) -> Summary:
    """Of a sweep's runs; curves that the ledger does not have are read from the store.

    Those of ``keys`` in which the runs differ make their settings.

    Where there are very many curves, the summary has those of some runs, chosen by their keys,
    which are hashes. Without a report it has none.
    """
    runs = ledger.frame()
    line = headline(runs, ending.seconds, ending.skipped)
    if not ending.report:
        return summarise(runs, curves_frame([]), line, keys, ending.notes, False, sequential)
    indices = np.arange(len(runs))
    if len(runs) > MOST_CURVES:
        indices = np.sort(np.argsort(runs["key"].to_numpy(str))[:MOST_CURVES])
    # Ids as text would take three times the memory of the curves themselves.
    ids = pd.CategoricalDtype(runs["run_id"].iloc[indices])
    parts = curves_in_parts(store, ledger, runs, indices)
    frames = [frame.astype({"run_id": ids}) for frame in parts]
    joined = pd.concat(frames, ignore_index=True) if frames else curves_frame([])
    further = further_curves(store, runs)
    return summarise(runs, joined, line, keys, ending.notes, sequential=sequential, further=further)


def counts_of(runs: pd.DataFrame) -> dict[str, float]:
    """Totals, as metrics of the parent run."""
    counts = {outcome: float((runs["outcome"] == outcome).sum()) for outcome in OUTCOMES}
    return counts | {"runs": float(len(runs)), "failed": float((runs["status"] == FAILED).sum())}


def with_causes(
    summary: Summary,
    seconds: float,
    command: str,
    tell: Callable[[str], None] | None = None,
) -> Summary:
    """The summary with why runs failed, and what patterns were taken for that were held out.

    Both are known of the built-in network only.

    Args:
        summary: of any runs.
        seconds: to spend on why runs failed at most; 0 to leave both out.
        command: that makes this report, and can be given more time.
        tell: takes lines on the progress; None for no one.
    """
    held_out = not summary.runs.columns.intersection([*HELD_OUT_METRICS]).empty
    if seconds > 0 and NETWORK_KEY in summary.runs and held_out:
        from xorlab.failures.confusion import with_confusion

        summary = with_confusion(summary)
    failed = summary.runs["outcome"].isin([UNSOLVED, DIVERGED])
    if seconds <= 0 or NETWORK_KEY not in summary.runs or not failed.any():
        return summary
    from xorlab.failures.report import with_failures

    return with_failures(summary, seconds, command, tell)


def report_command(store: Store, which: str) -> str:
    """The command that makes a report, as it is typed in this folder.

    Args:
        store: that has the runs.
        which: the run id of a sweep, or options that find runs.
    """
    given = "" if store.uri == resolve(None) else f" --uri {shlex.quote(public_address(store.uri))}"
    return f"xorlab-report {which}{given}"


def origin_of(
    store: Store, run_id: str | None, tags: Mapping[str, str], started: int | None = None
) -> Origin:
    """Where the runs of a page come from.

    Args:
        store: that has them.
        run_id: of the sweep's parent run, or of a single run; None for runs of several sweeps.
        tags: of that run.
        started: when it was, in milliseconds since 1970; None if unknown.
    """
    facts = {}
    if COMMAND_TAG in tags:
        facts["command"] = tags[COMMAND_TAG]
    if run_id is not None:
        facts["sweep" if IDENTITY_TAG in tags else "run"] = run_id
    facts |= {"experiment": store.experiment, "store": public_address(store.uri)}
    if "xorlab.version" in tags:
        facts["code"] = f"xorlab {tags['xorlab.version']}"
    if COMMIT_TAG in tags:
        dirty = tags.get("mlflow.source.git.dirty") == "true"
        state = " with changes that are not committed" if dirty else ""
        facts["git"] = f"{tags[COMMIT_TAG]}{state}"
    facts["report made"] = _date(now())
    below = "" if run_id is None else f"/{run_id}"
    return Origin(
        facts=facts,
        date="" if started is None else _date(started),
        experiment=store.experiment,
        link=store.page(below),
        serve=store.serve() or "",
        run_link=store.page("/RUN_ID"),
    )


def _date(milliseconds: int) -> str:
    time = datetime.fromtimestamp(milliseconds / 1000, UTC)
    return f"{time.day} {time:%B %Y, %H:%M} UTC"


def files_of(
    summary: Summary,
    title: str,
    origin: Origin | None,
    failed: Sequence[str] = (),
    curves: Path | None = None,
) -> dict[str, bytes | Path]:
    """File name to content: tables, and the report with its figures.

    Args:
        summary: what they are of.
        title: of the report.
        origin: where the runs come from; None for no report.
        failed: jobs that broke off.
        curves: a file of all curves; None where the summary itself has them all.
    """
    files: dict[str, bytes | Path] = {**summary.files()}
    if origin is not None:
        files[REPORT_FILE] = report_html(title, summary, origin, failed=failed)
    files[CURVES_FILE] = summary.curves_table() if curves is None else curves
    return files
