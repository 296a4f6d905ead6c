"""Identity: what makes two runs the same run."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from hypothesis import given

from tests.strategies import shapes
from xorlab import configure
from xorlab.config import Config
from xorlab.identity import run_key, science, setting


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (["optimizer.lr=0.1"], ["optimizer.lr=1e-1"]),
        (["optimizer.lr=1"], ["optimizer.lr=1.0"]),
        (["seed=3", "network.hidden=4"], ["network.hidden=4", "seed=3"]),
        (["network.hidden=[3]"], ["network.hidden=3"]),
        ([], ["task=xor", "optimizer=gd"]),
        ([], ["tracking.uri=http://localhost:1", "tracking.experiment=other", "plan=true"]),
        ([], ["network.slope=0.5"]),
    ],
)
def test_spelling_order_and_tracking_do_not_count(one, other):
    assert run_key(configure(*one)) == run_key(configure(*other))


@pytest.mark.parametrize(
    "override",
    ["seed=1", "network.hidden=3", "optimizer.lr=0.2", "training.epochs=9", "task=and",
     "init=glorot", "training.dtype=float32", "training.stop_when_solved=true", "task.low=-1"],
)  # fmt: skip
def test_whatever_decides_the_outcome_counts(override):
    assert run_key(configure(override)) != run_key(configure())


def test_the_key_is_the_same_in_another_process():
    code = "import xorlab.identity as i, xorlab; print(i.run_key(xorlab.configure('seed=5')))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == run_key(configure("seed=5"))


def test_a_setting_is_a_configuration_without_its_seed():
    assert setting(Config(seed=1)) == setting(Config(seed=2))
    assert "seed" not in setting(Config())


def test_a_table_counts_by_its_content(tmp_path):
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for path, content in zip(paths, ("0,1\n", "0,1\n", "0,2\n"), strict=True):
        path.write_text(content)
    same, too, other = (run_key(configure("task=table", f"task.path={path}")) for path in paths)
    assert same == too != other


@given(config=shapes())
def test_science_is_flat_and_plain(config):
    values = science(config)
    assert json.loads(json.dumps(values)) == values
    assert not any(name.startswith("tracking") for name in values)
