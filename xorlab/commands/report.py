"""The `xorlab-report` command: the page of a sweep, of one run, or of any runs."""

from __future__ import annotations

import argparse
import re
import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xorlab.analysis.counts import counted
from xorlab.commands.common import DONE, check_id, command_parser, run_command
from xorlab.config.paths import given_path
from xorlab.errors import ConfigError, StoreError, UsageError
from xorlab.system.streams import leave, prints
from xorlab.tracking.names import LATEST

if TYPE_CHECKING:
    import pandas as pd

    from xorlab.tracking.read.sweeps import Sweep
    from xorlab.tracking.store.store import Store

_DEFAULT_OUT = Path("xorlab-report")
_DIAGNOSE = 60.0  # seconds
_PARTIAL = (
    "This sweep has not ended: these are the runs that it has recorded so far, and its command "
    "goes on with the others."
)
_BY_END = re.compile(r"xorlab\.outcome|metrics\.", re.I)
_CHOSEN = (
    "The filter chooses runs by how they ended: rates and costs are of these runs alone, and not "
    "of their settings."
)
_EXPERIMENT = "the latest sweep of an experiment is: xorlab-report latest --experiment NAME"


@prints("xorlab-report")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code: 0 done, 1 a store failed, 2 wrong usage."""
    options = _parser().parse_args(arguments)
    return run_command("xorlab-report", lambda: _report(options))


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "xorlab-report",
        "Remake the tables, figures and report.html of a sweep, make them for any runs that a "
        "filter finds, or make the page of one run: how it ended, why, and what other seeds did.",
        "xorlab-report latest",
        "xorlab-report 4f2a --out summary",
        "xorlab-report --filter 'params.`network.hidden` = \"2\"' --out two-units",
    )
    parser.add_argument(
        "sweep",
        nargs="?",
        metavar="SWEEP",
        help="run id of a sweep's parent run or of a single run, the beginning of it, or latest",
    )
    parser.add_argument(
        "--out",
        type=lambda text: given_path("--out", text),
        metavar="DIR",
        help="write the files into this folder (default: store them with the sweep, in place of "
        f"its earlier ones; with --filter or for one run: {_DEFAULT_OUT})",
    )
    parser.add_argument("--uri", help="tracking address (default: as xorlab)")
    parser.add_argument(
        "--experiment",
        help="experiment to search (default: all of the store; with --filter: xorlab)",
    )
    parser.add_argument("--filter", metavar="TEXT", help="an MLflow search filter instead of SWEEP")
    parser.add_argument(
        "--diagnose",
        type=_seconds,
        default=_DIAGNOSE,
        metavar="SECONDS",
        help="spend at most about so long on why runs were not solved, and diagnose as many of "
        "each setting as fit into it; 0 leaves the causes out (default: %(default)g)",
    )
    return parser


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text}: must be a number of seconds, 0 or more")
    return seconds


def _report(options: argparse.Namespace) -> int:
    if (options.sweep is None) == (options.filter is None):
        raise UsageError("name a SWEEP (latest is the last one) or a --filter")
    if options.filter is not None and not options.filter.strip():
        raise UsageError("--filter: it is empty; name conditions, as \"params.seed = '3'\"")
    named = options.sweep not in (None, LATEST)
    if named:
        try:
            check_id(options.sweep, "sweep or run")
        except UsageError as error:
            raise UsageError(f"{error}; {_EXPERIMENT}") from error
    if options.out is not None and options.out.exists() and not options.out.is_dir():
        raise UsageError(f"--out {options.out}: this is a file; name a folder")
    # Imported here, so that wrong usage is reported before imports that take seconds.
    from xorlab.tracking.names import IDENTITY_TAG
    from xorlab.tracking.read.by_name import run_by_name
    from xorlab.tracking.read.sweeps import find_sweep
    from xorlab.tracking.store.opening import open_store

    everywhere = options.sweep is not None and options.experiment is None
    # Every store has the experiment Default; any will do to open the store.
    experiment = options.experiment or ("Default" if everywhere else None)
    store = open_store(options.uri, experiment, create=False)
    folder: Path | None = options.out
    if named:
        try:
            found = run_by_name(store, options.sweep, "sweep or run", None, everywhere)
        except UsageError as error:
            if store.client.get_experiment_by_name(options.sweep) is None:
                raise
            raise UsageError(f"{error}; {_EXPERIMENT}") from error
        store, options.sweep = store.within(found.info.experiment_id), found.info.run_id
        if IDENTITY_TAG not in found.data.tags:
            return _report_of_run(store, found, folder or _DEFAULT_OUT)
    sweep = None if options.sweep is None else find_sweep(store, options.sweep, everywhere)
    if sweep is not None:
        store = store.within(sweep.experiment_id)
    return _report_of_runs(store, sweep, options.filter, folder, options.diagnose)


def _report_of_run(store: Store, found: Any, folder: Path) -> int:
    """The page of one of MLflow's runs, as a file in a folder."""
    from xorlab.failures.run_report import run_report
    from xorlab.sweeps.summary.own_run_page import own_run_page
    from xorlab.sweeps.summary.summary import origin_of
    from xorlab.tracking.read.runs import load_runs
    from xorlab.tracking.store.artifacts import write_files
    from xorlab.trainers.trainer import TABLE_TAG, TRAINER_TAG

    run_id = found.info.run_id
    runs = load_runs(store.uri, store.experiment)
    run = runs[runs["run_id"] == run_id]
    if run.empty or run["outcome"].isna().all():
        raise StoreError(_without_page(store, run_id, found.data.tags))
    origin = origin_of(store, run_id, found.data.tags, found.info.start_time)
    if TRAINER_TAG in found.data.tags:
        page = own_run_page(store, run.iloc[0], runs, origin)
    else:
        page = run_report(run.iloc[0], runs, origin, found.data.tags.get(TABLE_TAG))
    name = f"run-{run_id[:8]}.html"
    write_files(folder, {name: page})
    _print(f"{run['name'].iloc[0]}\nOpen the page: {(folder / name).absolute()}")
    return DONE


