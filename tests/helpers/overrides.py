"""Overrides drawn at random, good and bad, and what becomes of composing them."""

from __future__ import annotations

import random
from collections.abc import Callable

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.types import RunMode
from omegaconf import open_dict

from xorlab.config.compose import from_omegaconf
from xorlab.config.directory import config_directory
from xorlab.config.registration import CONFIG_NAME, register_schema
from xorlab.networks.config import SCHEMA, Config

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


def draw(rng: random.Random) -> list[str]:
    """Up to six overrides in any order; about half of such sets compose."""
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
    return overrides


def make_loader() -> ConfigLoaderImpl:
    """Hydra's own loader, over the configuration files of xorlab."""
    register_schema(SCHEMA)
    path = create_config_search_path(f"file://{config_directory()}")
    return ConfigLoaderImpl(config_search_path=path)


def compose_with_hydra(loader: ConfigLoaderImpl, overrides: list[str]) -> Config:
    """What Hydra itself composes, without its own settings."""
    composed = loader.load_configuration(CONFIG_NAME, list(overrides), run_mode=RunMode.RUN)
    with open_dict(composed):
        composed.pop("hydra")
    return from_omegaconf(SCHEMA, composed)


def outcome(compose: Callable[[list[str]], Config], overrides: list[str]) -> str | tuple[str, ...]:
    """The configuration as text, in which nan equals nan; or the error: type, message, cause."""
    try:
        return repr(compose(overrides))
    except Exception as error:
        return type(error).__name__, str(error), str(error.__cause__)


def same_outcome(ours: str | tuple[str, ...], hydras: str | tuple[str, ...]) -> bool:
    """Whether both composed the same, or failed with the same error.

    An override that cannot be parsed is named alone by xorlab, among all of them by Hydra.
    """
    if isinstance(hydras, tuple) and hydras[0] == "OverrideParseException":
        return ours[0] == hydras[0]
    return ours == hydras
