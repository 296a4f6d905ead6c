"""Identity: what makes two runs the same run."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest
from hypothesis import given, settings

from tests.helpers.strategies import shapes
from xorlab import configure, train_many
from xorlab.networks.config import Config
from xorlab.networks.identity import identity_params, setting_params
from xorlab.networks.rules import check
from xorlab.networks.spec import run_key, spec_of


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
        ([], ["network.readout=dense", "network.skip=false", "training.min_gradient=null"]),
        ([], ["training.min_loss=null", "training.patience=null", "training.min_improvement=1"]),
        ([], ["training.criterion=within", "training.solved_at_end=false"]),
    ],
)
def test_spelling_order_and_tracking_do_not_count(one, other):
    assert run_key(configure(*one)) == run_key(configure(*other))


@pytest.mark.parametrize(
    "override",
    ["seed=1", "network.hidden=3", "optimizer.lr=0.2", "training.epochs=9", "task=and",
     "init=glorot", "training.dtype=float32", "training.stop_when_solved=true", "task.low=-1",
     "network.skip=true", "training.min_gradient=0.1", "optimizer=rprop", "task=symmetry",
     "training.min_loss=0.1", "training.patience=3", "training.criterion=right_side",
     "training.solved_at_end=true"],
)  # fmt: skip
def test_whatever_decides_the_outcome_counts(override):
    assert run_key(configure(override)) != run_key(configure())


# Keys of runs that were recorded before later keys came to the schema.
RECORDED = {
    "": "5ea8235c214fc9643214187931cf87c3",
    "seed=7": "c54baaad8bf5c6ceb1f0f2825ba421f3",
    "task=parity task.bits=4 network.hidden=[4,4]": "d75b8e1cd5fec68a996ec75d5ea2b25b",
    "init=uniform init.range=0.5 optimizer.momentum=0.9": "ccfd3bbe0e993a819ee0a391115559d0",
    "network.activation=leaky_relu optimizer.weight_decay=1e-4 training.loss=half_mse":
        "5e3d939d8c1fe31aa7ef1b163cf6e8ba",
    "init=normal init.std=0.3 training.update=online training.target_loss=0.01":
        "4bf86b2ef1b8a1ff2ca52e77683ed5ff",
    "task=and init=glorot training.dtype=float32 optimizer.lr=2":
        "371d2be6cbcf1af84d7123653ac69efe",
}  # fmt: skip


@pytest.mark.parametrize("overrides", RECORDED)
def test_runs_that_were_recorded_keep_their_keys(overrides):
    assert run_key(configure(*overrides.split())) == RECORDED[overrides]


@settings(max_examples=15)
@given(shapes())
def test_nothing_changes_a_configuration_that_is_used(config):
    before = asdict(config)
    check(config)
    spec = spec_of(config)
    assert spec.key(3) != spec.key(4)
    assert {type(spec.params(3)), type(spec.yaml(3)), type(spec.name(3))} == {dict, str}
    train_many([config])
    assert asdict(config) == before


def test_how_much_is_an_improvement_counts_where_improvements_are_counted():
    patient = "training.patience=3"
    assert run_key(configure(patient)) != run_key(configure(patient, "training.min_improvement=1"))
    assert run_key(configure(patient)) == run_key(configure(patient, "training.min_improvement=0"))


def test_a_later_option_that_is_not_used_is_not_recorded():
    keys = {"training.min_improvement", "training.criterion", "training.solved_at_end"}
    assert not keys & set(identity_params(configure("training.min_improvement=0.1")))


def test_keys_of_choices_not_made_are_no_part_of_a_run():
    values = identity_params(configure("optimizer=rprop"))
    mine = {name for name in values if name.startswith("optimizer")}
    steps = {f"optimizer.{name}" for name in ("eta_plus", "eta_minus", "delta_0")}
    assert mine == {"optimizer", "optimizer.delta_max", "optimizer.delta_min"} | steps


def test_the_key_is_the_same_in_another_process():
    code = (
        "from xorlab.networks.spec import run_key; from xorlab import configure; "
        "print(run_key(configure('seed=5')))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == run_key(configure("seed=5"))


def test_a_setting_is_a_configuration_without_its_seed():
    assert setting_params(Config(seed=1)) == setting_params(Config(seed=2))
    assert "seed" not in setting_params(Config())


def test_a_table_counts_by_its_content(tmp_path):
    paths = [tmp_path / name for name in ("a.csv", "b.csv", "c.csv")]
    for path, content in zip(paths, ("0,1\n", "0,1\n", "1,1\n"), strict=True):
        path.write_text(content)
    same, too, other = (run_key(configure("task=table", f"task.path={path}")) for path in paths)
    assert same == too != other


@given(config=shapes())
def test_science_is_flat_and_plain(config):
    values = identity_params(config)
    assert json.loads(json.dumps(values)) == values
    assert not any(name.startswith("tracking") for name in values)
