"""Figures of published studies: what is drawn is what the table says, and what was published."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from xorlab.analysis.figures.style import png
from xorlab.analysis.statistics.intervals import wilson
from xorlab.studies.figures import (
    agreement,
    batch_spread,
    efficiency_curve,
    non_convergence,
    solve_times,
    success_beside,
)
from xorlab.studies.kolen1990 import rates
from xorlab.studies.replication.agreement import agreement_table
from xorlab.studies.replication.measures import efficiency, running_time
from xorlab.studies.replication.registry import STUDIES
from xorlab.studies.replication.sample import sample_of

LIMITS = {"hamey1991": 2000, "kramer1988": 50_000, "kramer1988_parity": 100_000, "tr_xor": 800}


def some(n: int, rate: float, limit: int, seed: int = 0) -> pd.DataFrame:
    """Runs of one setting, a share of them solved at epochs around 60."""
    rng = np.random.default_rng(seed)
    solved = rng.random(n) < rate
    epochs = np.ceil(rng.lognormal(4, 0.8, n)).clip(1, limit)
    return pd.DataFrame(
        {
            "outcome": np.where(solved, "solved", "unsolved"),
            "epochs_to_solve": np.where(solved, epochs, np.nan),
            "epochs_run": limit,
            "training.epochs": limit,
            "seed": range(n),
            "final_loss": 0.1,
            "accuracy": np.where(solved, 1.0, 0.75),
        }
    )


def kolen(n: int = 20) -> pd.DataFrame:
    pieces = [
        some(n, 1 - 0.08 * p, 50_000, number).assign(
            **{"init.range": p, "optimizer.lr": lr, "optimizer.momentum": momentum}
        )
        for number, (p, lr, momentum) in enumerate(
            (p, lr, momentum)
            for p in (0.4, 2.0, 4.0, 10.0)
            for lr in (1, 2)
            for momentum in (0, 0.9)
        )
    ]
    return pd.concat(pieces, ignore_index=True)


def labels(ax) -> list[str]:
    return [text.get_text() for text in ax.get_legend().get_texts()]


def segments(ax, place: float) -> list[list[float]]:
    """Ends of the horizontal lines at a height, in the order of drawing."""
    return [
        line.get_xdata().tolist()
        for line in ax.lines
        if len(line.get_xdata()) == 2 and (np.asarray(line.get_ydata()) == place).all()
    ]


@pytest.fixture(scope="module")
def studies() -> dict[str, pd.DataFrame]:
    found = {study: some(200, 0.8, limit) for study, limit in LIMITS.items()}
    return found | {"kolen1990": kolen()}


@pytest.fixture(scope="module")
def table(studies) -> pd.DataFrame:
    return agreement_table(studies, resamples=100)


def test_agreement_draws_the_intervals_of_the_table_over_what_was_published(table):
    ax = agreement(table)
    for place, row in zip(range(len(table) - 1, -1, -1), table.to_dict("records"), strict=True):
        unit = row["published_high"] if row["published_low"] == 0 else row["value"]
        paper, expected, ours = segments(ax, place)
        assert np.array(paper[1]) * unit == pytest.approx(row["published_high"])
        np.testing.assert_allclose(
            np.array(expected) * unit, [row["expected_low"], row["expected_high"]]
        )
        np.testing.assert_allclose(np.array(ours) * unit, [row["low"], row["high"]])
    names = [text.get_text() for text in ax.get_yticklabels()]
    assert [name.partition(":")[0].partition(", ")[2] for name in names] == [*table["quantity"]]
    assert len(set(names)) == len(names)
    assert png(ax).startswith(b"\x89PNG")


def test_a_row_of_agreement_meets_the_published_number_where_the_table_says_so(table):
    ax = agreement(table)
    for place, row in zip(range(len(table) - 1, -1, -1), table.to_dict("records"), strict=True):
        paper, expected, _ = segments(ax, place)
        meets = paper[0] <= expected[1] and expected[0] <= paper[1]
        assert meets == row["agrees"], row["quantity"]
    counted = table.loc[table["counted"], "agrees"]
    assert f"{int(counted.sum())} of {len(counted)} agree" in ax.get_title()
    assert "(n = 200 to 320)" in ax.get_title()


def test_what_follows_from_other_rows_or_was_looked_for_is_shown_open_and_not_counted():
    table = agreement_table({"hamey1991": some(60, 0.7, 2000)}, resamples=50)
    ax = agreement(table)
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert [dot.get_markerfacecolor() == "white" for dot in dots] == (~table["counted"]).tolist()
    assert "of 7 agree" in ax.get_title()
    hindsight = agreement(table.assign(post_hoc=True))
    assert hindsight.get_title() == "Post hoc (n = 60)"
    assert sum("(post hoc)" in text.get_text() for text in hindsight.get_yticklabels()) == 8


def test_a_row_of_which_nothing_is_known_keeps_its_place():
    table = agreement_table({"kramer1988_parity": some(8, 0.0, 100)}, resamples=20)
    assert not np.isfinite(table["estimate"]).all()
    ax = agreement(table)
    assert len(ax.get_yticks()) == len(table) == 4
    assert png(ax).startswith(b"\x89PNG")


def test_success_stands_beside_what_was_published_each_with_its_interval():
    rows = pd.DataFrame(
        {
            "setting": ["ReLU", "abs"],
            "solved": [860, 30],
            "n": [2000, 40],
            "published_solved": [24, np.nan],
            "published_n": [50, np.nan],
        }
    )
    ax = success_beside(rows)
    ours, theirs = ax.containers
    for drawn, solved, n in ((ours, [860, 30], [2000, 40]), (theirs, [24], [50])):
        ends = np.array(drawn[2][0].get_segments())[:, :, 0].T
        np.testing.assert_allclose(ends, 100 * np.array(wilson(solved, n)))
    assert theirs[0].get_xdata().tolist() == [48]
    assert [text.get_text() for text in ax.get_yticklabels()] == [
        "ReLU (n = 2,000)",
        "abs (n = 40)",
    ]
    assert labels(ax) == ["measured", "published"]
    assert "n = 2,040" in ax.get_title()
    alone = success_beside(rows[1:])
    assert labels(alone) == ["measured"]


def test_hameys_curve_is_his_efficiency_with_his_peak_beside_ours(studies):
    runs = studies["hamey1991"]
    ax = efficiency_curve(runs, resamples=100)
    curve = next(line for line in ax.lines if "(n = 200)" in str(line.get_label()))
    np.testing.assert_allclose(curve.get_ydata(), efficiency(sample_of(runs)))
    dot = next(line for line in ax.lines if line.get_marker() == "o")
    assert dot.get_ydata()[0] == pytest.approx(np.max(curve.get_ydata()))
    (said,) = ax.containers
    ends = said[2][0].get_segments()[0]
    assert ends[:, 0].tolist() == [49, 49]
    assert ends[:, 1].tolist() == pytest.approx([16.8, 17.4])
    half = next(line for line in ax.lines if line.get_marker() == "|")
    assert half.get_xdata().tolist() == [26, 235]


def test_without_a_success_hameys_curve_is_flat_and_only_the_paper_has_a_peak():
    ax = efficiency_curve(some(5, 0.0, 2000), resamples=100)
    assert not [line for line in ax.lines if line.get_marker() == "o"]
    assert "the paper's peak" in labels(ax)
    assert png(ax).startswith(b"\x89PNG")


def test_kolens_curves_are_the_rates_of_their_settings_and_none_is_left_out():
    runs = kolen().assign(
        **{"optimizer.momentum": lambda t: t["optimizer.momentum"].replace(0, np.nan)}
    )
    ax = non_convergence(runs)
    table = rates(runs)
    settings = table.groupby(["optimizer.lr", "optimizer.momentum"], dropna=False)
    assert len(ax.containers) == settings.ngroups == 4
    for drawn, (_, own) in zip(ax.containers, settings, strict=True):
        assert drawn[0].get_ydata().tolist() == own["rate"].tolist()
        ends = np.array(drawn[2][0].get_segments())[:, :, 1]
        np.testing.assert_allclose(ends, own[["low", "high"]])
        shift = drawn[0].get_xdata() / own["init.range"].to_numpy()
        assert (np.abs(shift - 1) < 0.05).all()
    (box,) = ax.patches
    corners = (
        box.get_x(),
        box.get_x() + box.get_width(),
        box.get_y(),
        box.get_y() + box.get_height(),
    )
    assert corners == (2, 4, 5, 50)
    assert "(n = 20 a point)" in ax.get_title()
    assert len(labels(ax)) == 6


@pytest.mark.parametrize("study", ["kramer1988", "kramer1988_parity"])
def test_samples_of_the_papers_size_scatter_around_all_networks(study, studies):
    runs = studies[study]
    ax = batch_spread(runs, study, 100)
    ours, paper = (line.get_xdata()[0] for line in ax.lines)
    assert ours == pytest.approx(running_time(sample_of(runs)))
    printed = STUDIES[study].find("EES")
    assert paper == (printed.low + printed.high) / 2
    heights = np.array([bar.get_height() for bar in ax.patches])
    middles = np.array([bar.get_x() + bar.get_width() / 2 for bar in ax.patches])
    assert heights.sum() == 4000
    assert np.average(middles, weights=heights) == pytest.approx(ours, rel=0.1)
    assert STUDIES[study].source.endswith(ax.get_title().rpartition(": ")[2])
    assert "published (n = 100)" in labels(ax)


def test_samples_without_a_success_are_counted_not_dropped():
    ax = batch_spread(some(50, 0.04, 50_000), "kramer1988", 5)
    text = next(label for label in labels(ax) if "without a success" in label)
    heights = sum(bar.get_height() for bar in ax.patches)
    assert int(text.partition("networks, ")[2].split()[0].replace(",", "")) + heights == 4000
    none = batch_spread(some(50, 0.0, 50_000), "kramer1988", 5)
    assert "4,000 without a success" in labels(none)[0]
    assert png(none).startswith(b"\x89PNG")


def test_the_distribution_of_the_solved_goes_from_none_to_all_beside_the_percentiles(studies):
    runs = studies["tr_xor"]
    ax = solve_times(runs, "tr_xor")
    curve, said = ax.lines
    solved = np.sort(runs["epochs_to_solve"].dropna())
    assert curve.get_xdata().tolist() == [0, *solved]
    assert (curve.get_ydata()[0], curve.get_ydata()[-1]) == (0, 100)
    assert said.get_xdata().tolist() == [53, 126, 190, 251, 336]
    assert said.get_ydata().tolist() == [0, 25, 50, 75, 100]
    assert f"measured (n = {len(solved)} solved)" in labels(ax)
    assert png(solve_times(some(4, 0.0, 800), "tr_xor")).startswith(b"\x89PNG")
