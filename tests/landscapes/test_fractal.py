"""Box counting on shapes whose dimension is known, and its smooth null."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from tests.landscapes.test_landscape import plane
from xorlab.landscapes.fractal import boundary, box_dimension, busiest, dimension_table, smooth_null
from xorlab.landscapes.landscape import landscape

SIDE = 512
Y, X = np.mgrid[:SIDE, :SIDE] / SIDE


def koch(depth: int) -> np.ndarray:
    """Inside a Koch snowflake (von Koch 1904): log 4 / log 3."""
    corners = np.exp(2j * np.pi * (np.arange(3) / 3 + 0.03))
    for _ in range(depth):
        start, step = corners, (np.roll(corners, -1) - corners) / 3
        tip = start + step + step * np.exp(-1j * np.pi / 3)
        corners = np.stack([start, start + step, tip, start + 2 * step], axis=1).ravel()
    fine = 4  # drawing thickens edges by up to a pixel: of a finer picture, of which some are kept
    picture = Image.new("1", (fine * SIDE, fine * SIDE))
    places = fine * SIDE * (0.5 + 0.42 * np.column_stack([corners.real, corners.imag]))
    ImageDraw.Draw(picture).polygon([tuple(place) for place in places.tolist()], fill=1)
    return np.array(picture)[::fine, ::fine]


def carpet() -> np.ndarray:
    """Sierpinski's carpet (1916): log 8 / log 3."""
    columns, rows = (X * 729).astype(int), (Y * 729).astype(int)
    kept = np.ones((SIDE, SIDE), bool)
    for power in range(5):
        kept &= ~((columns // 3**power % 3 == 1) & (rows // 3**power % 3 == 1))
    return kept


def julia() -> np.ndarray:
    """The filled Julia set of z^2 + i/4, whose boundary has dimension 1 + |c|^2 / (4 log 2) + ...

    The expansion for small c is Ruelle's (1982): here 1.02.
    """
    z, c = 3 * (X - 0.5) + 3j * (Y - 0.5), 0.25j
    for _ in range(60):
        z = np.where(abs(z) < 2, z * z + c, 3)
    return abs(z) < 2


SHAPES = {
    "line": (Y > 0.3 + 0.37 * X, 1.0),
    "upright line": (X > 0.3, 1.0),
    "circle": ((X - 0.5) ** 2 + (Y - 0.5) ** 2 < 0.16, 1.0),
    "snowflake": (koch(6), np.log(4) / np.log(3)),
    "carpet": (carpet(), np.log(8) / np.log(3)),
    "julia": (julia(), 1 + 0.25**2 / (4 * np.log(2))),
    "noise": (np.random.default_rng(0).random((SIDE, SIDE)) < 0.5, 2.0),
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_have_their_dimension(name):
    inside, expected = SHAPES[name]
    found = box_dimension(inside)
    assert found.dimension == pytest.approx(expected, abs=0.05)
    assert found.low <= found.dimension <= found.high
    assert found.low - 0.05 <= expected <= found.high + 0.05


@settings(max_examples=25)
@given(
    height=st.integers(64, 150),
    width=st.integers(64, 150),
    share=st.floats(0.2, 0.8),
    seed=st.integers(0, 999),
)
def test_counts_fall_with_the_size_and_both_sides_share_one_boundary(height, width, share, seed):
    inside = np.random.default_rng(seed).random((height, width)) < share
    found, other = box_dimension(inside), box_dimension(~inside)
    assert found.counts.tolist() == other.counts.tolist()
    assert boundary(inside).sum() / 4 <= found.counts[0] <= boundary(inside).sum()
    # A box is cut into four: between one and all of them hold what it holds.
    assert (found.counts[:-1] >= found.counts[1:]).all()
    assert (found.counts[:-1] <= 4 * found.counts[1:]).all()
    assert -1e-9 <= found.local.min() <= found.dimension <= found.local.max() <= 2 + 1e-9
    turned = box_dimension(inside.T)
    assert (turned.dimension, turned.counts.tolist()) == (found.dimension, found.counts.tolist())


def test_the_interval_is_seeded_and_tells_how_much_was_in_view():
    flake = koch(6)
    one, again = box_dimension(flake, seed=3), box_dimension(flake, seed=3)
    assert (one.low, one.high) == (again.low, again.high)
    quarter = box_dimension(flake[:256, :256], seed=3)
    assert quarter.high - quarter.low > one.high - one.low


@pytest.mark.parametrize("name", ["circle", "snowflake"])
def test_the_null_is_smooth_and_winds_as_much(name):
    inside, _ = SHAPES[name]
    null = smooth_null(inside, seed=1, fields=8)
    assert null.example.mean() == pytest.approx(inside.mean(), abs=0.002)
    given, smooth = box_dimension(inside), box_dimension(null.example)
    assert smooth.counts[-1] == pytest.approx(given.counts[-1], rel=0.35)
    # Between neighbouring pixels a smooth curve is a line, however it winds.
    assert smooth.local[0] == pytest.approx(1, abs=0.12)
    low, high = null.interval()
    assert low <= null.median <= high
    again = smooth_null(inside, seed=1, fields=8)
    assert again.dimensions.tolist() == null.dimensions.tolist()


@pytest.mark.slow
def test_rough_shapes_are_rougher_than_their_null_and_a_circle_is_not():
    for name, rougher in (("snowflake", True), ("carpet", True), ("circle", False)):
        inside, _ = SHAPES[name]
        assert (box_dimension(inside).low > smooth_null(inside).interval()[1]) == rougher, name


def test_what_says_nothing_is_refused():
    dot = np.zeros((64, 64), bool)
    dot[5, 5] = True
    with pytest.raises(ValueError, match="only 1 of 64 tiles"):
        box_dimension(dot)
    with pytest.raises(ValueError, match="50 x 70 pixels: at least 64 x 64"):
        box_dimension(np.eye(50, 70, dtype=bool))
    with pytest.raises(ValueError, match="no boundary"):
        smooth_null(np.ones((64, 64), bool))


def test_a_table_of_zooms_and_the_place_to_zoom_to():
    whole = landscape(plane(width=72, height=64))
    x, y = busiest(whole, 2)
    closer = landscape(whole.zoomed(x, y, 2))
    assert boundary(whole.solved).any()
    assert boundary(closer.solved).any()
    table = dimension_table([whole, closer], seed=2)
    assert table["magnification"].tolist() == pytest.approx([1, 2])
    assert table["solved"].tolist() == [whole.solved.mean(), closer.solved.mean()]
    assert (table["low"] <= table["dimension"]).all()
    assert table["dimension"].tolist() == [
        box_dimension(one.solved).dimension for one in (whole, closer)
    ]
