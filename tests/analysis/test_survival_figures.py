"""Figures of censored times: what they draw is what the statistics say."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import xorlab
from xorlab.analysis.figures.parallel import parallel_coordinates
from xorlab.analysis.figures.style import png
from xorlab.analysis.figures.survival import ert_curves, survival_curves
from xorlab.analysis.figures.sweep import curve_bands, epochs_distribution


@pytest.fixture
def runs() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    pieces = []
    for lr, rate in ((0.5, 0.4), (2.0, 0.9), (9.0, 0.0)):
        solved = rng.random(40) < rate
        epochs = np.where(solved, np.ceil(rng.lognormal(4, 1, 40)).clip(1, 999), np.nan)
        pieces.append(
            pd.DataFrame(
                {
                    "outcome": np.where(solved, "solved", "unsolved"),
                    "epochs_to_solve": epochs,
                    "epochs_run": 1000.0,
                    "training.epochs": 1000,
                    "optimizer.lr": lr,
                    "final_loss": 0.1,
                    "network.hidden": [2, 3] * 20,
                    "network.activation": ["tanh", "relu"] * 20,
                }
            )
        )
    return pd.concat(pieces, ignore_index=True)


def test_survival_ends_at_the_share_that_was_not_solved(runs):
    ax = survival_curves(runs, by="optimizer.lr")
    curves = [line for line in ax.lines if str(line.get_label()).startswith("lr=")]
    for line, (_, group) in zip(curves, runs.groupby("optimizer.lr"), strict=True):
        left = 100 * (group["outcome"] != "solved").mean()
        assert line.get_ydata()[-1] == pytest.approx(left)
        assert line.get_xdata()[-1] == 1000
    assert "n = 120" in ax.get_title()
    assert png(ax).startswith(b"\x89PNG")


def test_the_best_cutoff_is_marked_at_the_lowest_point_of_its_curve(runs):
    ax = ert_curves(runs, by="optimizer.lr")
    curves = [line for line in ax.lines if " at " in str(line.get_label())]
    dots = [line for line in ax.lines if line.get_marker() == "o"]
    assert len(curves) == len(dots) == 2
    for curve, dot in zip(curves, dots, strict=True):
        epochs, costs = (np.asarray(values, float) for values in curve.get_data())
        assert dot.get_ydata()[0] == pytest.approx(costs[epochs == dot.get_xdata()[0]].item())
        assert dot.get_ydata()[0] <= costs[-1]
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert any("lr=9" in label and "none solved" in label for label in labels)
    assert png(ax).startswith(b"\x89PNG")


def test_every_setting_is_a_line_to_its_success_rate(runs):
    by = ["optimizer.lr", "network.hidden", "network.activation"]
    settings = xorlab.convergence(runs, by=by)
    ax = parallel_coordinates(settings, by)
    (lines,) = (
        found
        for found in ax.collections
        if hasattr(found, "get_segments")
        and len(found.get_segments()) == len(settings)
        and len(found.get_segments()[0]) == 4
    )
    ends = [segment[-1][1] for segment in lines.get_segments()]
    assert ends == pytest.approx(settings["rate"].tolist())
    assert png(ax).startswith(b"\x89PNG")


def test_a_column_that_is_not_there_is_refused(runs):
    with pytest.raises(ValueError, match="optimizer\\.lr"):
        survival_curves(runs, by="lr")


@pytest.mark.parametrize("draw", [survival_curves, ert_curves, epochs_distribution])
def test_runs_in_which_the_key_is_missing_are_a_line_of_their_own(runs, draw):
    slopes = np.where(runs["optimizer.lr"] == 2, np.nan, runs["optimizer.lr"])
    ax = draw(runs.assign(**{"network.slope": slopes}), by="network.slope")
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert [label.partition(" (n = 40)")[0] for label in labels] == [
        "slope=0.5",
        "slope=9",
        "without slope",
    ]
    assert "n = 120" in ax.get_title()


def test_a_loss_band_for_runs_in_which_the_key_is_missing(runs):
    some = runs.iloc[[0, 1, 40, 41]].assign(run_id=list("abcd"))
    keys = {"float": [1.0, 1.0, np.nan, np.nan], "text": ["he", "he", None, None]}
    curves = pd.DataFrame({"run_id": list("abcd") * 2, "step": [0] * 4 + [9] * 4, "loss": 0.2})
    for values in keys.values():
        ax = curve_bands(some.assign(**{"init.std": values}), curves, by="init.std")
        assert str(ax.lines[1].get_label()) == "without std (n = 2)"


@pytest.mark.parametrize("draw", [survival_curves, ert_curves, epochs_distribution])
def test_without_a_key_all_runs_are_one_line(runs, draw):
    ax = draw(runs)
    labels = [text.get_text() for text in ax.get_legend().get_texts()]
    assert len(labels) == 1
    assert labels[0].startswith("all runs (n = 120)")
