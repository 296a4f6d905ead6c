"""Pictures of a page: they have its colours, and the texts of a user as they are."""

from __future__ import annotations

import itertools
from xml.etree import ElementTree as ET

import numpy as np
import pytest

import xorlab
from tests.helpers.samples import table
from xorlab.analysis.figures.forest import success_bars
from xorlab.analysis.figures.picture import WIDTH, Picture
from xorlab.analysis.figures.style import draw_surface, lay_out, new_figure
from xorlab.analysis.figures.weights import weight_matrices
from xorlab.sweeps.summary.own_run_page import curve_figure

HOSTILE = "$x^ </svg><script>"


def test_a_picture_has_the_colour_of_the_text_around_it_and_shows_any_label_as_it_is():
    runs = table({0.5: [1, 2, None], 2.0: [3, None, None]}, task=HOSTILE)
    settings = xorlab.convergence(runs, by=["task", "optimizer.lr"])
    drawn = Picture("a.png", "", lambda: success_bars(settings, ["task", "optimizer.lr"]))
    assert drawn.png.startswith(b"\x89PNG")
    root = ET.fromstring(drawn.svg)
    assert "width" not in root.attrib
    assert "#000000" not in drawn.svg
    assert HOSTILE in "".join(root.itertext())
    assert (
        drawn.svg
        == Picture("a.png", "", lambda: success_bars(settings, ["task", "optimizer.lr"])).svg
    )


@pytest.mark.parametrize("values", [[3.0, 0.5, 0.01], [0.5, 0.4, 0.3], [0.5, 0.0, -0.5]])
def test_the_numbers_of_a_curves_axes_are_plain(values):
    steps = np.array([0, 5_000, 10_000])
    drawn = Picture("a.png", "", lambda: curve_figure("loss", steps, np.array(values), None))
    assert "mathdefault" not in drawn.svg
    assert "10,000" in "".join(ET.fromstring(drawn.svg).itertext())


def test_a_picture_that_cannot_be_drawn_says_so_in_its_place():
    runs = table({0.5: [1, 2, None]})
    settings = xorlab.convergence(runs, by=["optimizer.lr"])
    drawn = Picture("a.png", "", lambda: success_bars(settings, ["no such key"]))
    with pytest.warns(UserWarning, match=r"^a\.png was not drawn: ValueError"):
        svg = drawn.svg
    assert "a.png was not drawn" in "".join(ET.fromstring(svg).itertext())
    with pytest.warns(UserWarning, match="not drawn"):
        assert drawn.png.startswith(b"\x89PNG")


def test_the_scale_of_a_surface_that_is_level_has_one_number():
    corners = np.array([[0.0, 0.0], [1.0, 1.0]])
    level = np.full((101, 101), 0.25) + np.linspace(0, 1e-14, 101)
    ax, bar = new_figure(4, 3).subplots(1, 2)
    draw_surface(level, corners, np.array([[0.0], [1.0]]), ax, bar)
    assert [label.get_text() for label in bar.get_yticklabels()] == ["0.25"]


@pytest.mark.parametrize("sizes", [(2, 2, 1), (4, 8, 3), (64, 32, 10), (2, 3, 3, 3, 1), (3, 1)])
def test_weights_have_the_width_of_a_page_and_no_number_reaches_beyond_its_cell(sizes):
    weights = [np.full(pair, -0.0045) for pair in itertools.pairwise(sizes)]
    figure = weight_matrices(weights, [np.full(n, -12.3) for n in sizes[1:]])
    assert figure.get_figwidth() == WIDTH
    lay_out(figure)
    for ax in figure.axes[: len(weights)]:
        units = np.diff(ax.get_xlim())[0]
        texts = [text.get_window_extent().width for text in ax.texts]
        assert max(texts, default=0) < ax.bbox.width / units
