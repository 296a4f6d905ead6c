"""The report of a sweep, or of the runs that a filter finds."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import pandas as pd

from xorlab.analysis.column_names import NETWORK_KEY
from xorlab.analysis.counts import counted
from xorlab.analysis.report.summary import Summary, headline, notes_of, summarise
from xorlab.commands.common import DONE
from xorlab.errors import ConfigError, StoreError
from xorlab.sweeps.summary.curves import further_curves
from xorlab.sweeps.summary.summary import (
    REPORT_FILE,
    files_of,
    origin_of,
    report_command,
    with_causes,
)
from xorlab.tracking.names import FAILED, FINISHED, KILLED, NOTE_TAG, RUNNING
from xorlab.tracking.read.frames import setting_keys
from xorlab.tracking.read.reasons import failure_reasons
from xorlab.tracking.read.runs import load_curves, read_runs, why_none
from xorlab.tracking.read.sweep_files import artifact_location, in_recorded_order
from xorlab.tracking.read.sweeps import Sweep
from xorlab.tracking.store.artifacts import write_files
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.sweep_run import describe
from xorlab.trainers.result import DIVERGED, UNSOLVED

_PARTIAL = (
    "This sweep has not ended: these are the runs that it has recorded so far, and its command "
    "goes on with the others."
)
_BY_END = re.compile(r"xorlab\.outcome|metrics\.", re.I)
_CHOSEN = (
    "The filter chooses runs by how they ended: rates and costs are of these runs alone, and not "
    "of their settings."
)


def report_of_sweep(store: Store, sweep: Sweep, folder: Path | None, seconds: float) -> int:
    """Make the report of a sweep.

    Args:
        store: with the sweep.
        sweep: of which.
        folder: where the files go; None to keep them with the sweep.
        seconds: at most about so long is spent on why runs were not solved.

    Returns:
        the exit code.

    Raises:
        StoreError: the sweep has no runs, or its store cannot be written.
    """
    if folder is None:
        store.check_writable()
    runs = read_runs(store, sweep.run_id, None)
    if runs.empty:
        raise StoreError(f"sweep {sweep.run_id} has no runs")
    runs = in_recorded_order(store, sweep.run_id, _without_earlier_attempts(runs))
    _print(f"{sweep.name}, in experiment '{store.experiment}'")
    partial_ = [_PARTIAL] * (sweep.status in (RUNNING, KILLED))
    notes = [note for note in notes_of(sweep.tags.get(NOTE_TAG, "")) if note != _PARTIAL]
    summarised = partial(
        summarise,
        headline=headline(runs, sweep.seconds, sweep.skipped),
        notes=[*notes, *partial_],
        sequential=sweep.sequential,
    )
    summary = _summary(store, runs, "", summarised, sweep.run_id[:8], seconds)
    origin = origin_of(store, sweep.run_id, sweep.tags, sweep.started)
    files = files_of(summary, sweep.name, origin, _failed(store, runs))
    if folder is not None:
        return _in_folder(summary, files, folder, partial_)
    describe(store, sweep.run_id, files, summary.markdown)
    report = artifact_location(store, sweep.run_id, REPORT_FILE)
    return _ending(summary, files, f"with sweep {sweep.run_id}", report, partial_)


def report_of_filter(store: Store, text: str, folder: Path, seconds: float) -> int:
    """Make the report of the runs of an experiment that a filter finds.

    Args:
        store: with the experiment.
        text: a search filter of MLflow.
        folder: where the files go.
        seconds: at most about so long is spent on why runs were not solved.

    Returns:
        the exit code.

    Raises:
        ConfigError: MLflow does not understand the filter.
        StoreError: it finds no runs.
    """
    try:
        runs = read_runs(store, None, text)
    except ConfigError as error:
        raise ConfigError(f"--{error.key}", error.value, error.allowed) from error
    if runs.empty:
        raise StoreError(f"--{why_none(store, None, text)}")
    line = headline(runs) + f". {_CHOSEN}" * bool(_BY_END.search(text))
    summarised = partial(summarise, headline=line, asked=False)
    of = f" of experiment '{store.experiment}'"
    which = f"--experiment {shlex.quote(store.experiment)} --filter {shlex.quote(text)}"
    summary = _summary(store, runs, of, summarised, which, seconds)
    origin = origin_of(store, None, {})
    files = files_of(summary, f"Runs where {text}", origin, _failed(store, runs))
    return _in_folder(summary, files, folder, [])


def _summary(
    store: Store,
    runs: pd.DataFrame,
    of: str,
    summarised: Callable[..., Summary],
    which: str,
    seconds: float,
) -> Summary:
    """The summary with the causes of failure; says what takes its time."""
    _print(f"{counted(len(runs), 'run')}{of}: reading the curves, comparing, drawing")
    further = further_curves(store, runs)
    summary = summarised(runs, load_curves(runs), keys=setting_keys(runs), further=further)
    unsolved = int(runs["outcome"].isin([UNSOLVED, DIVERGED]).sum())
    if unsolved and seconds and NETWORK_KEY in runs:
        were = "was" if unsolved == 1 else "were"
        _print(
            f"diagnosing why {counted(unsolved, 'run')} {were} not solved, for at most "
            f"{seconds:g} s (--diagnose 0 leaves it out)"
        )
    return with_causes(summary, seconds, report_command(store, which), _print)


def _without_earlier_attempts(runs: pd.DataFrame) -> pd.DataFrame:
    """Without runs that broke off and were trained again, to their end."""
    ended = runs["status"] == FINISHED
    return runs[ended | ~runs["key"].isin(runs.loc[ended, "key"])].reset_index(drop=True)


def _failed(store: Store, runs: pd.DataFrame) -> list[str]:
    """A line for each run that broke off: its name and id, and why where that is recorded."""
    broken = runs[runs["status"] == FAILED]
    reasons = failure_reasons(store, broken["run_id"].tolist())
    lines = []
    for name, run in zip(broken["name"], broken["run_id"], strict=True):
        line = f"{name} (run {run[:8]})"
        lines.append(f"{line}: {reasons[run]}" if run in reasons else line)
    return lines


def _in_folder(
    summary: Summary, files: Mapping[str, bytes | Path], folder: Path, notes: Sequence[str]
) -> int:
    every = {**files, **summary.pictures()}
    write_files(folder, every)
    report = str((folder / REPORT_FILE).absolute())
    return _ending(summary, every, f"in {folder}", report, notes)


def _ending(
    summary: Summary,
    files: Mapping[str, bytes | Path],
    where: str,
    report: str,
    notes: Sequence[str],
) -> int:
    for line in (summary.headline, *notes):
        _print(line)
    _print(f"{', '.join(sorted(files))}: {where}")
    _print(f"Open the report: {report}")
    return DONE


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()
