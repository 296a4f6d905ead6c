"""Names of runs: they tell the runs of a sweep apart, and begin with what differs."""

from __future__ import annotations

from pathlib import Path

import pytest

import xorlab
from xorlab.networks.trainer import TRAINER

SHORT = ("seed=0,1", "training.record_every=1", "hydra.launcher.executor=inline")
ROWS = "0,0,0\n0,1,1\n1,0,1\n1,1,{}\n"


@pytest.mark.slow
def test_keys_that_differ_and_are_not_in_the_label_come_first(store_file):
    axes = "init=he,glorot", "network.activation=tanh,relu", "training.epochs=3,5"
    runs = xorlab.sweep(*axes, "training.loss=half_sse,half_mse", *SHORT)
    assert runs["name"].is_unique
    assert len(runs) == 32
    assert "activation=tanh init=he loss=half_sse epochs=3 xor h=2 lr=0.1 seed=1" in {*runs["name"]}


@pytest.mark.slow
def test_tables_are_told_apart_and_what_the_label_says_is_not_said_twice(store_file):
    for name in ("a", "b"):
        Path(f"{name}.csv").write_text(ROWS.format(int(name == "a")))
    runs = xorlab.sweep("task=table", "task.path=./a.csv,b.csv", "training.epochs=3", *SHORT)
    assert runs["name"].tolist() == [
        f"path={name}.csv table h=2 lr=0.1 seed={seed}" for name in "ab" for seed in (0, 1)
    ]
    runs = xorlab.sweep("task=and,or", "optimizer.lr=1,2", "training.epochs=3", *SHORT)
    assert {*runs["name"]} == {
        f"{task} h=2 lr={lr} seed={seed}"
        for task in ("and", "or")
        for lr in (1, 2)
        for seed in (0, 1)
    }


@pytest.mark.parametrize(
    ("task", "axes", "label"),
    [
        (("task=table", "task.path=data/iris.csv"), (), "iris.csv"),
        (("task=table", "task.path=data/iris.csv"), ("task.path",), "table"),
        (("task=parity", "task.bits=4"), (), "parity4"),
        (("task=parity", "task.bits=4"), ("task.bits",), "parity"),
        (("task=dataset", "task.name=wine"), ("seed",), "wine"),
        ((), ("task",), ""),
    ],
)
def test_a_sweep_is_named_after_its_task_or_its_file(task, axes, label):
    assert TRAINER.sweep_label(xorlab.configure(*task), axes) == label
