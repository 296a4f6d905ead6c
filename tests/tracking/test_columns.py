"""Columns that grow row by row: the values that went in, typed by what all of them spell."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorlab.tracking.read import columns
from xorlab.tracking.read.columns import Numbers, Spelt, Texts

NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False))
PLACES = st.lists(st.integers(0, 30), unique=True).map(sorted)


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch):
    monkeypatch.setattr(columns, "_AT_ONCE", 3)


def grown(column, values, count):
    for place, value in values.items():
        column.put(place, value)
    return column.column(count)


@st.composite
def some_rows(draw, values):
    """Values of some rows, and how many rows there are."""
    places = draw(PLACES)
    count = draw(st.integers(places[-1] + 1 if places else 1, 40))
    return {place: draw(values) for place in places}, count


@given(some_rows(st.floats()))
def test_numbers_are_those_of_their_rows_and_nan_in_the_others(rows):
    values, count = rows
    expected = pd.Series(np.nan, range(count))
    expected[list(values)] = list(values.values())
    pd.testing.assert_series_equal(grown(Numbers(), values, count), expected)


@given(some_rows(st.one_of(st.none(), st.text(max_size=5))))
def test_texts_are_those_of_their_rows_and_missing_in_the_others(rows):
    values, count = rows
    made = grown(Texts(), values, count)
    assert made.dtype == "str"
    assert [None if pd.isna(text) else text for text in made] == [
        values.get(place) for place in range(count)
    ]


@given(st.lists(NUMBERS, min_size=1), st.booleans())
def test_params_that_all_spell_numbers_are_numbers(numbers, partly):
    made = grown(Spelt(), dict(enumerate(map(json.dumps, numbers))), len(numbers) + partly)
    whole = all(isinstance(number, int) for number in numbers) and not partly
    assert made.dtype == (np.int64 if whole else np.float64)
    assert made[: len(numbers)].tolist() == numbers
    assert made[len(numbers) :].isna().all()


@given(st.lists(st.booleans(), min_size=1), st.booleans())
def test_params_that_all_spell_truth_values_are_truth_values(truths, partly):
    made = grown(Spelt(), dict(enumerate(map(json.dumps, truths))), len(truths) + partly)
    assert made.dtype == (object if partly else bool)
    assert made[: len(truths)].tolist() == truths


@given(
    st.lists(st.sampled_from(["1", "0.5", "true", "sigmoid", "null", "-"])).filter(
        lambda texts: (
            len({type(json.loads(t)) for t in texts if t in ("1", "0.5", "true")} - {int}) > 1
            or {"sigmoid", "null", "-"} & set(texts)
        )
    )
)
def test_other_params_are_the_texts_that_they_were(texts):
    made = grown(Spelt(), dict(enumerate(texts)), len(texts))
    assert made.dtype == "str"
    assert made.tolist() == texts
