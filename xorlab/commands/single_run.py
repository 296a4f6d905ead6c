"""A single run: train, record and draw one network, and print its losses and predictions."""

from __future__ import annotations

import sys
import traceback
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from xorlab.analysis.counts import counted
from xorlab.analysis.figures.surface import run_arrays, surface_of
from xorlab.commands.drawing import Drawing
from xorlab.commands.single_words import how_often, keys_in_name, says_when_stopped
from xorlab.commands.why_unsolved import why_unsolved
from xorlab.errors import StoreError, UsageError
from xorlab.networks.config import Config
from xorlab.networks.ending_words import accuracies, class_answers
from xorlab.networks.initial_weights import initial_layers, wiring_of
from xorlab.networks.memory import estimate_memory
from xorlab.networks.result import NetworkResult
from xorlab.networks.spec import spec_of
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import layer_sizes, predict, train_chunk
from xorlab.system.git import provenance
from xorlab.trainers.memory import refuse_too_much
from xorlab.trainers.result import DIVERGED, SOLVED

if TYPE_CHECKING:
    from xorlab.tracking.store.store import Store
    from xorlab.trainers.spec import Spec

_MOST_BARE = 4  # predictions without their patterns, which are in the order of binary numbers
_MOST_INPUTS = 8  # of a pattern that is printed with its prediction
_MOST_SHOWN = 16  # patterns whose predictions are printed


def run_single(config: Config, drawing: Drawing | None = None) -> float:
    """Train one network and record it; unless it is a job of a sweep, print and draw it too.

    Args:
        config: of the network.
        drawing: what draws it; None for one that is made and ended here.

    Returns:
        the metric named by `tracking.objective`.

    Raises:
        ConfigError: the task cannot be made, or the network does not fit it.
        UsageError: there is not enough memory, or ``plan=true``.
        StoreError: the tracking store cannot be opened, or its server cannot be reached and the
            run waits in the outbox.
    """
    spec = spec_of(config)
    task = spec.data
    layer_sizes(config, task)  # refuses a network that does not fit the task
    if config.plan:
        raise UsageError("plan=true: there is a plan for a sweep only; add -m")
    refuse_too_much(estimate_memory([(config, task, 1)], [(config, 1)], 0))
    if config.tracking.sweep is not None:  # another launcher runs a sweep's jobs
        return _train(config, spec, None)
    with drawing or Drawing() as drawing:
        drawing.start()
        return _train(config, spec, drawing)


def _train(config: Config, spec: Spec, drawing: Drawing | None) -> float:
    """Train and record; print and draw, where there is something to draw with."""
    # Imported here, so that a wrong value is reported before imports that take seconds.
    from xorlab.sweeps.job_returns import objective
    from xorlab.system.clock import now
    from xorlab.tracking.choose_recorder import make_recorder
    from xorlab.tracking.names import OWNER_TAG
    from xorlab.tracking.store.errors import explained_errors
    from xorlab.tracking.store.opening import open_store
    from xorlab.tracking.store.owner import this_process
    from xorlab.tracking.write.record import Context, failed, finished

    tracking, task = config.tracking, spec.data
    store = open_store(tracking.uri, tracking.experiment, artifacts=tracking.artifacts)
    show = _ignore if drawing is None else _print
    recorder = make_recorder(store, tracking, show)
    context = Context(
        provenance(Path.cwd()), tracking.sweep, keys_in_name(store, spec, tracking.sweep)
    )
    started = now()
    show(_initial_text(config, task))
    try:
        with says_when_stopped(show):
            (result,) = train_chunk([config], task).results(NetworkResult)
    except Exception:
        with explained_errors(store):
            text = traceback.format_exc()
            recorder.record([failed(spec, config.seed, text, context, started, now())], False)
        raise
    record = finished(spec, config.seed, result, context, started, now())
    if drawing is not None:
        record = replace(
            record,
            tags=record.tags | {OWNER_TAG: this_process()},
            artifacts=record.artifacts | context.provenance.files(),
        )
    with explained_errors(store):
        (identifier,) = recorder.record([record], False)
    waiting = recorder.flush()
    if drawing is not None:
        _print(_result_text(config, task, result))
        if result.outcome != SOLVED:
            _print(why_unsolved(config, task, result))
        if waiting is not None:
            raise StoreError(waiting)
        where = f"in experiment '{store.experiment}', run {identifier}"
        _print(f"\nRecorded as '{record.name}' {where}.")
        if identifier is not None:
            _print(f"Its page, with pictures and terms: xorlab-report {identifier[:8]}")
        if result.outcome != SOLVED:
            _print(how_often())
        _print(f"Browse the runs: {store.browse()}")
        if identifier is not None:  # large networks take minutes to draw: the run is safe by now
            _draw(store, identifier, drawing, config, result, task)
    return objective(result.numbers(), tracking.objective)


