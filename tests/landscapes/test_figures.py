"""Pictures of landscapes show the arrays, each pixel at its place."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_rgba

from tests.landscapes.test_landscape import LR, MOMENTUM, WEIGHTS, plane
from xorlab.analysis.figures.style import new_axes, png
from xorlab.landscapes.figures import landscape_image, sharp_dpi
from xorlab.landscapes.fractal import box_dimension, dimension_table, smooth_null
from xorlab.landscapes.fractal_figures import box_counts, dimensions
from xorlab.landscapes.landscape import landscape

LINEAR = (*LR[:3], "landscape.x_scale=linear", *MOMENTUM)
DIVERGING = (*LR, *MOMENTUM, "network.output=linear", "network.activation=relu")


def colours(ax, x: float, y: float) -> tuple:
    """The colour of the uppermost picture that shows a point."""
    for artist in reversed([*ax.images, *ax.collections]):
        if artist in ax.images:
            left, right, bottom, top = artist.get_extent()
            values = artist.get_array()
            row = int((y - bottom) / (top - bottom) * values.shape[0])
            column = int((x - left) / (right - left) * values.shape[1])
        else:
            values, corners = artist.get_array(), artist.get_coordinates()
            row = int(np.searchsorted(corners[:, 0, 1], y)) - 1
            column = int(np.searchsorted(corners[0, :, 0], x)) - 1
        if not np.ma.getmaskarray(values)[row, column]:
            return tuple(artist.to_rgba(values[row, column]))
    return to_rgba("white")


@pytest.mark.parametrize("overrides", [LINEAR, (*LR, *MOMENTUM), WEIGHTS, DIVERGING])
@pytest.mark.parametrize("value", ["epochs_to_solve", "outcome", "final_loss"])
def test_each_pixel_is_at_its_place_in_its_colour(overrides, value):
    one = landscape(plane(*overrides, width=12, height=10))
    ax = landscape_image(one, value=value)
    slowest = np.where(one.solved, one.epochs_to_solve, -1)
    seen: dict[tuple, set] = {}
    for row, y in enumerate(one.y.values):
        for column, x in enumerate(one.x.values):
            shown = (
                int(one.outcome[row, column]),
                {
                    "outcome": 0,
                    "epochs_to_solve": int(slowest[row, column]),
                    "final_loss": float(np.nan_to_num(one.final_loss[row, column], nan=-1)),
                }[value],
            )
            if value == "final_loss" and shown[0] != 2:
                shown = (0, shown[1])
            seen.setdefault(colours(ax, x, y), set()).add(shown)
    # Each colour stands for one outcome; unsolved networks have their own.
    assert all(len({outcome for outcome, _ in pairs}) == 1 for pairs in seen.values())
    assert png(ax, dpi=40).startswith(b"\x89PNG")


def test_axes_and_title_say_what_is_shown():
    one = landscape(plane(width=12, height=10))
    ax = landscape_image(one)
    assert (ax.get_xscale(), ax.get_yscale()) == ("log", "linear")
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("optimizer.lr", "optimizer.momentum")
    assert ax.get_xlim() == pytest.approx((1, 100))
    assert ax.get_title() == (f"Epochs to solve: {100 * one.solved.mean():.1f} % solved (n = 120)")
    given = landscape_image(landscape(plane("+study=kolen1990_slice")))
    assert (given.get_xlabel(), given.get_ylabel()) == ("init.x (weight 9)", "init.y (weight 5)")


@pytest.mark.parametrize("overrides", [("optimizer.weight_decay=0",), ("training.epochs=1",)])
def test_a_plane_where_nothing_is_solved_is_drawn_too(overrides):
    one = landscape(plane("training.tolerance=0.01", "training.epochs=1", *overrides))
    assert not one.solved.any()
    ax = landscape_image(one, ax=new_axes())
    assert "0.0 % solved" in ax.get_title()
    assert png(ax, dpi=40)


def test_a_picture_has_a_dot_for_every_pixel():
    assert sharp_dpi(landscape(plane())) == 110
    wide = landscape(plane("training.epochs=1", width=1500, height=1))
    assert sharp_dpi(wide) * 5.2 >= 1500


def test_dimensions_are_drawn_beside_their_null():
    one = landscape(plane(width=80, height=70))
    ax = box_counts(box_dimension(one.solved), smooth_null(one.solved, fields=4))
    assert "95 % interval" in ax.get_title()
    table = dimension_table([one])
    ax = dimensions(table)
    assert f"median {table['dimension'].iloc[0]:.2f}, n = 1" in ax.get_title()
    assert png(ax, dpi=40)
