"""The `xorlab-report` command: the page of a sweep, of one run, or of any runs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xorlab.commands.common import DONE, check_id, command_parser, run_command
from xorlab.config.paths import given_path
from xorlab.errors import StoreError, UsageError
from xorlab.system.leaving import leave
from xorlab.system.streams import prints
from xorlab.tracking.names import LATEST

if TYPE_CHECKING:
    from xorlab.tracking.store.store import Store

_DEFAULT_OUT = Path("xorlab-report")
_DIAGNOSE = 60.0  # seconds
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
    from xorlab.commands.report_of_runs import report_of_filter, report_of_sweep

    sweep = None if options.sweep is None else find_sweep(store, options.sweep, everywhere)
    if sweep is not None:
        store = store.within(sweep.experiment_id)
        return report_of_sweep(store, sweep, folder, options.diagnose)
    return report_of_filter(store, options.filter, folder or _DEFAULT_OUT, options.diagnose)


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


def _print(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    leave(main())
