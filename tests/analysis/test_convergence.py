"""Convergence statistics against hand arithmetic and their definitions."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

import xorlab
from tests.helpers.samples import LIMIT, epochs_lists, table, times
from xorlab.analysis.statistics.convergence import convergence, wilson
from xorlab.analysis.statistics.restarts import best_cutoff
from xorlab.analysis.statistics.running_time import expected_running_time


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
            "training.epochs": LIMIT,
        }
    )


def test_a_row_has_rates_and_quantiles_by_hand():
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


def test_each_setting_has_a_row_and_runs_without_outcome_do_not_count():
    runs = pd.concat([frame(1, 2), frame(3, None, setting="b")], ignore_index=True)
    runs.loc[len(runs)] = ["b", None, np.nan, np.nan, LIMIT]
    found = convergence(runs, by=["setting"]).set_index("setting")
    assert found["n"].to_dict() == {"a": 2, "b": 2}


@pytest.mark.parametrize("by", [[], ["nope"]])
def test_columns_that_are_not_there_are_named(by):
    with pytest.raises(ValueError, match="by: "):
        convergence(frame(1), by=by)


def test_no_runs_are_refused():
    with pytest.raises(ValueError, match="no run with an outcome"):
        convergence(frame(1).iloc[:0], by=["setting"])


three_settings = st.fixed_dictionaries(dict.fromkeys((0.1, 0.5, 2.0), epochs_lists))
LR = ["optimizer.lr"]


@given(rows=three_settings, order=st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_row_depends_on_its_own_runs_alone_and_not_on_their_order(rows, order):
    runs = table(rows)
    found = convergence(runs, by=LR, resamples=100)
    shuffled = runs.sample(frac=1, random_state=order)
    pd.testing.assert_frame_equal(
        convergence(shuffled, by=LR, resamples=100), found, check_exact=True
    )
    for row, lr in enumerate(sorted(rows)):
        alone = convergence(runs[runs["optimizer.lr"] == lr], by=LR, resamples=100)
        pd.testing.assert_frame_equal(alone, found.iloc[[row]].reset_index(drop=True))


@given(epochs=epochs_lists)
@settings(max_examples=40, deadline=None)
def test_a_row_agrees_with_the_functions_of_single_settings(epochs):
    runs = table({0.1: epochs})
    (row,) = convergence(runs, by=LR, resamples=100, seed=3).to_dict("records")
    time, solved = times(epochs)
    assert row["limit"] == LIMIT
    assert row["rmst"] == pytest.approx(time.mean())
    assert row["ert"] == pytest.approx(float(expected_running_time(time, solved, LIMIT)))
    assert row["ert_if_noticed"] == pytest.approx(row["ert"])
    best = best_cutoff(time, solved, LIMIT, resamples=100, seed=3)
    values = [row[f"{a}{b}"] for a in ("cutoff", "ert_cutoff") for b in ("", "_low", "_high")]
    expected = [best.cutoff, best.low, best.high, best.ert, best.ert_low, best.ert_high]
    np.testing.assert_array_equal(values, expected)
    assert row["loss_iqm"] == pytest.approx(stats.trim_mean(runs["final_loss"], 0.25))


def test_the_seed_of_the_bootstrap_is_an_argument_and_the_default_repeats():
    generator = np.random.default_rng(0)
    epochs = [int(e) if e < LIMIT else None for e in generator.lognormal(3, 1, 40)]
    runs = table({0.1: epochs})
    first, again = (convergence(runs, by=LR) for _ in range(2))
    pd.testing.assert_frame_equal(first, again)
    other = convergence(runs, by=LR, seed=1)
    assert (other["ert_cutoff_high"] != first["ert_cutoff_high"]).all()
    assert other["ert_cutoff_high"].iloc[0] == pytest.approx(first["ert_cutoff_high"].iloc[0], 0.1)


def test_where_no_run_is_solved_the_running_time_is_infinite():
    (row,) = convergence(table({0.1: [None] * 5}), by=LR).to_dict("records")
    assert row["ert"] == row["ert_cutoff"] == row["ert_high"] == math.inf
    assert row["rmst"] == LIMIT
    assert math.isnan(row["cutoff"])
    assert math.isnan(row["epochs_median"])
    assert row["epochs_median_low"] == LIMIT
    assert 0 < row["ert_low"] < math.inf


def test_one_run_is_a_row():
    (row,) = convergence(table({0.1: [7]}), by=LR).to_dict("records")
    assert (row["n"], row["rate"], row["ert"], row["cutoff"]) == (1, 1, 7, LIMIT)
    assert (row["cutoff_low"], row["cutoff_high"]) == (0, LIMIT)
    assert row["ert_high"] > LIMIT


def test_a_run_that_a_rule_ended_costs_the_limit_or_only_what_it_ran():
    runs = table({1.0: [10, 20, None, None]})
    runs.loc[2, "epochs_run"] = 7
    row = convergence(runs, by=LR).iloc[0]
    assert row["ert"] == (10 + 20 + LIMIT + LIMIT) / 2
    assert row["ert_if_noticed"] == (10 + 20 + 7 + LIMIT) / 2


def test_a_divergence_costs_the_limit_or_only_until_it_is_noticed():
    runs = table({0.1: [10, 20, None, None]})
    runs.loc[3, ["outcome", "diverged_at"]] = ["diverged", 5.0]
    (row,) = convergence(runs, by=LR).to_dict("records")
    assert row["diverged"] == 1
    assert row["ert"] == (10 + 20 + 2 * LIMIT) / 2
    assert row["ert_if_noticed"] == (10 + 20 + LIMIT + 5) / 2
    # It would never be solved: it counts as a failure at every epoch, not as unknown after 5.
    assert row["epochs_median"] == 20


def test_stopping_at_the_solution_changes_no_statistic():
    runs = table({0.1: [10, 20, None], 0.5: [3, 4, 5]})
    stopped = runs.assign(epochs_run=runs["epochs_to_solve"].fillna(LIMIT))
    pd.testing.assert_frame_equal(convergence(stopped, by=LR), convergence(runs, by=LR))
    # Nor, where a run shows the limit, does a table without it; where all are solved it moves.
    bare = convergence(stopped.drop(columns="training.epochs"), by=LR)
    pd.testing.assert_frame_equal(bare.iloc[:1], convergence(runs, by=LR).iloc[:1])
    assert bare["limit"].tolist() == [LIMIT, 5]
    assert bare["ert"].iloc[1] == 4


def test_mixed_limits_are_censored_each_at_its_own():
    runs = table({0.1: [5, 6, 30, 35, None, None]})
    runs.loc[4, "training.epochs"] = 20
    (row,) = convergence(runs, by=LR).to_dict("records")
    assert (row["limit"], row["limits"]) == (20, 2)
    # All runs were followed up to 20, and two of six were solved by then.
    assert row["ert"] == pytest.approx((5 + 6 + 4 * 20) / 2)
    assert row["cutoff_high"] <= 20
    # Kaplan-Meier: 4/6 at 6, then of the 3 still followed one at 30 and one at 35.
    assert row["epochs_median"] == 30
    assert row["epochs_q75"] == 35
    # No rate at any epoch is 4/6: when 35 was reached, one run was not followed any more.
    assert (row["solved"], row["rate"]) == (2, 2 / 6)


def test_without_a_limit_runs_that_were_not_solved_are_refused():
    runs = table({0.1: [10, 20, None], 0.5: [1, 2, 3]})
    runs = runs.drop(columns=["training.epochs", "epochs_run"])
    with pytest.raises(ValueError, match="nothing says how long the runs that were not solved had"):
        convergence(runs, by=LR)
    found = convergence(runs[runs["outcome"] == "solved"], by=LR)
    assert found["epochs_median"].tolist() == [10, 2]


def test_settings_may_be_made_of_several_columns_and_of_missing_values():
    runs = table({0.1: [1, 2], 0.5: [3, None]}, **{"network.hidden": [2, 3, 2, 3]})
    runs["init.range"] = [np.nan, np.nan, 1.0, 1.0]
    found = convergence(runs, by=["network.hidden", "init.range"])
    assert found["network.hidden"].tolist() == [2, 2, 3, 3]
    assert found["init.range"].isna().tolist() == [False, True, False, True]
    assert found["n"].tolist() == [1] * 4


@pytest.mark.parametrize(
    ("by", "message"),
    [
        (["network.hiden"], "did you mean network.hidden"),
        (["lr"], "did you mean optimizer.lr"),
        (["rate"], "name of a statistic"),
    ],
)
def test_an_unknown_column_is_refused_with_the_nearest_one(by, message):
    runs = table({0.1: [1, 2]}, **{"network.hidden": 2})
    runs["rate"] = 1.0
    with pytest.raises(ValueError, match=message):
        convergence(runs, by=by)


def test_it_is_public():
    for name in ("convergence", "compare", "compare_all", "seeds_needed"):
        assert name in xorlab.__all__
        assert callable(getattr(xorlab, name))


def test_one_column_need_not_be_a_list():
    runs = table({0.5: [1, 2, None], 2.0: [3, 4, 5]}, status="FINISHED")
    one = convergence(runs, by="optimizer.lr")
    pd.testing.assert_frame_equal(one, convergence(runs, by=["optimizer.lr"]))
    with pytest.raises(ValueError, match=r"no column lr; did you mean optimizer\.lr\? There"):
        convergence(runs, by="lr")