def _initial_text(config: Config, task: Task) -> str:
    sizes = layer_sizes(config, task)
    layers = initial_layers(config, sizes)
    names = _layer_names(len(config.hidden))
    lines = [] if task.understood is None else [f"Table {task.understood}", ""]
    for below, above, weight in zip(names, names[1:], layers.weights, strict=False):
        lines += _weights_text(below, above, weight)
    for name, (source, target) in wiring_of(config).shortcuts(sizes).items():
        lines += _weights_text(names[source], names[target], layers.shortcuts[name])
    if config.network.readout == "sum":
        lines += ["The output is the sum of the last hidden units, without weights.", ""]
    return "\n".join(lines)


def _layer_names(hidden: int) -> list[str]:
    numbered = [f"hidden {number}" for number in range(1, hidden + 1)]
    return ["inputs", *(numbered if hidden > 1 else ["hidden"] * hidden), "output"]


def _weights_text(below: str, above: str, weights: npt.NDArray[np.floating]) -> list[str]:
    return [f"Initial weights, {below} to {above}:", np.array2string(weights, precision=8), ""]


def _result_text(config: Config, task: Task, result: NetworkResult) -> str:
    tenths = {part * config.training.epochs // 10 for part in range(10)}
    lines = [
        f"step {step}: loss {loss!r}"
        for step, loss in zip(result.steps.tolist(), result.loss.tolist(), strict=True)
        if step in tenths or step == result.steps[-1] != config.training.epochs
    ]
    lines += ["", *_answers(task, result)]
    ending = {
        SOLVED: f"Solved at step {result.epochs_to_solve}.",
        DIVERGED: f"Diverged at step {result.diverged_at}: a weight or the loss is not finite.",
    }
    lines += [
        "",
        ending.get(result.outcome, f"Not solved in {counted(result.epochs_run, 'epoch')}."),
    ]
    return "\n".join(lines)


def _answers(task: Task, result: NetworkResult) -> list[str]:
    """The predictions; of classes, which patterns are answered rightly."""
    if task.answer == "largest" and result.outcome != DIVERGED:
        return [class_answers(task, result.predictions), accuracies(result.metrics)]
    shown, count = result.predictions[:_MOST_SHOWN], len(result.predictions)
    lines = ["Predictions after training:"]
    if count <= _MOST_BARE:  # as the notebook prints them
        return [*lines, np.array2string(shown, precision=8)]
    lines += [
        f"  {_pattern(task, n)}: {_numbers(outputs)} (target {_numbers(task.targets[n])})"
        for n, outputs in enumerate(shown)
    ]
    if count > _MOST_SHOWN:
        lines.append(f"and {count - _MOST_SHOWN} more, in predictions.json of the run")
    return lines


def _pattern(task: Task, number: int) -> str:
    """What a line calls a pattern: its inputs, where these are few, and its place in a file."""
    inputs = task.inputs[number]
    if len(inputs) > _MOST_INPUTS:
        return task.name_of(number)
    return f"{task.name_of(number)}, {_numbers(inputs)}"


def _numbers(values: npt.NDArray[np.floating]) -> str:
    return " ".join(f"{value:.6g}" for value in values.tolist())


def _draw(
    store: Store, run_id: str, drawing: Drawing, config: Config, result: NetworkResult, task: Task
) -> None:
    """Give a run its picture; a line, if it cannot be drawn or stored: the run is recorded."""
    from xorlab.tracking.store.artifacts import put_files

    try:
        picture = drawing.png(_arrays(config, result, task))
        put_files(store, run_id, {"learning.png": picture})
    except Exception as error:
        _print(f"learning.png was not drawn: {type(error).__name__}: {error}")


def _arrays(config: Config, result: NetworkResult, task: Task) -> dict[str, npt.NDArray[Any]]:
    """What the picture of a run shows."""
    patterns = surface = None
    if task.inputs.shape[1] == 2 and result.outcome != DIVERGED:
        patterns = task.inputs, task.targets
        surface = surface_of(lambda inputs: predict(config, result, inputs), task.inputs)
    return run_arrays(result.steps, result.loss, result.epochs_to_solve, patterns, surface)


def _ignore(_text: str) -> None:
    """Print nothing: the sweep prints for all of its jobs."""


def _print(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()
