"""Pixels that are trained from columns of values, without a configuration for each."""

from __future__ import annotations

import pytest

from xorlab import configure
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.pixels import train_pixels
from xorlab.networks.trainer import TRAINER


@pytest.mark.parametrize(
    "overrides",
    [
        ("landscape.x=optimizer.momentum", "landscape.y=optimizer.lr"),
        ("landscape.x=optimizer.weight_decay", "landscape.y=weight.3", "training.dtype=float32"),
        ("landscape.x=weight.1", "landscape.y=weight.9", "network.skip=true"),
        ("landscape.x=weight.1", "landscape.y=training.tolerance"),
        ("landscape.x=optimizer.lr", "landscape.y=init.range", "init=uniform"),
        ("landscape.x=optimizer.delta_0", "landscape.y=init.std", "init=normal", "optimizer=rprop"),
        ("landscape.x=optimizer.phi", "landscape.y=optimizer.lr", "optimizer=delta_bar_delta"),
        ("landscape.x=optimizer.beta1", "landscape.y=optimizer.beta2", "optimizer=adam"),
        ("landscape.x=weight.2", "landscape.y=training.target_loss", "training.target_loss=0.1"),
        ("landscape.x=weight.2", "landscape.y=optimizer.mu", "optimizer=quickprop"),
    ],
)
def test_pixels_have_the_bits_of_their_configurations_one_by_one(overrides):
    ends = ("x_low=0.1", "x_high=0.9", "y_low=0.1", "y_high=0.8", "width=5", "height=3")
    window = [f"landscape.{end}" for end in ends]
    stops = ("training.min_gradient=0.01", "training.patience=3")
    grid = Grid(configure(*window, *stops, "training.epochs=20", *overrides))
    plane = grid.configs(range(2, 15))
    together = train_pixels(TRAINER, plane, grid.data)
    assert not together.failures
    alone = train_pixels(TRAINER, [grid.config(pixel) for pixel in range(2, 15)], grid.data)
    for name, values in alone.arrays().items():
        assert together.arrays()[name].tobytes() == values.tobytes()


def test_a_number_that_is_zero_makes_a_group_of_its_own():
    grid = Grid(
        configure(
            "landscape.x=optimizer.momentum",
            "landscape.y=optimizer.lr",
            "landscape.x_low=0",
            "landscape.x_high=0.5",
            "landscape.y_low=0.1",
            "landscape.y_high=1",
            "landscape.width=4",
            "landscape.height=2",
        )
    )
    plane = grid.configs(range(8))
    plane.values["optimizer.momentum"][[0, 5]] = 0.0
    groups = grid.trainer.planes.groups(plane)
    assert sorted(group.tolist() for group in groups) == [[0, 5], [1, 2, 3, 4, 6, 7]]
    one_by_one = grid.trainer.planes.groups(list(plane))
    assert sorted(group.tolist() for group in one_by_one) == [[0, 5], [1, 2, 3, 4, 6, 7]]
