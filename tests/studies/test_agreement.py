"""Published results: every measure is its definition's arithmetic, and agreeing means one thing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xorlab.analysis.statistics.restarts import best_cutoff
from xorlab.analysis.statistics.running_time import expected_running_time
from xorlab.studies.kolen1990 import (
    largest_rate,
    largest_rate_anywhere,
    least_rate,
    rate_of_small_weights,
)
from xorlab.studies.notebook import LOSSES, PREDICTIONS, notebook_rows
from xorlab.studies.replication import measures as m
from xorlab.studies.replication.agreement import agreement_table
from xorlab.studies.replication.markdown import (
    full_page,
    readme_table,
    replace_between_markers,
    short_number,
)
from xorlab.studies.replication.registry import STUDIES
from xorlab.studies.replication.resampled import (
    deviation_of_failures,
    epochs_per_solution,
    mean_of_failures,
    of_runs,
)
from xorlab.studies.replication.sample import Measured, Sample, Statistic, measure, sample_of
from xorlab.studies.tr_xor import counted_from_1

# Solved at 2, 4 and 6; one is not in 10 epochs.
FOUR = Sample(np.array([2.0, 4.0, 6.0]), 4, 10.0)
RATES = (least_rate, largest_rate, largest_rate_anywhere, rate_of_small_weights)


def runs(times, limit, **columns):
    return pd.DataFrame(
        {
            "outcome": ["unsolved" if time is None else "solved" for time in times],
            "epochs_to_solve": [np.nan if time is None else time for time in times],
            "epochs_run": [limit if time is None else time for time in times],
            "training.epochs": limit,
            "final_loss": 0.1,
            "accuracy": [0.75 if time is None else 1.0 for time in times],
            "seed": range(len(times)),
            **columns,
        }
    )


def test_measures_of_four_networks_by_hand():
    assert m.success(FOUR) == 75
    assert m.mean_epochs(FOUR) == 4
    assert m.deviation_epochs(FOUR) == 2
    assert m.harmonic_mean(FOUR) == pytest.approx(4 / (1 / 2 + 1 / 4 + 1 / 6 + 1 / 10))
    assert m.running_time(FOUR) == (2 + 4 + 6 + 10) / 3
    assert [m.percentile(share)(FOUR) for share in (0, 0.25, 0.5, 1)] == [2, 3, 4, 6]


def test_the_efficiency_of_four_networks_by_hand():
    spent = [4, 8, 11, 14, 16, 18, 19, 20, 21, 22]  # sum of min(t, t_i) for t = 1 .. 10
    solved = [0, 1, 1, 2, 2, 3, 3, 3, 3, 3]
    np.testing.assert_allclose(m.efficiency(FOUR), 1000 * np.array(solved) / np.array(spent))
    assert (m.peak(FOUR), m.peak_epoch(FOUR)) == (pytest.approx(1000 * 3 / 18), 6)
    assert m.peak_cost(FOUR) == pytest.approx(6)
    assert (m.half_peak_first(FOUR), m.half_peak_last(FOUR)) == (2, 10)


@given(times=st.lists(st.one_of(st.none(), st.integers(1, 60)), min_size=2, max_size=30))
def test_efficiency_is_a_thousand_over_the_running_time_with_restarts(times):
    sample = sample_of(runs(times, 60))
    time = np.array([60 if one is None else one for one in times], float)
    solved = np.array([one is not None for one in times])
    ert = expected_running_time(time, solved, np.arange(1, 61))
    np.testing.assert_allclose(m.efficiency(sample), 1000 / ert, rtol=1e-12)
    assert m.running_time(sample) == pytest.approx(ert[-1])
    if solved.any():
        best = best_cutoff(time, solved, 60, resamples=100)
        # The paper's peak may be that of a single lucky network; the best cutoff may not.
        assert m.peak(sample) >= 1000 / best.ert * (1 - 1e-9)
        assert m.efficiency(sample)[int(best.cutoff) - 1] == pytest.approx(1000 / best.ert)


def test_without_a_success_nothing_is_made_up():
    none = Sample(np.empty(0), 5, 10.0)
    assert m.success(none) == 0
    assert np.isnan(m.mean_epochs(none))
    assert np.isnan(m.percentile(0.5)(none))
    assert m.running_time(none) == m.peak_cost(none) == np.inf
    assert m.peak(none) == 0
    (measured,) = measure(none, [Statistic(m.mean_epochs)], 5, resamples=20)
    assert np.isnan([measured.estimate, measured.low, measured.expected_high]).all()
    assert not measured.agrees(3, 3)


def test_a_limit_cuts_the_sample():
    cut = sample_of(runs([2, 4, 6, None], 10), limit=5)
    assert (cut.n, cut.ascending.tolist()) == (4, [2, 4])
    assert m.running_time(cut) == (2 + 4 + 5 + 5) / 2


@pytest.mark.parametrize(
    ("low", "high", "agrees"),
    [
        (7, 7, True),
        (5, 5, True),
        (9, 9, True),
        (4, 4.9, False),
        (9.1, 12, False),
        (0, 80, True),
        (4, 5, True),
    ],
)
def test_a_published_value_agrees_where_it_may_lie_in_the_expected_range(low, high, agrees):
    assert Measured(7, 6, 8, 5, 9).agrees(low, high) is agrees


def test_samples_of_the_papers_size_scatter_as_binomials_do():
    sample = Sample(np.arange(1.0, 601.0), 1000, 1000.0)
    (measured,) = measure(sample, [Statistic(m.success, m.success_interval)], 50)
    assert (measured.estimate, measured.low, measured.high) == (60, *m.success_interval(sample))
    deviation = 100 * np.sqrt(0.24 / 50 + 0.24 / 1000)
    assert measured.expected_low == pytest.approx(60 - 1.96 * deviation, abs=2.5)
    assert measured.expected_high == pytest.approx(60 + 1.96 * deviation, abs=2.5)


def test_the_slowest_network_is_estimated_for_samples_of_the_papers_size():
    sample = Sample(np.arange(1.0, 1001.0), 1000, 2000.0)
    (measured,) = measure(sample, [Statistic(m.percentile(1), grows=True)], 10)
    assert 900 < measured.estimate < 960  # the median of the largest of ten: 1000 * 0.5 ** 0.1
    assert (measured.low, measured.high) == (measured.expected_low, measured.expected_high)


def test_rates_of_kolen_and_pollack_by_hand():
    cells = {
        (0.1, 0.0): 0,
        (0.4, 0.0): 1,
        (2.0, 0.0): 2,
        (4.0, 0.0): 5,
        (4.0, 0.5): 4,
        (9.0, 0.0): 8,
    }
    table = pd.concat(
        runs(
            [None] * failed + [5] * (10 - failed),
            50,
            **{"init.range": weights, "optimizer.lr": 1.0, "optimizer.momentum": momentum},
        )
        for (weights, momentum), failed in cells.items()
    )
    assert [of(table).estimate for of in RATES] == [20, 50, 80, 5]
    rows = agreement_table({"kolen1990": table})
    assert rows["estimate"].tolist() == [20, 50, 80, 5]
    assert rows["n"].tolist() == [60] * 4
    assert rows["agrees"].tolist() == [False, True, True, True]


def test_the_papers_own_uncertainty_takes_the_place_of_its_sampling():
    rng = np.random.default_rng(1)
    times = [int(t) if t < 200 else None for t in rng.lognormal(3.6, 1, 300)]
    rows = agreement_table({"hamey1991": runs(times, 2000)}, resamples=100).set_index("quantity")
    stated = rows.loc["e, largest efficiency"]
    assert (stated["expected_low"], stated["expected_high"]) == (stated["low"], stated["high"])
    other = rows.loc["mean epochs of the solved"]
    assert other["expected_low"] != other["low"]


def test_every_published_value_has_its_range_and_its_text():
    for study in STUDIES.values():
        for value in study.published:
            assert value.low <= value.high
            assert value.printed


def test_the_notebooks_numbers_are_compared_to_the_last_printed_digit():
    same = notebook_rows(LOSSES, np.array(PREDICTIONS) + 4e-9)
    assert [row[3] for row in same] == [True, True]
    off = notebook_rows(np.array(LOSSES) * (1 + 1e-11), np.array(PREDICTIONS) + 6e-9)
    assert [row[3] for row in off] == [False, False]


def test_what_is_between_two_markers_is_replaced_and_nothing_else():
    text = "a\n<!-- studies -->\nx\n<!-- /studies -->\nb\n"
    once = replace_between_markers(text, "| t |")
    assert once == "a\n<!-- studies -->\n| t |\n<!-- /studies -->\nb\n"
    assert replace_between_markers(once, "| t |") == once
    assert replace_between_markers("no markers\n", "| t |") == "no markers\n"
    assert (
        replace_between_markers("<!-- studies --> alone\n", "| t |") == "<!-- studies --> alone\n"
    )


def test_a_row_that_does_not_agree_says_so():
    rows = agreement_table({"tr_xor": runs([100] * 5 + [None] * 45, 800)}, resamples=100)
    page = full_page(rows, [("ten losses", "1", "2", False)])
    assert "| solved / % | 48 (24 of 50) | 10 [4.3, 21.4] |" in page
    assert page.count("**no**") == 1 + int((~rows["agrees"]).sum())


def test_only_independent_statements_are_counted_for_each_author():
    times = [5, 9, 14, 20, 40, None] * 20
    settings = {"init.range": [0.4, 2.0] * 60, "optimizer.lr": 1.0, "optimizer.momentum": 0.0}
    studies = {"hamey1991": runs(times, 2000), "kolen1990": runs(times, 50_000, **settings)}
    rows = agreement_table(studies, resamples=50)
    counted = rows[rows["counted"]]
    assert "t_E, epochs per trained network" not in counted["quantity"].tolist()
    kolen = counted["source"].str.startswith("Kolen")
    assert counted.loc[kolen, "quantity"].tolist() == ["not solved, range 2 to 4, largest / %"]
    agree, authors = counted["agrees"], counted["source"].str.partition(",")[0]
    said = "; ".join(
        f"{name} {agree[authors == name].sum()} of {(authors == name).sum()}"
        for name in authors.unique()
    )
    assert (
        f"{agree.sum()} of {len(counted)} independent statements agree ({said}). Rows that follow"
    ) in readme_table(rows, [])
    page = full_page(rows, [])
    assert "| not testable: a point of the paper is 8 to 8,355 networks |" in page
    assert "; 1000 / e) |" in page
    for name, module in zip(authors.unique(), studies, strict=True):
        own = f"{agree[authors == name].sum()} of {(authors == name).sum()}"
        assert f"\n| {name} | {own} | [{module}]({module}.ipynb) |\n" in page


def test_epochs_are_counted_from_1_up_to_the_limit():
    counted = counted_from_1(runs([100, 799, 800, None], 800))["epochs_to_solve"]
    assert counted.tolist()[:3] == [101, 800, 800]
    assert np.isnan(counted.iloc[3])


def test_epochs_of_failures_by_hand():
    epochs, solved = np.array([10.0, 20.0, 90.0, 110.0]), np.array([True, True, False, False])
    assert mean_of_failures(epochs, solved) == 100
    assert deviation_of_failures(epochs, solved) == pytest.approx(np.sqrt(200))
    assert epochs_per_solution(epochs, solved) == 230 / 2
    table = runs([10, 20, None, None], 100)
    measured = of_runs(epochs_per_solution, 4)(table)
    assert measured.low <= measured.estimate == 115 <= measured.high


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (17.06, "17.1"),
        (49.0, "49"),
        (233.4, "233"),
        (14197.2, "14,197"),
        (np.inf, "unbounded"),
        (np.nan, "none"),
    ],
)
def test_numbers_are_short(value, text):
    assert short_number(value) == text
