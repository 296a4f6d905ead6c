"""What a record calls its run, and what it says of its configuration."""

from __future__ import annotations

import pytest

from xorlab import configure
from xorlab.networks.spec import spec_of


def test_run_names_tell_runs_apart():
    names = {
        spec_of(configure(f"network.hidden={h}")).name(seed) for seed in (1, 2) for h in (2, 3)
    }
    assert len(names) == 4
    deep = spec_of(configure("task=parity", "network.hidden=[4,4]"))
    assert deep.name(42) == "parity3 h=4-4 lr=0.1 seed=42"


def test_the_recorded_configuration_leaves_out_where_it_was_tracked():
    found = spec_of(configure("tracking.uri=http://me:secret@host")).yaml(42)
    assert "secret" not in found
    assert "tracking" not in found


@pytest.mark.parametrize(
    ("overrides", "name"),
    [
        ("optimizer=rprop seed=3", "xor h=2 rprop seed=3"),
        ("optimizer=adam optimizer.lr=0.01", "xor h=2 adam lr=0.01 seed=42"),
        ("task=symmetry network.hidden=2", "symmetry6 h=2 lr=0.1 seed=42"),
        ("task=encoder network.hidden=3", "encoder8 h=3 lr=0.1 seed=42"),
    ],
)
def test_run_names_tell_optimizers_and_sizes_of_tasks_apart(overrides, name):
    config = configure(*overrides.split())
    assert spec_of(config).name(config.seed) == name
