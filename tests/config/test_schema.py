"""The schema: what is allowed, and how a refusal is worded."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from pathlib import Path

import numpy as np
import pytest

import xorlab
from xorlab.errors import ConfigError, UsageError
from xorlab.networks.config import FIELDS, GROUPS, SCHEMA, Config
from xorlab.networks.rules import check

REFUSED = [
    ("seed=-1", "seed=-1: must be an integer from 0"),
    ("seed=1.5", "seed=1.5: must be an integer"),
    ("seed=luck", "seed=luck: must be an integer"),
    ("seed=null", "seed=null: must be an integer"),
    ("seed=true", "seed=true: must be an integer"),
    ("seed=4294967296", "an integer from 0 to 4294967295"),
    (
        "network.hidden=0",
        "network.hidden=0: must be an integer from 1 to 1024, or a list of up to 16 such, as "
        "[4,4]; [] for no hidden layer",
    ),
    ("network.hidden=-2", "network.hidden=-2: must be"),
    ("network.hidden=2.5", "network.hidden=2.5: must be"),
    ("network.hidden=[3,0]", "network.hidden=[3,0]: must be"),
    ("network.activation=sigmod", "must be one of sigmoid, tanh, relu, leaky_relu, linear"),
    ("network.slope=2", "network.slope=2.0: must be a number between -1 and 1"),
    ("optimizer.lr=0", "optimizer.lr=0.0: must be a finite number > 0"),
    ("optimizer.lr=-0.5", "optimizer.lr=-0.5: must be a finite number > 0"),
    ("optimizer.lr=nan", "optimizer.lr=nan: must be a finite number > 0"),
    ("optimizer.lr=inf", "optimizer.lr=inf: must be a finite number > 0"),
    ("optimizer.lr=fast", "optimizer.lr=fast: must be a finite number > 0"),
    ("optimizer.momentum=1", "optimizer.momentum=1.0: must be a number >= 0 and < 1"),
    ("optimizer.weight_decay=-1", "must be a finite number >= 0"),
    ("training.epochs=0", "training.epochs=0: must be an integer from 1 to 100000000"),
    ("training.epochs=1e12", "training.epochs=1e12: must be an integer from 1 to 100000000"),
    ("training.epochs=1000000000000", "must be an integer from 1 to 100000000"),
    ("training.tolerance=0", "training.tolerance=0.0: must be a number > 0 and < 1"),
    ("training.tolerance=1", "must be a number > 0 and < 1"),
    ("training.target_loss=-1", "must be a number > 0, or null"),
    ("training.record_every=0", "must be an integer >= 1, or null"),
    ("training.stop_when_solved=maybe", "must be true or false"),
    ("tracking.existing=forget", "must be one of skip, rerun, retry"),
    ("task.low=1", "task.low=1.0: must be other than task.high=1.0"),
    ("task.target_low=1", "task.target_low=1.0: must be below task.target_high=1.0"),
    ("task.bits=3", "task.bits=3: must be left out where task=xor"),
    ("init.range=1", "init.range=1: must be left out where init=notebook"),
    ("task.width=4", "task.width=4: must be left out where task=xor; it belongs to task=encoder"),
    ("task=encoder task.bits=3", "it belongs to task=parity or task=symmetry"),
    ("task=encoder task.width=1", "task.width=1: must be an integer from 2 to 128"),
    ("task=symmetry task.bits=null", "task.bits=null: must be an integer from 2 to 12 where task"),
    ("optimizer.beta1=0.5", "must be left out where optimizer=gd; it belongs to optimizer=adam"),
    ("optimizer=rprop optimizer.lr=0.5", "optimizer.lr=0.5: must be left out where optimizer=rp"),
    ("optimizer=adam optimizer.momentum=0.9", "it belongs to optimizer=gd"),
    ("optimizer=adam optimizer.weight_decay=0.1", "to optimizer=gd or optimizer=quickprop"),
    ("optimizer=adam optimizer.lr=null", "must be a finite number > 0 where optimizer=adam"),
    ("optimizer.lr=null", "optimizer.lr=null: must be a finite number > 0 where optimizer=gd"),
    ("optimizer=rprop optimizer.eta_plus=0.9", "must be a finite number >= 1"),
    ("optimizer=rprop optimizer.eta_minus=1", "must be a number > 0 and < 1"),
    ("optimizer=rprop optimizer.delta_0=99", "from optimizer.delta_min=1e-06 to optimizer.delta_"),
    ("optimizer=quickprop optimizer.gradient_term=no", "one of same_sign, always, zero_step"),
    ("optimizer=adam optimizer.beta2=1", "must be a number >= 0 and < 1"),
    ("optimizer=delta_bar_delta optimizer.phi=1", "must be a number > 0 and < 1"),
    ("training.min_gradient=0", "must be a number > 0, or null"),
    ("training.min_loss=0", "must be a number > 0, or null"),
    ("training.patience=0", "training.patience=0: must be an integer from 1 to"),
    ("training.patience=3 training.min_improvement=-1", "must be a finite number >= 0"),
    ("training.criterion=right", "training.criterion=right: must be one of within, right_side"),
    (
        "training.criterion=right_side training.target_loss=0.1",
        "training.target_loss=0.1: must be null where training.criterion=right_side",
    ),
    (
        "training.solved_at_end=true training.stop_when_solved=true",
        "training.stop_when_solved=true: must be false where training.solved_at_end=true",
    ),
    ("network.skip=1.5", "must be true or false"),
    ("network.readout=mean", "must be one of dense, sum"),
    ("network.readout=sum", "network.output=sigmoid: must be linear where network.readout=sum"),
    ("task=encoder network.readout=sum network.output=linear", "dense where the task has 8 outp"),
    ("init=given", "init.weights=null: must be a list of numbers, x and y"),
    ("init=given init.weights=[1,two]", "must be a list of numbers, x and y"),
    ("init=given init.weights=[1,x]", "init.x=null: must be a finite number: init.weights names"),
    ("init=given init.weights=[1] init.y=2", "init.y=2.0: must be left out: no weight"),
    ("init.x=2", "init.x=2: must be left out where init=notebook; it belongs to init=given"),
]


@pytest.mark.parametrize(("override", "message"), REFUSED)
def test_a_wrong_value_is_refused_with_its_key_its_value_and_what_is_allowed(override, message):
    with pytest.raises(ConfigError) as refusal:
        xorlab.configure(*override.split())
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("optimizer.lrr=1", "optimizer.lrr: there is no such key; did you mean optimizer.lr?"),
        ("lr=1", "lr: there is no such key; did you mean optimizer.lr?"),
        ("hidden=3", "did you mean network.hidden?"),
        ("tsk=xor", "tsk: there is no such key; did you mean task?"),
        ("task=xorr", "task=xorr: there is no such choice; did you mean xor?"),
        ("optimizer=adamm", "optimizer=adamm: there is no such choice"),
        ("+speed=1", "speed: there is no such key"),
        ("+task.size=1", "task.size: there is no such key"),
        ("study=first", "add it, as +study=first"),
        ("+study=mine", "Files of your own are found with --config-dir FOLDER"),
        ("hydra.sweeper.parms=1", "did you mean hydra.sweeper.params?"),
        ("hydra.sweeperr=1", "did you mean hydra.sweeper?"),
        ("~optimizer.lr", "optimizer.lr cannot be taken away"),
        ("optimizer.lr=${nowhere}", "nowhere"),
        ("seed", "= is missing"),
        ("seed=[1", "seed=[1"),
    ],
)
def test_what_is_not_known_is_refused_with_the_nearest_that_is(override, message):
    with pytest.raises(UsageError) as refusal:
        xorlab.configure(override)
    assert message in str(refusal.value)


def test_some_values_exclude_one_another():
    with pytest.raises(ConfigError, match=r"network\.output=tanh: must be sigmoid where"):
        xorlab.configure("training.loss=cross_entropy", "network.output=tanh")
    with pytest.raises(ConfigError, match=r"task\.target_high=2\.0: must be from 0 to 1"):
        xorlab.configure("training.loss=cross_entropy", "task.target_high=2")
    with pytest.raises(ConfigError, match=r"training\.record_every=1: must be at least 10"):
        xorlab.configure("training.record_every=1", "training.epochs=10000000")


def test_a_configured_run_is_what_the_overrides_say():
    config = xorlab.configure("network.hidden=[4,4]", "task=parity", "optimizer.lr=1e-1", "seed=7")
    assert (config.hidden, config.task.name, config.task.bits) == ((4, 4), "parity", 3)
    assert (config.optimizer.lr, config.seed) == (0.1, 7)


def test_the_composed_default_is_the_schemas_default():
    assert xorlab.configure() == Config()


@pytest.mark.parametrize("group", ["task", "init", "optimizer"])
def test_a_choice_comes_with_its_own_keys_and_their_defaults_alone(group):
    for name in GROUPS[group]:
        kind = SCHEMA.groups[group].choices()[name]
        if name not in ("table", "proben1", "given"):
            assert getattr(xorlab.configure(f"{group}={name}"), group) == kind()
        for item in dataclasses.fields(kind):
            if item.default is not None:
                assert item.metadata["check"](item.default), (name, item.name)


def test_every_choice_can_be_made_by_its_name_alone():
    for group in ("task", "init", "optimizer"):
        for name in GROUPS[group]:
            if name not in ("table", "proben1", "given"):
                assert getattr(xorlab.configure(f"{group}={name}"), group).choice_name == name


def test_a_sum_of_a_table_with_several_targets_is_refused_when_it_is_read(tmp_path):
    path = tmp_path / "two.npz"
    np.savez(path, inputs=np.eye(2), targets=np.eye(2))
    config = xorlab.configure(
        "task=table", f"task.path={path}", "network.readout=sum", "network.output=linear"
    )
    with pytest.raises(ConfigError, match="dense where the task has 2 outputs"):
        xorlab.train(config)


def test_configurations_do_not_share_what_one_may_change():
    first, second = xorlab.configure(), xorlab.configure()
    first.optimizer.lr = 9.0
    assert second.optimizer.lr == xorlab.configure().optimizer.lr == 0.1


def test_every_file_of_a_study_is_a_preset():
    assert {"first", "hamey1991", "tr_xor"} < set(GROUPS["study"])
    for name in GROUPS["study"]:
        check(xorlab.configure(f"+study={name}"))


def test_every_default_passes_its_own_check():
    check(Config())
    for key, _, _, item in FIELDS:
        assert key in ("task.path", "init.weights") or item.metadata["check"](item.default), key


def test_an_error_survives_being_pickled():
    error = ConfigError("optimizer.lr", -1, "a finite number > 0")
    copied = pickle.loads(pickle.dumps(error))
    assert str(copied) == str(error)
    assert (copied.key, copied.value) == ("optimizer.lr", -1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "this one is empty"),
        ("x,y\n", "this one is empty"),
        ("0,0,0\n0,1\n", "line 2 has 2"),
        ("0,0,0\n0,one,1\n", "line 2, column 2 is 'one'"),
        ("0,0,0\n0,nan,1\n", "inputs, line 2, column 2 is nan"),
        ("0,0,0\n0,1,inf\n", "targets, line 2, column 1 is inf"),
        ("0,nan,0\n0,nan,1\n", "inputs, line 1, column 2 is nan; 2 cells in all"),
        ("1\n2\n", "more than 1 columns"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_place(content, message, tmp_path: Path, command):
    path = tmp_path / "table.csv"
    path.write_text(content)
    result = command("task=table", f"task.path={path}")
    assert result.code == 2
    assert "task.path" in result.err
    assert message in result.err
    assert not (tmp_path / "mlflow.db").exists()


def test_a_table_that_is_not_there_is_refused(command, tmp_path):
    result = command("task=table", "task.path=nowhere.csv")
    assert (result.code, result.out) == (2, "")
    assert f"an existing file (looked for {tmp_path}/nowhere.csv)" in result.err
    (tmp_path / "data" / "somewhere.csv").mkdir(parents=True)
    for path, hint in (
        ("data/somewere.csv", "; did you mean data/somewhere.csv?"),
        ("data", "a file (this is a folder; name a file in it)"),
    ):
        assert command("task=table", f"task.path={path}").err.endswith(f"{hint}\n")


def test_a_copy_of_a_configuration_is_equal_and_apart():
    config = Config()
    other = copy.deepcopy(config)
    assert other == config
    other.optimizer.lr = 9.0
    assert other != config
