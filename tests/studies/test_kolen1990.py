"""The paper's pictures as configurations; a few of their pixels, not their looks."""

from __future__ import annotations

import numpy as np
import pytest

import xorlab
from xorlab import configure
from xorlab.landscapes.grid import Grid
from xorlab.networks.landscape_rules import check_plane
from xorlab.studies.kolen1990 import PICTURES

BY_FIGURE = {picture.figure: picture for picture in PICTURES}


def plane(figure: int, *overrides: str):
    return configure("+study=kolen1990_slice", *BY_FIGURE[figure].overrides(), *overrides)


def test_the_preset_is_figure_3():
    assert plane(3) == configure("+study=kolen1990_slice")


@pytest.mark.parametrize("figure", sorted(BY_FIGURE))
def test_every_picture_varies_two_of_nine_weights(figure):
    values = BY_FIGURE[figure].init_weights
    assert len(values) == 9
    assert sorted(str(v) for v in values if isinstance(v, str)) == ["x", "y"]
    assert all(abs(v) < 1 for v in values if not isinstance(v, str))
    check_plane(plane(figure))


def test_pixels_are_the_papers_steps_from_its_origin():
    for figure, x, y, step in ((3, -10, -10, 0.1), (12, -9, -1.8, 0.018), (13, -6.966, -0.5, 4e-3)):
        picture = Grid(plane(figure))
        steps = step * np.arange(200)
        np.testing.assert_allclose(picture.x.values, x + steps, atol=1e-9)
        np.testing.assert_allclose(picture.y.values, y + steps, atol=1e-9)


def test_each_zoom_lies_within_the_picture_that_it_enlarges():
    for inner, outer in ((12, 11), (13, 12)):
        for letter in "xy":
            small, large = (vars(plane(figure).landscape) for figure in (inner, outer))
            assert large[f"{letter}_low"] < small[f"{letter}_low"]
            assert small[f"{letter}_high"] < large[f"{letter}_high"]


def test_the_zooms_show_a_mixture_and_another_figures_weights_would_not():
    """Read as parts of figure 3, which has other weights, both windows learn nearly everywhere."""
    sizes = ("landscape.width=30", "landscape.height=30")
    for figure, low, high in ((12, 0.45, 0.62), (13, 0.8, 0.93)):
        assert low < xorlab.landscape(plane(figure, *sizes)).solved.mean() < high
        third = [one for one in BY_FIGURE[3].overrides() if not one.startswith("landscape")]
        assert xorlab.landscape(plane(figure, *third, *sizes)).solved.mean() > 0.7
