"""Held-out patterns in reports: curves of both sets, and what the patterns are taken for."""

from __future__ import annotations

import re

import numpy as np
import pytest

import xorlab
from xorlab.commands.report import main as report
from xorlab.failures.confusion import confusion_of
from xorlab.networks.tasks.tasks import make_task
from xorlab.tracking.read.weights import Network

IRIS = (
    "task=dataset",
    "task.standardise=true",
    "task.validation=0.3",
    "task.test=0.3",
    "network.output=softmax",
    "training.loss=categorical_cross_entropy",
    "init=uniform",
    "optimizer=rprop",
    "training.epochs=30",
    "hydra.launcher.executor=inline",
    "tracking.experiment=held_out",
)


def rows_of(page: str, title: str) -> list[list[str]]:
    """The cells of the first table below a heading of a page."""
    table = page[page.index(title) :].partition("</table>")[0]
    return [
        [re.sub(r"<[^>]+>", "", cell).strip() for cell in re.findall(r"<td.*?</td>", row, re.S)]
        for row in table.split("<tr")[2:]
    ]


def by_hand(network):
    """How many held-out patterns of each class a network answers as each, in plain loops."""
    task = make_task(network.config.task)
    patterns = task.validation if task.test is None else task.test
    outputs = xorlab.predict(network.config, network, patterns.inputs)
    counts = np.zeros((3, 3), int)
    for target, output in zip(patterns.targets, outputs, strict=True):
        counts[int(np.argmax(target)), int(np.argmax(output))] += 1
    return counts


def test_reports_show_what_held_out_patterns_are_taken_for(command, store_file, tmp_path):
    ended = command("-m", "seed=range(0,3)", "network.hidden=1,4", "tracking.report=true", *IRIS)
    assert (ended.code, ended.err) == (0, "")
    runs = xorlab.load_runs(experiment="held_out")
    means = runs.groupby("network.hidden")["final_validation_accuracy"].mean()
    best = runs[runs["network.hidden"] == means.idxmax()]
    networks = xorlab.load_weights(best)
    shares = np.mean(
        [(found := by_hand(one)) / found.sum(axis=1)[:, None] for one in networks.values()], axis=0
    )
    (made,) = tmp_path.rglob("report.html")
    page = made.read_text()
    shown = rows_of(page, "What held-out patterns are taken for")
    assert [row[0] for row in shown] == ["setosa", "versicolor", "virginica"]
    assert [row[2:] for row in shown] == [[f"{100 * x:.1f}" for x in row] for row in shares]
    assert "Loss of both sets" in page
    assert "Accuracy of both sets" in page
    assert "was not drawn" not in page

    run_id, network = next(iter(networks.items()))
    assert report([run_id, f"--out={tmp_path}"]) == 0
    page = next(tmp_path.glob("run-*.html")).read_text()
    shown = rows_of(page, "What held-out patterns are taken for")
    assert [row[2:] for row in shown] == by_hand(network).astype(str).tolist()
    assert "of the training set and of the validation set" in page
    assert "Inputs are as they were learned, standardised." in page
    assert "was not drawn" not in page


def test_a_report_of_a_cross_validation_is_of_settings_over_all_folds(
    command, store_file, tmp_path
):
    folds = ("task.fold=range(0,4)", "task.folds=4", "task.validation=0", "task.test=0")
    swept = ("seed=range(0,3)", "network.hidden=1,4", *folds, "tracking.report=true")
    assert command("-m", *IRIS, *swept).code == 0
    runs = xorlab.load_runs(experiment="held_out")
    of_seeds = runs.groupby(["network.hidden", "seed"])["final_validation_accuracy"].mean()
    (made,) = tmp_path.rglob("report.html")
    shown = rows_of(page := made.read_text(), "Which setting generalises best")
    means = [float(row[2].partition(" ")[0]) for row in shown]
    assert [row[:2] for row in shown] == [["1", "12"], ["4", "12"]]
    assert means == pytest.approx([100 * of_seeds[hidden].mean() for hidden in (1, 4)], abs=0.05)
    best = runs[runs["network.hidden"] == (1, 4)[int(np.argmax(means))]]
    counts = [by_hand(one) for one in xorlab.load_weights(best).values()]
    shares = 100 * np.mean([one / one.sum(axis=1)[:, None] for one in counts], axis=0)
    shown = rows_of(page, "What held-out patterns are taken for")
    assert [row[1] for row in shown] == ["12.5"] * 3  # on average: 150 patterns in 4 folds
    assert [row[2:] for row in shown] == [[f"{x:.1f}" for x in row] for row in shares]


@pytest.mark.parametrize(
    ("task", "names"),
    [
        ("task=two_spirals task.test=0.25", ["0", "1"]),
        ("task=two_spirals", None),
        ("task=dataset task.name=diabetes task.test=0.25 network.output=linear", None),
    ],
)
def test_outputs_that_are_near_one_of_two_codes_are_two_classes(task, names):
    config = xorlab.configure(*task.split(), "training.epochs=3", "training.target_loss=1e-9")
    result, patterns = xorlab.train(config), make_task(config.task)
    found = confusion_of(Network(config, result.weights, result.biases), patterns)
    assert (found and found[1]) == names
    if found:
        outputs = xorlab.predict(config, result, patterns.test.inputs)
        right = ((outputs > 0.5) == (patterns.test.targets > 0.5)).sum()
        assert np.trace(found[2]) == right
        assert found[2].sum() == len(patterns.test.inputs)
