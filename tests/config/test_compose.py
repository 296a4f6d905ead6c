"""Composition: what Hydra itself would compose, errors included, for a thousand override sets."""

from __future__ import annotations

import random

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode
from omegaconf import open_dict

from xorlab.config.compose import (
    CONFIG_NAME,
    Composer,
    config_directory,
    from_omegaconf,
    register_schema,
)

VALUES = {
    "seed": ["1", "17", "-4", "1.5", "x", "null", "${training.epochs}", "'3'", "0x10", "???"],
    "network.hidden": ["2", "[4,4]", "[]", "'3'", "{a: 1}", "null", "3.5", "[1,[2]]"],
    "network.activation": ["tanh", "relu", "'linear'", "3", "null", "${network.output}"],
    "optimizer.lr": [
        "0.1",
        "1e-1",
        "1",
        "nan",
        "inf",
        "abc",
        "null",
        "[1]",
        "${optimizer.momentum}",
    ],
    "optimizer.momentum": ["0.9", "0", "true"],
    "training.epochs": ["10", "1e3", "1e12", "10.0", "${seed}"],
    "training.stop_when_solved": ["true", "false", "1", "yes", "maybe"],
    "training.target_loss": ["null", "0.1", "a b"],
    "tracking.uri": ["null", "http://localhost:5000", "'sqlite:///a b.db'", "${oc.env:HOME}"],
    "tracking.experiment": ["a", "a-b", "3", "null"],
    "task.low": ["-1", "0.5", "x"],
    "task.width": ["4", "null", "wide"],
    "init.weights": ["[1,-2.5,x]", "null", "3", "['y',1e-3]", "[]"],
    "init.x": ["1", "0.5", "[1]"],
}
GROUPS = [
    "task=and",
    "task=parity",
    "task=nope",
    "init=glorot",
    "init=uniform",
    "init=normal",
    "init=given",
    "+study=first",
    "optimizer=gd",
    "optimizer=rprop",
    "task=encoder",
    "optimizer={name: gd, lr: 3}",
    "+task=xor",
    "~task",
    "hydra/launcher=basic",
    "hydra.job.name=other",
]
ODD = [
    "+new=1",
    "++seed=5",
    "+seed=5",
    "~seed",
    "~optimizer.lr",
    "++optimizer.extra=2",
    "nope=1",
    "optimizer.nope=2",
    "optimizer={lr: 0.7}",
    "task={low: -1, high: 2}",
    "network@other=dense",
]


def override_sets(count: int) -> list[list[str]]:
    rng = random.Random(7)
    sets = []
    for _ in range(count):
        overrides = []
        for key in rng.sample(list(VALUES), rng.randint(0, 4)):
            choices = VALUES[key]
            # Mostly good values, so that most sets get past their first override.
            value = choices[0] if rng.random() < 0.6 else rng.choice(choices)
            overrides.append(f"{key}={value}")
        if rng.random() < 0.4:
            overrides.append(rng.choice(GROUPS))
        if rng.random() < 0.2:
            overrides.append(rng.choice(ODD))
        rng.shuffle(overrides)
        sets.append(overrides)
    return sets


@pytest.fixture(scope="module")
def loader() -> ConfigLoaderImpl:
    register_schema()
    path = create_config_search_path(f"file://{config_directory()}")
    return ConfigLoaderImpl(config_search_path=path)


def outcome(compose, overrides):
    """A configuration, or the error that composing it raises, spelt out."""
    try:
        return repr(compose(overrides))  # as text, in which nan equals nan
    except Exception as error:
        return type(error).__name__, str(error), str(error.__cause__)


def test_a_thousand_override_sets_compose_as_hydra_composes_them(loader):
    composer = Composer(loader)

    def by_hydra(overrides):
        cfg = loader.load_configuration(CONFIG_NAME, list(overrides), run_mode=RunMode.RUN)
        with open_dict(cfg):
            cfg.pop("hydra")
        return from_omegaconf(cfg)

    good = bad = 0
    for overrides in override_sets(1000):
        ours, theirs = outcome(composer.compose, overrides), outcome(by_hydra, overrides)
        # An override that cannot be parsed is told alone here, among all of them there.
        if isinstance(theirs, tuple) and theirs[0] == "OverrideParseException":
            assert ours[0] == theirs[0], overrides
        else:
            assert ours == theirs, overrides
        good, bad = good + (not isinstance(ours, tuple)), bad + isinstance(ours, tuple)
    assert good > 300
    assert bad > 200


def test_composing_does_not_remember_the_last_overrides(loader):
    composer = Composer(loader)
    before = composer.compose([])
    composer.compose(["seed=9", "optimizer.lr=0.9", "network.hidden=[3,3]"])
    with pytest.raises(Exception, match="seed"):
        composer.compose(["optimizer.lr=0.9", "seed=x"])
    assert composer.compose([]) == before
