"""The page of one recorded run: why it ended as it did, and what other seeds did."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.counts import counted
from xorlab.analysis.figures.held_out import ACCURACIES, LOSSES, both_sets
from xorlab.analysis.figures.picture import WIDTH, Picture
from xorlab.analysis.figures.style import decision_surface, learning_curve, new_axes
from xorlab.analysis.figures.weights import weight_matrices
from xorlab.analysis.report.html import Origin
from xorlab.analysis.report.run_page import OTHER_SEEDS, other_seeds, run_page
from xorlab.analysis.report.section import Section
from xorlab.config.as_typed import typed_overrides, unusual_keys
from xorlab.config.identity import RunKeys
from xorlab.config.values import as_texts, flat
from xorlab.errors import ConfigError, StoreError
from xorlab.failures.advice import advice_on
from xorlab.failures.diagnose import diagnose
from xorlab.failures.explanations import EXPLANATIONS
from xorlab.failures.recorded_task import recorded_task
from xorlab.failures.run_answers import answers
from xorlab.networks.config import Config
from xorlab.networks.identity import identity_params, run_keys
from xorlab.networks.spec import spec_of
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import predict
from xorlab.networks.trainer import TRAINER
from xorlab.tracking.read.runs import load_curves
from xorlab.tracking.read.weights import Network, load_weights
from xorlab.trainers.result import DIVERGED, SOLVED

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


def run_report(
    run: pd.Series, runs: pd.DataFrame, origin: Origin, table: str | None = None
) -> bytes:
    """The page.

    Args:
        run: a row of ``runs``, with an outcome.
        runs: from `xorlab.load_runs`: the run's experiment, where other seeds are looked for.
        origin: where the run comes from.
        table: digest of the file that its patterns were read from, as recorded; None for none.

    Returns:
        an HTML page that opens offline, UTF-8.

    Raises:
        StoreError: the run's weights or configuration cannot be read.
    """
    one = runs[runs["run_id"] == run["run_id"]]
    network = load_weights(one)[run["run_id"]]
    task, trouble = _patterns(network, run)
    answer, numbers = _answer(run, one, network, task)
    sections = [
        _configured(network.config, task),
        _others(run, runs, network, table),
        *_predictions(network, task, run, trouble),
        *numbers,
        *([] if run["outcome"] == SOLVED else [_terms()]),
    ]
    return run_page(str(run["name"]), answer, origin, _figures(run, network, task, one), sections)


def _configured(config: Config, task: Task | None) -> Section:
    """What differs from the defaults, and the rest folded away; how a table was understood."""
    values = identity_params(config)
    unusual = unusual_keys(TRAINER.schema, values)
    rows = [[key, text] for key, text in as_texts(values).items()]
    own = [row for row in rows if row[0] in unusual]
    rest = [row for row in rows if row[0] not in unusual]
    text = [] if own else ["Every key has its default."]
    if task is not None and task.understood is not None:
        text.append(f"Table {task.understood}.")
    return Section("How it was configured", text, ("key", "value"), own, more=rest)


def _patterns(network: Network, run: pd.Series) -> tuple[Task | None, str]:
    """What the run was trained on; None where it is no longer there, and why."""
    try:
        return recorded_task(network, str(run["key"])), ""
    except ConfigError as error:
        return None, f"{error}."


def _answer(
    run: pd.Series, one: pd.DataFrame, network: Network, task: Task | None
) -> tuple[list[str], list[Section]]:
    """How the run ended and why, and the numbers behind it."""
    if run["outcome"] == SOLVED:
        return [f"Solved at step {run['epochs_to_solve']:,.0f}."], []
    epochs, outcome = int(run["epochs_run"]), str(run["outcome"])
    at = counted(epochs, "epoch")
    ended = f"Diverged after {at}" if outcome == DIVERGED else f"Not solved in {at}"
    try:
        found = diagnose(one).iloc[0]
    except (ConfigError, StoreError) as error:
        said = advice_on(network.config, task, None, outcome, epochs)
        return [f"{ended}.", f"Why is not known: {error}.", *said.rules, *said.steps], []
    failure = str(found["failure"])
    rows = [
        [name, f"{found[name]:.4g}", meaning]
        for name, meaning in _NUMBERS.items()
        if pd.notna(found[name])
    ]
    header = ("number", "value", "what it says")
    numbers = [Section("Where it ended", (), header, rows, wraps=True)] if rows else []
    said = advice_on(network.config, task, failure, outcome, epochs)
    return [f"{ended}: {failure}.", said.meaning, *said.rules, *said.steps], numbers


def _figures(
    run: pd.Series, network: Network, task: Task | None, one: pd.DataFrame
) -> list[Picture]:
    curve = load_curves(one)
    solved = int(run["epochs_to_solve"]) if run["outcome"] == SOLVED else None
    steps, loss = curve["step"].to_numpy(np.int64), curve["loss"].to_numpy(np.float64)
    figures = [
        Picture(
            "loss.png",
            "The mean squared error over patterns and outputs.",
            lambda: learning_curve(steps, loss, solved, new_axes(WIDTH, 3.6)),
        )
    ]
    for what, names in (("loss", LOSSES), ("accuracy", ACCURACIES)):
        if all(name in one and one[name].notna().any() for name in [*names.values()][1:]):
            curves = {name: load_curves(one, name) for name in names.values()}
            caption = f"The {what} of the training set and of the validation set."
            draw = partial(_both, one, curves, names, f"{what.capitalize()} of both sets")
            figures.append(Picture(f"validation_{what}.png", caption, draw))
    if run["outcome"] == DIVERGED:
        return figures
    if task is not None and task.inputs.shape[1] == 2:
        figures.append(
            Picture(
                "surface.png",
                "The output over the two inputs: it should be high at the squares, and low at the "
                "circles.",
                lambda: decision_surface(
                    lambda inputs: predict(network.config, network, inputs),
                    task.inputs,
                    task.targets,
                    new_axes(WIDTH, 3.6),
                ),
            )
        )
    caption = "The weights at the end: a column for each unit, a row for what feeds it."
    matrices = lambda: weight_matrices(network.weights, network.biases)  # noqa: E731
    return [*figures, Picture("weights.png", caption, matrices)]


def _both(
    one: pd.DataFrame, curves: Mapping[str, pd.DataFrame], names: Mapping[str, str], title: str
) -> Axes:
    ax = both_sets(one, curves, names, ax=new_axes(WIDTH, 3.6))
    ax.set_title(title)
    return ax


def _predictions(
    network: Network, task: Task | None, run: pd.Series, trouble: str
) -> list[Section]:
    if run["outcome"] == DIVERGED:
        return [Section("What it answers", ["Nothing: its outputs are not finite."])]
    if task is None:
        return [Section("What it answers", [f"Not known: {trouble}"])]
    return answers(network, task)


def _others(run: pd.Series, runs: pd.DataFrame, network: Network, table: str | None) -> Section:
    """What other seeds of the same setting did, where they are recorded.

    They are found by their keys, so that runs on another version of a table are not among them.
    """
    title = OTHER_SEEDS
    key_of = _keys(network.config, table, str(run["key"]))
    if key_of is None:
        return Section(title, ["They cannot be found: the table has changed since."])
    expected = [key_of(int(seed)) for seed in runs["seed"]]
    other = (runs["key"] == expected) & (runs["key"] != run["key"])
    same = runs[other & runs["outcome"].notna()]
    if same.empty:
        values = {**identity_params(network.config), "seed": Config().seed}
        words = f"-m 'seed=range(0,100)' {typed_overrides(TRAINER.schema, values)}".strip()
        return Section(title, [f"None is recorded. To train them: xorlab {words}"])
    fold = flat(network.config).get("task.fold")
    return other_seeds(same, "" if fold is None else f", on the same fold ({fold}),")


def _keys(config: Config, table: str | None, key: str) -> RunKeys | Callable[[int], str] | None:
    """The keys of the runs of a run's setting; None where they cannot be made again."""
    content: dict[str, object] | None = None
    if table is not None:
        values = flat(config)
        content = {"task.path": table}
        if values.get("task.outputs") is not None:
            content["task.outputs"] = values["task.outputs"]
    recorded = run_keys(identity_params(config), content)
    if recorded(config.seed) == key:
        return recorded
    try:  # the table was read in some other way; as it is now, if it has not changed
        present = spec_of(config).key
    except ConfigError:
        return None
    return present if present(config.seed) == key else None


def _terms() -> Section:
    rows = [[name, explanation.meaning] for name, explanation in EXPLANATIONS.items()]
    return Section("What the classes mean", (), ("class", "meaning"), rows, wraps=True)
