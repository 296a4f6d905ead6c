"""Convergence statistics against hand arithmetic and their definitions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorlab.analysis.convergence import convergence, wilson


def frame(*epochs: float | None, setting: str = "a", diverged: int = 0) -> pd.DataFrame:
    """Runs that solved at these steps; None for one that did not."""
    outcomes = ["unsolved" if step is None else "solved" for step in epochs]
    return pd.DataFrame(
        {
            "setting": setting,
            "outcome": outcomes + ["diverged"] * diverged,
            "epochs_to_solve": [np.nan if s is None else float(s) for s in epochs]
            + [np.nan] * diverged,
            "final_loss": [0.25 if s is None else 0.01 for s in epochs] + [np.nan] * diverged,
        }
    )


def test_a_row_tells_how_often_and_how_fast():
    (row,) = convergence(frame(10, 20, 30, None, diverged=1), by=["setting"]).to_dict("records")
    assert (row["n"], row["solved"], row["diverged"], row["rate"]) == (5, 3, 1, 0.6)
    assert (row["epochs_q25"], row["epochs_median"]) == (20, 30)
    assert math.isnan(row["epochs_q75"])
    assert row["loss_median"] == 0.01


@pytest.mark.parametrize(
    ("solved", "of", "median"), [(1, 2, 5.0), (1, 3, None), (2, 3, 5.0), (0, 4, None)]
)
def test_the_median_is_undefined_where_fewer_than_half_solve(solved, of, median):
    runs = frame(*[5] * solved, *[None] * (of - solved))
    (row,) = convergence(runs, by=["setting"]).to_dict("records")
    assert row["epochs_median"] == median or (median is None and math.isnan(row["epochs_median"]))


@given(solved=st.integers(0, 60), unsolved=st.integers(0, 60))
def test_the_interval_is_wilsons_formula(solved, unsolved):
    n = solved + unsolved
    if n == 0:
        return
    z, p = 1.959963984540054, solved / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    low, high = wilson(solved, n)
    assert low == pytest.approx(max(0.0, centre - half), abs=1e-12)
    assert high == pytest.approx(min(1.0, centre + half), abs=1e-12)


def test_settings_are_told_apart_and_runs_without_outcome_do_not_count():
    runs = pd.concat([frame(1, 2), frame(3, None, setting="b")], ignore_index=True)
    runs.loc[len(runs)] = ["b", None, np.nan, np.nan]
    told = convergence(runs, by=["setting"]).set_index("setting")
    assert told["n"].to_dict() == {"a": 2, "b": 2}


@pytest.mark.parametrize("by", [[], ["nope"]])
def test_columns_that_are_not_there_are_named(by):
    with pytest.raises(ValueError, match="by: "):
        convergence(frame(1), by=by)


def test_no_runs_are_refused():
    with pytest.raises(ValueError, match="no run with an outcome"):
        convergence(frame(1).iloc[:0], by=["setting"])
