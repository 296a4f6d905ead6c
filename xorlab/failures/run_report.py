"""The page of one recorded run: why it ended as it did, and what other seeds did."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from xorlab.analysis.figures.style import decision_surface, learning_curve, new_axes, png
from xorlab.analysis.figures.weights import weight_matrices
from xorlab.analysis.report.run_page import Table, run_page
from xorlab.analysis.statistics.convergence import convergence
from xorlab.errors import ConfigError, StoreError
from xorlab.failures.diagnose import diagnose
from xorlab.failures.explanations import EXPLANATIONS
from xorlab.networks.config import RIGHT_SIDE
from xorlab.networks.criterion import error_limit
from xorlab.networks.identity import SETTING_KEYS
from xorlab.networks.tasks.tasks import Task, make_task
from xorlab.networks.train import predict
from xorlab.tracking.read.runs import load_curves
from xorlab.tracking.read.weights import Network, load_weights
from xorlab.trainers.result import DIVERGED, SOLVED

_MOST_PATTERNS = 64
# The numbers of a diagnosis that a reader of one run needs, with what each says.
_NUMBERS = {
    "loss_minimised": "what training minimises, at the end",
    "gradient_norm": "length of its gradient: near 0 where the surface is flat",
    "smallest_eigenvalue": "of the Hessian: below 0 where the surface falls away in some direction",
    "largest_eigenvalue": "of the Hessian: the steepest curvature",
    "fall_ahead": "share of the loss that a descent from here removes: near 0 at a minimum",
    "saturation": "share of (hidden unit, pattern) pairs on a flat part of the activation",
    "stuck_outputs": "share of the wrong outputs on a flat part of theirs",
    "identical_units": "hidden units that equal another one",
    "wrong_patterns": "patterns with an output outside the tolerance",
    "recent_change": "share by which the loss fell in the last half of the epochs",
}


def run_report(run: pd.Series, runs: pd.DataFrame, facts: Mapping[str, str]) -> bytes:
    """The page.

    Args:
        run: a row of ``runs``, with an outcome.
        runs: from `xorlab.load_runs`: the run's experiment, where other seeds are looked for.
        facts: where the run comes from, by name.

    Returns:
        an HTML page that opens offline, UTF-8.

    Raises:
        StoreError: the run's weights or configuration cannot be read.
    """
    one = runs[runs["run_id"] == run["run_id"]]
    network = load_weights(one)[run["run_id"]]
    task = make_task(network.config.task)
    answer, numbers = _answer(run, one)
    tables = [_predictions(network, task, run), *numbers, _others(run, runs), _terms()]
    return run_page(str(run["name"]), answer, facts, _figures(run, network, task, one), tables)


def _answer(run: pd.Series, one: pd.DataFrame) -> tuple[list[str], list[Table]]:
    """How the run ended and why, and the numbers behind it."""
    if run["outcome"] == SOLVED:
        return [f"Solved at step {run['epochs_to_solve']:,.0f}."], []
    at = f"{run['epochs_run']:,.0f} epochs"
    ended = f"Diverged after {at}" if run["outcome"] == DIVERGED else f"Not solved in {at}"
    try:
        found = diagnose(one).iloc[0]
    except (ConfigError, StoreError) as error:
        return [f"{ended}.", f"Why is not known: {error}"], []
    explanation = EXPLANATIONS[str(found["failure"])]
    rows = [
        [name, f"{found[name]:.4g}", meaning]
        for name, meaning in _NUMBERS.items()
        if pd.notna(found[name])
    ]
    numbers = [Table("Where it ended", rows, wraps=True)] if rows else []
    return [f"{ended}: {found['failure']}.", explanation.meaning, explanation.advice], numbers


def _figures(run: pd.Series, network: Network, task: Task, one: pd.DataFrame) -> dict[str, bytes]:
    curve = load_curves(one)
    solved = int(run["epochs_to_solve"]) if run["outcome"] == SOLVED else None
    steps, loss = curve["step"].to_numpy(np.int64), curve["loss"].to_numpy(np.float64)
    figures = {
        "The mean squared error over patterns and outputs.": png(
            learning_curve(steps, loss, solved, new_axes())
        )
    }
    if run["outcome"] == DIVERGED:
        return figures
    if task.inputs.shape[1] == 2:
        surface = decision_surface(
            lambda inputs: predict(network.config, network, inputs),
            task.inputs,
            task.targets,
            new_axes(5.4, 4.0),
        )
        figures["The output over the two inputs; squares should be high, circles low."] = png(
            surface
        )
    matrices = weight_matrices(network.weights, network.biases)
    figures["The weights at the end: a column for each unit."] = png(matrices.axes[0])
    return figures


def _predictions(network: Network, task: Task, run: pd.Series) -> Table:
    title = "What it answers"
    if run["outcome"] == DIVERGED:
        return Table(title, text=["Nothing: its outputs are not finite."])
    outputs = predict(network.config, network, task.inputs)
    training = network.config.training
    right = np.all(np.abs(outputs - task.targets) <= error_limit(training, task), axis=1).tolist()
    rows = [
        [_numbers(inputs), _numbers(targets), _numbers(answer), "yes" if good else "no"]
        for inputs, targets, answer, good in zip(
            task.inputs, task.targets, outputs, right, strict=True
        )
    ][:_MOST_PATTERNS]
    left = len(task.inputs) - len(rows)
    text = [f"The first {len(rows)} of {len(task.inputs)} patterns."] if left else []
    met = "right side" if training.criterion == RIGHT_SIDE else f"within {training.tolerance:g}"
    return Table(title, rows, ("inputs", "targets", "outputs", met), text)


def _numbers(values: np.ndarray) -> str:
    return " ".join(f"{value:.3g}" for value in values.tolist())


def _others(run: pd.Series, runs: pd.DataFrame) -> Table:
    """What other seeds of the same setting did, where they are recorded."""
    title = "Other seeds of this setting"
    keys = [key for key in SETTING_KEYS if key in runs]
    mine, theirs = run[keys].astype(str), runs[keys].astype(str)
    same = runs[(theirs == mine).all(axis="columns") & runs["outcome"].notna()]
    if len(same) < 2:
        seeds = "xorlab -m 'seed=range(0,100)', with the same keys, trains them."
        return Table(title, text=[f"None is recorded. {seeds}"])
    row = convergence(same, by=[keys[0]]).iloc[0]
    sentence = (
        f"{row['solved']} of {row['n']} runs are solved: {row['rate']:.0%} "
        f"[{row['rate_low']:.0%} to {row['rate_high']:.0%}, with 95 % confidence]."
    )
    return Table(title, text=[sentence])


def _terms() -> Table:
    rows = [[name, explanation.meaning] for name, explanation in EXPLANATIONS.items()]
    return Table("What the terms mean", rows, wraps=True)
