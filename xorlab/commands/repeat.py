"""The `xorlab-repeat` command: train a recorded run again and compare the bits."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xorlab.commands.common import DONE, FAILED, check_id, command_parser, run_command
from xorlab.commands.repeat_conclusion import SAME, changed, conclusion
from xorlab.errors import ConfigError, StoreError, UsageError
from xorlab.system.leaving import leave
from xorlab.system.streams import prints

if TYPE_CHECKING:
    from xorlab.networks.result import NetworkResult
    from xorlab.networks.tasks.tasks import Task
    from xorlab.tracking.read.found import FoundRun
    from xorlab.tracking.read.recorded import Recorded
    from xorlab.trainers.spec import Spec
    from xorlab.trainers.trainer import Trainer


@prints("xorlab-repeat")
def main(arguments: Sequence[str] | None = None, trainer: Trainer | None = None) -> int:
    """Run the command line; returns the exit code.

    Args:
        arguments: of the command; None for those of this process.
        trainer: of the run; None for the one that ``--trainer`` names, or the built-in one.

    0 if every bit agrees, 1 if one does not or the store fails, 2 for wrong usage.
    """
    options = _parser().parse_args(arguments)
    return run_command("xorlab-repeat", lambda: _repeat(options, trainer))


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        "xorlab-repeat",
        "Train a recorded run again from its own record and compare curve, weights, predictions "
        "and outcome bit by bit; if they differ, say what has changed since.",
        "xorlab-repeat 4f2a9c0d1e8b47c6a5d3f0b2e1c49a87",
        "xorlab-repeat 4f2a9c",
        "xorlab-repeat 4f2a9c --trainer ./digits.py:train",
    )
    parser.add_argument(
        "run",
        metavar="RUN_ID",
        help="run id of a run that finished, its key, or the beginning of one of them",
    )
    parser.add_argument("--uri", help="tracking address (default: as xorlab)")
    parser.add_argument(
        "--table", metavar="PATH", help="where the run's table is now, if it was moved"
    )
    parser.add_argument(
        "--trainer",
        metavar="NAME",
        help="that trained the run, if it is your own: its short name, or as xorlab --trainer",
    )
    return parser


def _repeat(options: argparse.Namespace, trainer: Trainer | None) -> int:
    check_id(options.run, "run")
    # Imported here, so that wrong usage is reported before imports that take seconds.
    from xorlab.tracking.read.found import finished_run
    from xorlab.trainers.find import find

    if options.trainer is not None:
        trainer = find(options.trainer)
    found = finished_run(options.run, options.uri)
    if found.trainer is None and (trainer is None or trainer.reference is None):
        return _repeat_network(found, options)
    from xorlab.commands.repeat_own import repeat_own

    return repeat_own(found, trainer, options.table)


def _repeat_network(found: FoundRun, options: argparse.Namespace) -> int:
    from xorlab.networks.result import NetworkResult
    from xorlab.networks.train import train_chunk
    from xorlab.tracking.read.recorded import recorded_run

    recorded = recorded_run(found)
    spec = _spec_with_table(recorded, options.table)
    _check_altered(recorded, spec)
    sys.stdout.write(f"Training run {recorded.run_id} again: {recorded.name}\n")
    sys.stdout.flush()
    (result,) = train_chunk([spec.config], spec.data).results(NetworkResult)
    findings = compare_with_record(recorded, result, spec.data)
    for name, finding in findings.items():
        sys.stdout.write(f"  {name:<12} {finding}\n")
    same = all(finding.startswith(SAME) for finding in findings.values())
    sys.stdout.write("\n".join(conclusion(same, changed(recorded.tags))) + "\n")
    return DONE if same else FAILED


def _spec_with_table(recorded: Recorded, moved: str | None) -> Spec:
    """The run's setting, with its table where it is now, if it is the same table.

    Raises:
        ConfigError: there is no such file.
        UsageError: the run's task is not a table.
        StoreError: the table's content has changed.
    """
    from xorlab.config.data_files import file_digest
    from xorlab.config.paths import given_path
    from xorlab.config.values import flat
    from xorlab.networks.spec import spec_of
    from xorlab.networks.tasks.proben1 import Proben1
    from xorlab.networks.tasks.table import Table
    from xorlab.tracking.names import KEY_TAG
    from xorlab.trainers.trainer import TABLE_TAG

    config = recorded.network.config
    if not isinstance(config.task, Table | Proben1):
        if moved is not None:
            raise UsageError(
                f"--table {moved}: the run's task is {config.task.choice_name}, not a table"
            )
        return spec_of(config)
    if moved is not None:
        config = replace(config, task=replace(config.task, path=moved))
    path = str(flat(config)["task.path"])
    file = given_path("task.path", path)
    if moved is None and not file.is_file():
        raise ConfigError(
            "task.path",
            path,
            f"where the run found it (looked for {file.absolute()}); "
            "--table PATH says where it is now",
        )
    then = recorded.tags.get(TABLE_TAG)
    try:
        spec = spec_of(config)
    except ConfigError:
        if then is not None:  # another file may not even be a table
            _check_table(path, then, file_digest("task.path", file))
        raise
    if then is not None:
        _check_table(path, then, str(spec.data.digest))
    if then is None and spec.key(config.seed) != recorded.tags.get(KEY_TAG):
        raise StoreError(f"{path} is not the table that the run was trained on")
    return spec


def _check_altered(recorded: Recorded, spec: Spec) -> None:
    """Refuse to train what the run was not: numbers in an edited file may be absurd.

    Raises:
        StoreError: configuration and key of the record do not belong to one another.
        UsageError: there is not enough memory.
    """
    from xorlab.networks.memory import estimate_memory
    from xorlab.tracking.names import KEY_TAG
    from xorlab.trainers.memory import refuse_too_much

    config = spec.config
    if spec.key(config.seed) != recorded.tags.get(KEY_TAG):
        raise StoreError(
            f"config.yaml of run {recorded.run_id} gives another key than its tag "
            f"{KEY_TAG}: one of them was altered"
        )
    refuse_too_much(estimate_memory([(config, spec.data, 1)], [(config, 1)], 0))


def _check_table(path: str, then: str, now: str) -> None:
    if then != now:
        raise StoreError(
            f"{path} is not the table that the run was trained on: SHA-256 {then[:12]} then, "
            f"{now[:12]} now"
        )


def compare_with_record(recorded: Recorded, result: NetworkResult, task: Task) -> dict[str, str]:
    """Compare a recorded run with the same run trained again.

    Returns:
        a text for each of curve, weights, predictions and outcome; it begins with
        ``the same bits`` if every bit agrees.
    """
    from xorlab.networks.artifacts import predictions_json
    from xorlab.tracking.names import OUTCOME_TAG

    network = recorded.network
    pairs = [*zip(network.weights, result.weights, strict=False)]
    pairs += zip(network.biases, result.biases, strict=False)
    then_skip, now_skip = network.shortcuts, result.shortcuts
    pairs += [(weights, now_skip[name]) for name, weights in then_skip.items() if name in now_skip]
    complete = (len(network.weights), len(network.biases), then_skip.keys()) == (
        len(result.weights),
        len(result.biases),
        now_skip.keys(),
    )
    predictions = recorded.predictions == predictions_json(result, task)
    then, now = recorded.tags.get(OUTCOME_TAG), result.outcome
    metrics = result.numbers()
    different = [key for key in metrics if recorded.metrics.get(key) != metrics[key]]
    different += [
        f"no {key}"
        for key in ("epochs_to_solve", "diverged_at")
        if key in recorded.metrics and key not in metrics
    ]
    solved = f" at step {result.epochs_to_solve}" if result.epochs_to_solve is not None else ""
    outcome = SAME + f": {now}{solved}, {result.epochs_run} epochs run"
    if then != now or different:
        outcome = f"{then} then, {now} now" + (
            f"; {', '.join(different)} differ" if different else ""
        )
    return {
        "curve": _curve(recorded, result),
        "weights": _arrays(pairs) if complete else "another number of layers",
        "predictions": SAME + f": {len(task.targets)} patterns" if predictions else "differ",
        "outcome": outcome,
    }


def _curve(recorded: Recorded, result: NetworkResult) -> str:
    import numpy as np

    if not np.array_equal(recorded.steps, result.steps):
        return f"{len(recorded.steps)} points then, {len(result.steps)} at other steps now"
    differ = np.flatnonzero(recorded.loss.view(np.int64) != result.loss.view(np.int64))
    if not len(differ):
        return SAME + f": {len(result.steps)} points"
    first = differ[0]
    return (
        f"{len(differ)} of {len(result.steps)} points differ, first at step {result.steps[first]}: "
        f"{float(recorded.loss[first])!r} then, {float(result.loss[first])!r} now"
    )


def _arrays(pairs: Sequence[tuple[Any, Any]]) -> str:
    """Compare pairs of arrays by their bytes: NaN equals itself, and 0 differs from -0."""
    import numpy as np

    numbers = sum(now.size for _, now in pairs)
    if any(then.shape != now.shape or then.dtype != now.dtype for then, now in pairs):
        return "different shapes or types"
    if all(then.tobytes() == now.tobytes() for then, now in pairs):
        return SAME + f": {numbers} numbers"
    with np.errstate(all="ignore"):
        furthest = max(float(np.max(np.abs(then - now), initial=0.0)) for then, now in pairs)
    count = sum(int(np.sum(then != now)) for then, now in pairs)
    return f"{count} of {numbers} numbers differ, by {furthest:.3g} at most"


if __name__ == "__main__":
    leave(main())
