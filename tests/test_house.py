"""The house: imports point one way, one room knows MLflow, and files stay short."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from tests.conftest import ROOT

SOURCES = sorted((ROOT / "xorlab").rglob("*.py"))
# Rooms from the top down: each may import those at its own height or below.
HEIGHTS = {
    "__main__": 6, "app": 6, "report": 5, "single": 5, "sweep": 5, "composition": 4, "usage": 4,
    "diagnosis": 4, "failure_report": 4,
    "tracking": 3, "analysis": 2, "training": 2, "trainer": 2, "batch": 2,
    "landscapes": 2, "grid": 2, "memory": 2,
    "network": 1, "parameters": 1, "program": 1, "tasks": 1, "table_file": 1, "initializers": 1,
    "activations": 1, "losses": 1, "optimizers": 1, "schedule": 1, "result": 1,
    "derivatives": 1, "curvature": 1, "downhill": 1,
    "identity": 1, "provenance": 1, "environment": 1, "targets": 1, "machine": 1,
    "user_folder": 5, "repeat": 5, "outbox": 5, "command": 1, "help": 1, "syntax": 1,
    "sweep_keys": 0, "checks": 1, "plane": 1,
    "archive": 1, "interrupts": 0, "quiet": 0,
    "choices": 0, "config": 0, "keys": 0, "errors": 0, "credentials": 0,
}  # fmt: skip


def room(path: Path) -> str:
    parts = path.relative_to(ROOT / "xorlab").with_suffix("").parts
    return parts[0]


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_point_one_way(path):
    if room(path) == "__init__":
        return
    for name in imported(path):
        if name.startswith("xorlab."):
            other = name.split(".")[1]
            assert HEIGHTS[other] <= HEIGHTS[room(path)], f"{path.name} imports {name}"


def test_only_tracking_imports_mlflow():
    knowing = {
        room(path) for path in SOURCES if any(n.startswith("mlflow") for n in imported(path))
    }
    assert knowing == {"tracking"}


def test_analysis_and_mathematics_know_nothing_of_hydra():
    for path in SOURCES:
        if HEIGHTS.get(room(path), 9) <= 3:
            assert not any(name.startswith(("hydra", "omegaconf")) for name in imported(path)), path


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= 300


def test_nothing_is_unpickled_evaluated_or_drawn_from_a_global_generator():
    for path in SOURCES:
        text = path.read_text()
        for word in (
            "pickle.load",
            "eval(",
            "exec(",
            "np.random.seed",
            "allow_pickle=True",
            "os.chdir",
        ):
            assert word not in text, (path, word)
