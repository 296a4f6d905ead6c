"""Metrics: a share of right answers is recorded where targets say which answer is right."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xorlab
from xorlab.networks.endings import Endings
from xorlab.networks.metrics import measured
from xorlab.networks.tasks.table import Table

TASKS = {
    "codes": "1.5,0\n2,1\n3,1\n",
    "largest": "1.5,1,0,0\n2,0,0,1\n3,0,1,0\n4,0,1,0\n",
    None: "1.5,0\n2,0.3\n3,1\n",
}
OUTPUTS = {"codes": 1, "largest": 3, None: 1}


@pytest.fixture(scope="module")
def tasks(tmp_path_factory):
    made = {}
    for answer, content in TASKS.items():
        path = tmp_path_factory.mktemp("tables") / "t.csv"
        path.write_text(content)
        made[answer] = Table(path=str(path), outputs=OUTPUTS[answer]).make()
    return made


def ended(task, outputs) -> dict[str, float]:
    """The metrics of one network with these outputs."""
    errors = np.abs(outputs - task.targets)[None]
    ends = Endings(task, errors, (errors**2).mean(axis=(1, 2)), {"predictions": outputs[None]})
    return {name: float(values[0]) for name, values in measured(ends).items()}


@pytest.mark.parametrize("answer", TASKS)
def test_a_table_says_how_its_answers_are_read(answer, tasks):
    assert tasks[answer].answer == answer
    named = ended(tasks[answer], tasks[answer].targets)
    share = "near_targets" if answer is None else "accuracy"
    assert named == {share: 1.0, "final_loss": 0.0, "max_error": 0.0}


@given(outputs=st.lists(st.lists(st.floats(-2, 2), min_size=3, max_size=3), min_size=4, max_size=4))
def test_the_largest_output_answers_for_classes(outputs, tasks):
    task = tasks["largest"]
    right = sum(
        row[own] > max(row[:own] + row[own + 1 :])
        for row, own in zip(outputs, task.targets.argmax(axis=1), strict=True)
    )
    assert ended(task, np.array(outputs))["accuracy"] == right / 4


def test_answering_one_class_always_scores_its_share(tasks):
    task = tasks["largest"]
    assert ended(task, np.tile([0.1, 0.4, 0.2], (4, 1)))["accuracy"] == 0.5
    assert ended(task, np.full((4, 3), 0.5))["accuracy"] == 0  # a tie counts as wrong


def test_each_run_of_a_sweep_has_the_metrics_of_its_own_table(command, store_file, tmp_path):
    paths = {answer: tmp_path / f"{answer}.csv" for answer in ("codes", None)}
    for answer, path in paths.items():
        path.write_text(TASKS[answer])
    ended = command(
        *("-m", "seed=0,1", "task=table", f"task.path={paths['codes']},{paths[None]}"),
        *("training.epochs=5", "hydra.launcher.executor=inline"),
    )
    assert (ended.code, ended.err) == (0, "")
    runs = xorlab.load_runs().set_index("task.path").sort_values("seed")
    for answer, path in paths.items():
        named = runs.loc[str(path), ["accuracy", "near_targets"]].notna()
        assert named["accuracy"].tolist() == [answer is not None] * 2
        assert named["near_targets"].tolist() == [answer is None] * 2
    config = xorlab.configure(
        "seed=0", "task=table", f"task.path={paths[None]}", "training.epochs=5"
    )
    result = xorlab.train(config)
    assert np.isnan(result.accuracy)
    assert result.metrics["near_targets"] == runs.loc[str(paths[None]), "near_targets"].iloc[0]
