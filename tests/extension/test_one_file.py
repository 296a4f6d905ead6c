"""Extending xorlab is dropping one file into a package: from the command line to the report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import xorlab
from tests.conftest import ROOT

ADDED = {
    "optimizers/sign_step.py": """
from __future__ import annotations
from dataclasses import dataclass
from xorlab.config.fields import is_positive, key
from xorlab.networks.optimizers.optimizer import Optimizer


@dataclass
class SignStep(Optimizer, name="sign_step"):
    size: float = key(0.01, "length of a step", "a number > 0", "optimizer=sign_step", is_positive)

    def values(self):
        return {"rate": 1.0, "size": self.size}

    @staticmethod
    def emit(update):
        import numpy as np

        update.program.emit(np.sign, update.step, update.step)
        update.program.emit(np.multiply, update.step, update.values["size"], update.step)
        update.program.emit(np.add, update.parameters, update.step, update.parameters)
""",
    "tasks/majority.py": """
from __future__ import annotations
from dataclasses import dataclass
from xorlab.networks.tasks.task_config import BooleanTask


@dataclass
class Majority(BooleanTask, name="majority"):
    def inputs(self):
        return 3

    @staticmethod
    def truth(cube):
        return cube.sum(axis=1) > 1
""",
    "initializers/halves.py": """
from __future__ import annotations
from dataclasses import dataclass
from xorlab.networks.initializers.initializer import Initializer, between


@dataclass
class Halves(Initializer, name="halves"):
    def draw_weights(self, rng, layer):
        return between(rng, 0.5, (layer.fan_in, layer.fan_out))
""",
    "activations/gentle.py": '''
from __future__ import annotations
from xorlab.networks.activations.activation import Activation


class Gentle(Activation, name="gentle"):
    """z / (1 + |z|); its slope is (1 - |a|)^2."""

    bounded = True
    keeps = True

    @staticmethod
    def apply(program, z, slope, kept):
        import numpy as np

        program.emit(np.abs, z, kept)
        program.emit(np.add, kept, program.constant(1.0), kept)
        program.emit(np.divide, z, kept, z)

    @staticmethod
    def backward(program, a, delta, product, slope, kept):
        import numpy as np

        program.emit(np.multiply, kept, kept, kept)
        program.emit(np.divide, delta, kept, a)
''',
    "losses/double_sse.py": """
from __future__ import annotations
from xorlab.networks.losses.loss import Loss


class DoubleSse(Loss, name="double_sse"):
    @staticmethod
    def value(y, t):
        return float(((t - y) ** 2).sum())

    @staticmethod
    def scale(patterns, outputs):
        return 2.0
""",
}


@pytest.fixture(scope="module")
def extended(tmp_path_factory) -> Path:
    """A copy of the packages, with five files more."""
    folder = tmp_path_factory.mktemp("extended")
    for name in ("xorlab", "hydra_plugins", "conf"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name, content in ADDED.items():
        (folder / "xorlab" / "networks" / name).write_text(content)
    return folder


def run(folder: Path, *arguments: str) -> str:
    ended = subprocess.run(
        [sys.executable, "-m", "xorlab", *arguments],
        env=os.environ | {"PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stderr) == (0, ""), ended.stderr
    return ended.stdout


def test_one_file_is_in_the_help(extended):
    printed = run(extended, "--help")
    assert "lbfgs, scg, levenberg_marquardt, sign_step\n" in printed
    assert "encoder, table, dataset, two_spirals, proben1, majority\n" in printed
    assert "nguyen_widrow, given, halves\n" in printed
    assert (
        "one of half_sse, half_mse, cross_entropy, categorical_cross_entropy, double_sse" in printed
    )
    assert "relu, leaky_relu, linear, abs, softsign, gentle" in printed
    assert "  optimizer.size  (default: 0.01 where optimizer=sign_step)" in printed


def test_one_file_is_swept_recorded_and_reported(extended, store_file):
    printed = run(
        extended,
        "-m",
        "seed=1,2",
        "task=majority",
        "init=halves",
        "optimizer=gd,sign_step",
        "network.activation=gentle",
        "training.loss=half_sse,double_sse",
        "training.epochs=20",
        "hydra.launcher.executor=inline",
    )
    assert "8 runs in" in printed
    runs = xorlab.load_runs()
    assert len(runs) == 8
    assert set(runs["task"]) == {"majority"}
    assert set(runs["init"]) == {"halves"}
    assert set(runs["optimizer.size"].dropna()) == {0.01}
    assert set(runs["training.loss"]) == {"half_sse", "double_sse"}
    (report,) = [
        Path(line.partition(": ")[2])
        for line in printed.splitlines()
        if line.startswith("Open the report: ")
    ]
    page = report.read_text()
    assert "sign_step" in page
    assert "double_sse" in page
