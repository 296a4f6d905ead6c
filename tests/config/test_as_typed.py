"""Configurations as the overrides that make them."""

from __future__ import annotations

import shlex

import pytest

import xorlab
from xorlab.config.as_typed import typed_overrides
from xorlab.networks.identity import identity_params
from xorlab.networks.trainer import TRAINER


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("network.hidden=[4,4]", "training.epochs=5"),
        ("network.hidden=[]", "training.stop_when_solved=true"),
        ("optimizer=adam", "optimizer.lr=0.5", "seed=3"),
        ("task=table", 'task.path="my \\"new, table\\" = (1).csv"', "task.inputs=[a,'b c']"),
    ],
)
def test_the_overrides_make_the_same_configuration_and_name_nothing_usual(overrides):
    values = identity_params(xorlab.configure(*overrides))
    typed = shlex.split(typed_overrides(TRAINER.schema, values))
    assert identity_params(xorlab.configure(*typed)) == values
    assert len(typed) == len(overrides)
