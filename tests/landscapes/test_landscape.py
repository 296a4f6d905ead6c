"""Landscapes: every pixel is a run like any other, and axes that cannot vary are refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import xorlab
from xorlab import ConfigError, configure, train
from xorlab.landscapes.axis import Axis
from xorlab.landscapes.grid import Grid, zoomed
from xorlab.landscapes.landscape import assembled, landscape
from xorlab.landscapes.pixels import Fault, PieceWork, train_pixels
from xorlab.networks.config import Config
from xorlab.networks.initial_weights import flat_weights, initial_layers, wiring_of
from xorlab.networks.initializers.given import Given
from xorlab.networks.landscape_rules import varying
from xorlab.networks.spec import run_key
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import layer_sizes, train_chunk
from xorlab.networks.trainer import TRAINER
from xorlab.trainers.result import OUTCOMES

LR = (
    "landscape.x=optimizer.lr",
    "landscape.x_low=1",
    "landscape.x_high=100",
    "landscape.x_scale=log",
)
MOMENTUM = ("landscape.y=optimizer.momentum", "landscape.y_low=0", "landscape.y_high=0.9")
WEIGHTS = (
    "landscape.x=weight.1",
    "landscape.x_low=-10",
    "landscape.x_high=10",
    "landscape.y=weight.8",
    "landscape.y_low=-10",
    "landscape.y_high=10",
)


def plane(*overrides: str, width: int = 6, height: int = 5) -> Config:
    """A small landscape with a rough boundary; of learning rates and momenta by default."""
    axes = (
        () if any(o.startswith(("landscape.x=", "+study")) for o in overrides) else (*LR, *MOMENTUM)
    )
    init = () if any(o.startswith("+study") for o in overrides) else ("init=uniform",)
    return configure(
        "training.epochs=150",
        "seed=1",
        f"landscape.width={width}",
        f"landscape.height={height}",
        *init,
        *axes,
        *overrides,
    )


PLANES = {
    "learning rates and momenta": (),
    "weights": WEIGHTS,
    "weights and rates": (*WEIGHTS[:3], *MOMENTUM),
    "weights of a wider network": (*WEIGHTS, "network.hidden=3", "network.skip=true"),
    "a range": (*LR, "landscape.y=init.range", "landscape.y_low=0.1", "landscape.y_high=9"),
    "another optimizer": (
        *(
            o.replace("optimizer.lr", "optimizer.beta1")
            .replace("=100", "=1e-3")
            .replace("low=1", "low=1e-4")
            for o in LR
        ),
        "landscape.y=optimizer.lr",
        "landscape.y_low=0.01",
        "landscape.y_high=0.5",
        "optimizer=adam",
    ),
    "divergence": (*LR, *MOMENTUM, "network.output=linear", "network.activation=relu"),
    "limits": (
        *LR,
        "landscape.y=training.target_loss",
        "landscape.y_low=0.01",
        "landscape.y_high=0.2",
        "training.target_loss=0.1",
        "training.stop_when_solved=true",
    ),
    "the published slice": ("+study=kolen1990_slice", "training.epochs=200"),
}


@pytest.mark.parametrize("name", PLANES)
def test_every_pixel_is_what_training_its_configuration_alone_gives(name):
    config = plane(*PLANES[name])
    one = landscape(config)
    assert one.outcome.shape == one.epochs_to_solve.shape == one.final_loss.shape == (5, 6)
    kinds = (one.outcome.dtype, one.epochs_to_solve.dtype, one.final_loss.dtype)
    assert kinds == (np.int8, np.int32, np.float64)
    for row in range(5):
        for column in range(6):
            alone = train(one.pixel(row, column))
            assert OUTCOMES[one.outcome[row, column]] == alone.outcome
            assert one.epochs_to_solve[row, column] == (
                -1 if alone.epochs_to_solve is None else alone.epochs_to_solve
            )
            bits = np.array([one.final_loss[row, column], alone.final_loss]).view(np.int64)
            assert bits[0] == bits[1]


def test_a_pixel_is_the_run_that_plain_keys_name():
    config = plane(width=9, height=7)
    pixel = Grid(config).config(3 * 9 + 4)
    lr, momentum = Axis("", 1, 100, True, 9).values[4], Axis("", 0, 0.9, False, 7).values[3]
    plain = configure(
        "training.epochs=150",
        "init=uniform",
        "seed=1",
        f"optimizer.lr={lr!s}",
        f"optimizer.momentum={momentum!s}",
        "training.record_every=150",
    )
    assert run_key(pixel) == run_key(plain)
    assert lr == pytest.approx(10)
    assert momentum == pytest.approx(0.45)


def test_the_weights_that_do_not_vary_are_those_that_the_seed_draws():
    config = plane(*WEIGHTS, "network.hidden=[3,2]", "network.skip=true")
    task = make_task(config.task)
    sizes = layer_sizes(config, task)
    drawn = initial_layers(config, sizes)
    flat = flat_weights(drawn, sizes, wiring_of(config))
    pixel = Grid(config).config(5)
    named = {"x": pixel.init.x, "y": pixel.init.y}
    given = [named.get(weight, weight) for weight in pixel.init.weights]
    assert [number for number, weight in enumerate(given, 1) if weight != flat[number - 1]] == [
        1,
        8,
    ]
    assert (named["x"], named["y"]) == (given[0], given[7])


@settings(max_examples=40)
@given(
    hidden=st.lists(st.integers(1, 4), min_size=1, max_size=3),
    skip=st.sampled_from(["false", "true", "all"]),
    readout=st.sampled_from(["dense", "sum"]),
    seed=st.integers(0, 99),
)
def test_given_weights_are_the_flat_ones_again(hidden, skip, readout, seed):
    config = configure(
        "init=uniform",
        f"seed={seed}",
        f"network.hidden={hidden}".replace(" ", ""),
        f"network.skip={skip}",
        f"network.readout={readout}",
        "network.output=linear",
    )
    sizes = layer_sizes(config, make_task(config.task))
    drawn = initial_layers(config, sizes)
    config.init = Given(weights=flat_weights(drawn, sizes, wiring_of(config)))
    again = initial_layers(config, sizes)
    for one, other in zip(drawn.weights + drawn.biases, again.weights + again.biases, strict=True):
        np.testing.assert_array_equal(one, other)
    assert drawn.shortcuts.keys() == again.shortcuts.keys()
    for name, shortcut in drawn.shortcuts.items():
        np.testing.assert_array_equal(shortcut, again.shortcuts[name])


@settings(max_examples=50)
@given(
    low=st.floats(1e-3, 10), share=st.floats(0.01, 100), size=st.integers(1, 50), log=st.booleans()
)
def test_pixels_are_equal_cells_between_the_edges(low, share, size, log):
    axis = Axis("optimizer.lr", low, low * (1 + share), log, size)
    assert (axis.edges[0], axis.edges[-1]) == pytest.approx((low, low * (1 + share)))
    scale = np.log if log else np.asarray
    cells = np.diff(scale(axis.edges))
    np.testing.assert_allclose(cells, cells.mean(), rtol=1e-6)
    middles = (scale(axis.edges)[1:] + scale(axis.edges)[:-1]) / 2
    np.testing.assert_allclose(scale(axis.values), middles, rtol=1e-9, atol=1e-12)


@settings(max_examples=30)
@given(width=st.integers(1, 90), height=st.integers(1, 90))
def test_pieces_hold_every_pixel_once_in_order(width, height):
    grid = Grid(plane(width=width, height=height))
    pixels = [pixel for piece in grid.pieces for pixel in grid.pixels(piece)]
    assert pixels == list(range(width * height))
    assert all(0 < len(grid.pixels(piece)) <= 8192 for piece in grid.pieces)


def test_pieces_do_not_show():
    config = plane(width=40, height=30)
    grid = Grid(config)
    assert len(grid.pieces) > 1
    works = {n: PieceWork(config, grid.data, TRAINER, n) for n in reversed(grid.pieces)}
    pieces = {piece: work.run() for piece, work in works.items()}
    one, other = assembled(config, grid, pieces), landscape(config)
    for name in ("outcome", "epochs_to_solve", "final_loss"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


def test_a_piece_that_breaks_comes_home_as_text(monkeypatch):
    def breaks(*_):
        raise FloatingPointError("odd one")

    monkeypatch.setattr("xorlab.networks.trainer.train_chunk", breaks)
    config = plane()
    fault = PieceWork(config, make_task(config.task), TRAINER, 0).run()
    assert isinstance(fault, Fault)
    assert fault.reason.strip().endswith("FloatingPointError: odd one")


def test_a_number_that_switches_a_part_off_makes_a_separate_program(monkeypatch):
    widths = []

    def counted(configs, task):
        widths.append(len(configs))
        return train_chunk(configs, task)

    monkeypatch.setattr("xorlab.networks.trainer.train_chunk", counted)
    grid = Grid(plane(width=2, height=2))
    configs = list(grid.configs(range(4)))
    for config in configs[:2]:
        config.optimizer.momentum = 0.0
    pixels = train_pixels(TRAINER, configs, grid.data)
    assert widths == [2, 2]
    assert pixels.metrics["final_loss"].tolist() == [train(config).final_loss for config in configs]


def test_a_window_is_as_many_times_smaller_on_the_axis_scale():
    closer = zoomed(plane(), x=10, y=0.3, factor=4).landscape
    assert (closer.x_low, closer.x_high) == pytest.approx((10 / 100**0.125, 10 * 100**0.125))
    assert (closer.y_low, closer.y_high) == pytest.approx((0.3 - 0.1125, 0.3 + 0.1125))


def test_an_ordinary_run_is_the_same_run_whatever_a_landscape_says():
    overrides = {f"landscape.{name}" for name in ("width=9", "height=9", "value=outcome")}
    assert run_key(configure(*overrides)) == run_key(configure())


def test_what_may_vary_depends_on_what_is_chosen():
    assert varying(configure()) == [
        "optimizer.lr",
        "optimizer.momentum",
        "optimizer.weight_decay",
        "training.tolerance",
    ]
    keys = varying(configure("optimizer=rprop", "init=normal", "training.target_loss=0.1"))
    assert keys[0] == "init.std"
    assert "optimizer.eta_plus" in keys
    assert "optimizer.lr" not in keys
    assert keys[-1] == "training.target_loss"


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (
            ["landscape.x=network.hidden"],
            r"landscape.x=network.hidden: must be a number that may "
            r"differ between networks of one shape: init.range, optimizer.lr, .* or weight.N",
        ),
        (["landscape.x=init.std"], "landscape.x=init.std: must be a number that may differ"),
        (["landscape.y=optimizer.lr"], "landscape.y=optimizer.lr: must be another key"),
        (["landscape.y=weight.10"], "landscape.y=weight.10: must be one of weight.1 to weight.9"),
        (["landscape.x=weight.0"], "landscape.x=weight.0: must be a number"),
        (
            [
                "landscape.y=init.range",
                "landscape.y_low=1",
                "landscape.y_high=2",
                "landscape.x=weight.1",
            ],
            "landscape.y=init.range: must be outside init",
        ),
        (["landscape.y_high=1.5"], r"optimizer.momentum=1.\d+: must be a number >= 0 and < 1"),
        (
            [
                "landscape.x=optimizer.weight_decay",
                "landscape.x_scale=linear",
                "landscape.x_low=-100",
            ],
            r"optimizer.weight_decay=-\d+.*: must be a finite number >= 0",
        ),
    ],
)
def test_axes_that_cannot_be_are_refused(overrides, message):
    lows = ("landscape.x_low=1", "landscape.x_high=100", "landscape.x_scale=log")
    axes = (*LR[:1], *lows, *MOMENTUM)
    with pytest.raises(ConfigError, match=message):
        landscape(configure("init=uniform", *axes, *overrides))


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (LR, "landscape.y=null: must be the key of an axis where landscape.x=optimizer.lr"),
        (MOMENTUM, "landscape.x=null: must be the key of an axis where landscape.y=optimizer.mom"),
        (["landscape.x=foo"], "landscape.x=foo: must be a number that may differ"),
        ([*LR[:1], "landscape.y=seed"], "landscape.y=seed: must be a number that may differ"),
        (["landscape.x_low=1"], "landscape.x_low=1.0: must be left out where there is no landsca"),
        ([*LR, *MOMENTUM[:2]], "landscape.y_high=null: must be a finite number where landscape.y"),
        ([*LR, *MOMENTUM, "landscape.y_high=-1"], "landscape.y_low=0.0: must be below"),
        ([*LR, *MOMENTUM, "landscape.y_scale=log"], "landscape.y_low=0.0: must be above 0 where"),
        (["landscape.width=0"], "landscape.width=0: must be an integer from 1"),
        (["landscape.value=epochs"], "landscape.value=epochs: must be one of epochs_to_solve"),
    ],
)
def test_planes_that_are_not_whole_are_refused(overrides, message):
    with pytest.raises(ConfigError, match=message):
        configure(*overrides)


def test_a_configuration_without_a_plane_is_not_a_landscape():
    with pytest.raises(ConfigError, match=r"landscape.x=null: must be the key that varies"):
        xorlab.landscape(configure())
