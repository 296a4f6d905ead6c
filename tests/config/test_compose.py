"""Composition: what Hydra itself would compose, errors included."""

from __future__ import annotations

import random

import pytest
from hydra._internal.config_loader_impl import ConfigLoaderImpl

from tests.helpers.overrides import (
    compose_with_hydra,
    draw,
    make_loader,
    outcome,
    same_outcome,
)
from xorlab.config.compose import Composer
from xorlab.networks.config import SCHEMA


@pytest.fixture(scope="module")
def loader() -> ConfigLoaderImpl:
    return make_loader()


def test_override_sets_compose_as_hydra_composes_them(loader):
    """`make fuzz` tries a thousand."""
    composer, rng = Composer(SCHEMA, loader), random.Random(7)
    good = bad = 0
    for _ in range(50):
        overrides = draw(rng)
        ours = outcome(composer.compose, overrides)
        hydras = outcome(lambda some: compose_with_hydra(loader, some), overrides)
        assert same_outcome(ours, hydras), overrides
        good, bad = good + isinstance(ours, str), bad + isinstance(ours, tuple)
    assert good > 15
    assert bad > 10


def test_composing_does_not_remember_the_last_overrides(loader):
    composer = Composer(SCHEMA, loader)
    before = composer.compose([])
    composer.compose(["seed=9", "optimizer.lr=0.9", "network.hidden=[3,3]"])
    with pytest.raises(Exception, match="seed"):
        composer.compose(["optimizer.lr=0.9", "seed=x"])
    assert composer.compose([]) == before
