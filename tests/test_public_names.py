"""What users import: every public name is there, and is documented."""

from __future__ import annotations

import inspect

import pytest

import xorlab


@pytest.mark.parametrize("name", xorlab.__all__)
def test_a_public_name_is_there_and_documented(name):
    found = getattr(xorlab, name)
    assert inspect.getdoc(found)


@pytest.mark.parametrize("name", xorlab.plot.__all__)
def test_a_figure_draws_on_the_axes_that_it_is_given(name):
    draw = getattr(xorlab.plot, name)
    assert "ax" in inspect.signature(draw).parameters
    assert inspect.getdoc(draw)