def _without_page(store: Store, run_id: str, tags: Mapping[str, str]) -> str:
    """Why a run has no page, and where to look instead."""
    from xorlab.tracking.names import SWEEP_TAG, TRACEBACK_FILE
    from xorlab.tracking.read.reasons import failure_reasons
    from xorlab.tracking.read.sweep_files import artifact_location

    reason = failure_reasons(store, [run_id]).get(run_id)
    if reason is None:
        return f"run {run_id} has no outcome: only a run that finished has a page"
    whole = (
        f". Its sweep's report: xorlab-report {tags[SWEEP_TAG][:8]}" if SWEEP_TAG in tags else ""
    )
    return (
        f"run {run_id} ended in an error, so it has no page: {reason}. Its traceback: "
        f"{artifact_location(store, run_id, TRACEBACK_FILE)}{whole}"
    )


def _report_of_runs(
    store: Store, sweep: Sweep | None, text: str | None, folder: Path | None, seconds: float
) -> int:
    """The report of a sweep, or of the runs that a filter finds."""
    from xorlab.analysis.labels import NETWORK_KEY
    from xorlab.analysis.report.summary import headline, notes_of, summarise
    from xorlab.sweeps.summary.curves import further_curves
    from xorlab.sweeps.summary.summary import (
        REPORT_FILE,
        files_of,
        origin_of,
        report_command,
        with_causes,
    )
    from xorlab.tracking.names import KILLED, NOTE_TAG, RUNNING
    from xorlab.tracking.read.frames import setting_keys
    from xorlab.tracking.read.runs import load_curves
    from xorlab.tracking.read.sweep_files import artifact_location
    from xorlab.tracking.store.artifacts import write_files
    from xorlab.tracking.write.sweep_run import describe

    if sweep is not None and folder is None:
        store.check_writable()  # the report goes to the sweep
    runs = _runs(store, sweep, text)
    if sweep is not None:
        _print(f"{sweep.name}, in experiment '{store.experiment}'")
    of = "" if sweep is not None else f" of experiment '{store.experiment}'"
    _print(f"{counted(len(runs), 'run')}{of}: reading the curves, comparing, drawing")
    curves, keys = load_curves(runs), setting_keys(runs)
    further = further_curves(store, runs)
    if sweep is None:
        notes: list[str] = []
        line = headline(runs) + f". {_CHOSEN}" * bool(_BY_END.search(str(text)))
        summary = summarise(runs, curves, line, keys, notes, further=further, asked=False)
        title, origin = f"Runs where {text}", origin_of(store, None, {})
        which = f"--experiment {shlex.quote(store.experiment)} --filter {shlex.quote(str(text))}"
    else:
        notes = [note for note in notes_of(sweep.tags.get(NOTE_TAG, "")) if note != _PARTIAL]
        notes += [_PARTIAL] * (sweep.status in (RUNNING, KILLED))
        line = headline(runs, sweep.seconds, sweep.skipped)
        summary = summarise(
            runs, curves, line, keys, notes, sequential=sweep.sequential, further=further
        )
        title = sweep.name
        origin = origin_of(store, sweep.run_id, sweep.tags, sweep.started)
        which = sweep.run_id[:8]
    unsolved = int(runs["outcome"].isin(["unsolved", "diverged"]).sum())
    if unsolved and seconds and NETWORK_KEY in runs:
        were = "was" if unsolved == 1 else "were"
        _print(
            f"diagnosing why {counted(unsolved, 'run')} {were} not solved, for at most "
            f"{seconds:g} s (--diagnose 0 leaves it out)"
        )
    summary = with_causes(summary, seconds, report_command(store, which), _print)
    failed = _failed(store, runs[runs["status"] == "FAILED"])
    files = files_of(summary, title, origin, failed)
    if sweep is not None and folder is None:
        describe(store, sweep.run_id, files, summary.markdown)
        where, report = (
            f"with sweep {sweep.run_id}",
            artifact_location(store, sweep.run_id, REPORT_FILE),
        )
    else:
        folder = folder or _DEFAULT_OUT
        files |= summary.pictures()
        write_files(folder, files)
        where, report = f"in {folder}", str((folder / REPORT_FILE).absolute())
    for line in (summary.headline, *[_PARTIAL] * (_PARTIAL in notes)):
        _print(line)
    _print(f"{', '.join(sorted(files))}: {where}")
    _print(f"Open the report: {report}")
    return DONE


