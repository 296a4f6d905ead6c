"""A single run of any trainer: train and record it, and print how it ended."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from xorlab.analysis.counts import counted
from xorlab.commands.single_words import how_often, keys_in_name, says_when_stopped
from xorlab.errors import StoppedError, StoreError, UsageError
from xorlab.system.git import provenance
from xorlab.tracking.names import CURVE
from xorlab.trainers.result import DIVERGED, SOLVED, Result
from xorlab.trainers.shard_result import Failure
from xorlab.trainers.spec import spec_of
from xorlab.trainers.trainer import Trainer


def run_one(trainer: Trainer, config: Any) -> float:
    """Train one configuration and record it; unless it is a job of a sweep, print its end too.

    Returns:
        the metric named by `tracking.objective`.

    Raises:
        UsageError: ``plan=true``.
        StoppedError: the trainer raised an error, with which the run is recorded.
        StoreError: the tracking store cannot be opened, or its server cannot be reached and the
            run waits in the outbox.
    """
    if config.plan:
        raise UsageError("plan=true: there is a plan for a sweep only; add -m")
    from xorlab.engines.work import Work
    from xorlab.sweeps.job_returns import objective
    from xorlab.tracking.choose_recorder import make_recorder
    from xorlab.tracking.store.errors import explained_errors
    from xorlab.tracking.store.opening import open_store
    from xorlab.tracking.write.record import Context, failed, finished

    spec, tracking = spec_of(trainer, config), config.tracking
    store = open_store(tracking.uri, tracking.experiment, artifacts=tracking.artifacts)
    show = _print if tracking.sweep is None else _ignore
    recorder = make_recorder(store, tracking, show)
    context = Context(
        provenance(Path.cwd()), tracking.sweep, keys_in_name(store, spec, tracking.sweep)
    )
    with says_when_stopped(show):
        done = Work([config], spec.data, trainer).run()
    result = done.run(0, trainer.result)
    if isinstance(result, Failure):
        record = failed(spec, config.seed, result.traceback, context, done.started, done.ended)
    else:
        files = done.files[0] if done.files else None
        record = finished(spec, config.seed, result, context, done.started, done.ended, files)
    with explained_errors(store):
        (identifier,) = recorder.record([record], False)
    waiting = recorder.flush()
    if isinstance(result, Failure):
        sys.stderr.write(result.traceback)
        which = "" if identifier is None else f" as run {identifier}"
        raise StoppedError(f"{record.name}: {result.reason}; recorded with its traceback{which}")
    show(_ending(record.metrics, result))
    if waiting is not None:
        raise StoreError(waiting)
    show(f"Recorded as '{record.name}' in experiment '{store.experiment}', run {identifier}.")
    if identifier is not None:
        show(f"Its page: xorlab-report {identifier[:8]}")
    if result.outcome != SOLVED:
        show(how_often())
    show(f"Browse the runs: {store.browse()}")
    return objective(result.numbers(), tracking.objective)


def _ending(metrics: dict[str, float], result: Result) -> str:
    known = ["solved", "epochs_run", "epochs_to_solve", "diverged_at"]
    last = {name: float(curve[1][-1]) for name, curve in result.curves.items() if len(curve[1])}
    known += ["final_loss"] * (CURVE in last)  # it is the end of that curve
    values = last | {name: value for name, value in metrics.items() if name not in known}
    lines = [f"{name}: {value:g}" for name, value in values.items()]
    epochs = counted(result.epochs_run, "epoch")
    ending = {
        SOLVED: f"Solved at step {result.epochs_to_solve}.",
        DIVERGED: f"Diverged at step {result.diverged_at}: a value is not finite.",
    }
    return "\n".join([*lines, ending.get(result.outcome, f"Not solved in {epochs}.")])


def _ignore(_text: str) -> None:
    """Print nothing: the sweep prints for all of its jobs."""


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
