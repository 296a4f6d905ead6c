"""Tables of runs: the values that went in, typed by what all values of a column spell."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorlab.tracking.read import frames
from xorlab.tracking.read.frames import runs_frame

NUMBERS = st.one_of(st.integers(-(10**9), 10**9), st.floats(allow_nan=False))


@pytest.fixture(autouse=True)
def _few_at_once(monkeypatch):
    monkeypatch.setattr(frames, "_AT_ONCE", 3)


def some_rows(values):
    """Values of some rows, and None for the rows that have none."""
    return st.lists(st.one_of(st.none(), values), min_size=1, max_size=40)


def column(name, values):
    """A column of the table in which each row has its value, or lacks the column."""
    rows = [{} if value is None else {name: value} for value in values]
    frame = runs_frame(rows)
    assert len(frame) == len(values)
    kept = name.partition(".")[2] or name
    return frame[kept] if kept in frame else pd.Series([None] * len(values))


@given(some_rows(st.floats()))
def test_numbers_are_those_of_their_rows_and_nan_in_the_others(values):
    expected = pd.Series([np.nan if value is None else value for value in values])
    made = column("metrics.accuracy", values).astype(float)
    pd.testing.assert_series_equal(made, expected, check_names=False)


@given(some_rows(st.text(max_size=5)))
def test_texts_are_those_of_their_rows_and_missing_in_the_others(values):
    made = column("sweep", values)
    assert made.dtype == "str"
    assert [None if pd.isna(text) else text for text in made] == values


@given(some_rows(st.text(max_size=5)))
def test_params_that_are_text_are_missing_where_a_row_has_none(values):
    made = column("params.task.path", [value if value is None else f"t{value}" for value in values])
    expected = [value if value is None else f"t{value}" for value in values]
    assert [None if pd.isna(text) else text for text in made] == expected


@given(st.lists(NUMBERS, min_size=1), st.booleans())
def test_params_that_all_spell_numbers_are_numbers(numbers, partly):
    made = column("params.seed", [*map(json.dumps, numbers), *[None] * partly])
    whole = all(isinstance(number, int) for number in numbers) and not partly
    assert made.dtype == (np.int64 if whole else np.float64)
    assert made[: len(numbers)].tolist() == numbers
    assert made[len(numbers) :].isna().all()


@given(st.lists(st.booleans(), min_size=1), st.booleans())
def test_params_that_all_spell_truth_values_are_truth_values(truths, partly):
    made = column("params.network.skip", [*map(json.dumps, truths), *[None] * partly])
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
    made = column("params.task.path", texts)
    assert made.dtype == "str"
    assert made.tolist() == texts


def test_params_come_in_the_order_of_the_schema_and_metrics_behind_them():
    rows = [
        {"metrics.zeta": 1.0, "params.optimizer.lr": "0.5"},
        {"params.mine": "1", "params.seed": "3", "metrics.loss": 2.0, "metrics.accuracy": 1.0},
    ]
    names = runs_frame(rows).columns.tolist()
    assert names[6:] == ["seed", "optimizer.lr", "mine", "accuracy", "zeta"]


def test_a_table_of_no_runs_has_the_columns_that_every_run_has():
    frame = runs_frame([])
    assert frame.columns.tolist() == ["run_id", "name", "status", "outcome", "sweep", "key"]
    assert (frame.dtypes == "str").all()
    assert len(frame) == 0