def _failed(store: Store, runs: pd.DataFrame) -> list[str]:
    """A line for each run that broke off: its name and id, and why where that is recorded."""
    from xorlab.tracking.read.reasons import failure_reasons

    reasons = failure_reasons(store, runs["run_id"].tolist())
    lines = []
    for name, run in zip(runs["name"], runs["run_id"], strict=True):
        line = f"{name} (run {run[:8]})"
        lines.append(f"{line}: {reasons[run]}" if run in reasons else line)
    return lines


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _runs(store: Store, sweep: Sweep | None, text: str | None) -> pd.DataFrame:
    from xorlab.tracking.read.runs import read_runs, why_none
    from xorlab.tracking.read.sweep_files import in_recorded_order

    try:
        runs = read_runs(store, sweep.run_id if sweep else None, text)
    except ConfigError as error:
        raise ConfigError(f"--{error.key}", error.value, error.allowed) from error
    if runs.empty and text is not None:
        raise StoreError(f"--{why_none(store, None, text)}")
    if runs.empty:
        raise StoreError(f"sweep {'' if sweep is None else sweep.run_id} has no runs")
    if sweep is None:
        return runs
    return in_recorded_order(store, sweep.run_id, _without_earlier_attempts(runs))


def _without_earlier_attempts(runs: pd.DataFrame) -> pd.DataFrame:
    """Without runs that broke off and were trained again, to their end."""
    from xorlab.tracking.names import FINISHED

    ended = runs["status"] == FINISHED
    return runs[ended | ~runs["key"].isin(runs.loc[ended, "key"])].reset_index(drop=True)


if __name__ == "__main__":
    leave(main())
