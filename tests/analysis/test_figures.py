"""Figures: drawn on any table of runs, with what was counted in the title."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest

import xorlab
from tests.tracking.test_recording import CONTEXT
from xorlab.analysis.figures.forest import cost_bars, success_bars
from xorlab.analysis.figures.held_out import ACCURACIES, LOSSES, both_sets
from xorlab.analysis.figures.log_axes import epochs_axis
from xorlab.analysis.figures.picture import page_style
from xorlab.analysis.figures.style import lay_out, new_figure, png
from xorlab.analysis.figures.sweep import curve_bands, epochs_distribution, success_heatmap
from xorlab.networks.spec import spec_of
from xorlab.tracking.read.frames import curves_frame, runs_frame
from xorlab.tracking.write.record import finished, record_row


@pytest.fixture(scope="module")
def loaded():
    configs = [
        xorlab.configure(
            f"seed={seed}",
            f"network.hidden={hidden}",
            f"optimizer.lr={lr}",
            f"training.stop_when_solved={lr == 3}",
            "training.epochs=900",
        )
        for seed in range(5)
        for hidden in (2, 3)
        for lr in (0.1, 3)
    ]
    results = xorlab.train_many(configs)
    rows = [
        record_row(str(n), finished(spec_of(c), c.seed, r, CONTEXT, 1, 2))
        for n, (c, r) in enumerate(zip(configs, results, strict=True))
    ]
    curves = [(str(n), r.steps, r.loss) for n, r in enumerate(results)]
    return runs_frame(rows), curves_frame(curves)


def test_the_heat_map_has_a_cell_for_every_setting(loaded):
    runs, _ = loaded
    by = ["network.hidden", "optimizer.lr"]
    ax = success_heatmap(xorlab.convergence(runs, by=by), x="optimizer.lr", y="network.hidden")
    assert len(ax.texts) == 4
    assert all("n=5" in text.get_text() for text in ax.texts)
    assert png(ax).startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="more than one row"):
        success_heatmap(xorlab.convergence(runs, by=[*by, "seed"]), *by)


def test_the_distribution_ends_at_the_success_rate(loaded):
    runs, _ = loaded
    ax = epochs_distribution(runs, by="optimizer.lr")
    for line, (_, group) in zip(ax.lines, runs.groupby("optimizer.lr"), strict=True):
        rate = 100 * (group["outcome"] == "solved").mean()
        assert line.get_ydata()[-1] == pytest.approx(rate)


def test_the_median_curve_is_the_median_of_the_runs(loaded):
    runs, curves = loaded
    ax = curve_bands(runs, curves, by="network.hidden")
    line = ax.lines[0]
    own = curves[curves["run_id"].isin(runs.loc[runs["network.hidden"] == 2, "run_id"])]
    assert line.get_ydata()[0] == pytest.approx(own.loc[own["step"] == 0, "loss"].median())
    assert np.isfinite(line.get_ydata()).all()


def test_bars_show_the_interval(loaded):
    runs, _ = loaded
    ax = success_bars(
        xorlab.convergence(runs, by=["optimizer.lr"], cluster="seed"), ["optimizer.lr"]
    )
    assert "n = 10" in ax.get_title()


def test_both_sets_are_drawn_as_the_medians_of_their_curves():
    values = {"a": [0.5, 0.2, 0.1], "b": [0.4, 0.3]}  # b ended early, and keeps its last value
    steps = [(run, step, value) for run, own in values.items() for step, value in enumerate(own)]
    curves = {
        name: pd.DataFrame(
            [(run, step, times * value) for run, step, value in steps],
            columns=["run_id", "step", name],
        )
        for name, times in (("loss", 1), ("validation_loss", 2))
    }
    runs = pd.DataFrame({"run_id": ["a", "b"]})
    training, validation = both_sets(runs, curves, LOSSES).lines
    assert training.get_ydata() == pytest.approx([0.45, 0.25, 0.2])
    assert validation.get_ydata() == pytest.approx([0.9, 0.5, 0.4])
    with pytest.raises(ValueError, match="no column training_accuracy"):
        both_sets(runs, curves, ACCURACIES)


@pytest.mark.parametrize("width", [1.3, 2.2, 5.0])
@pytest.mark.parametrize(
    "ends", [(5, 1.6e6), (1, 4e5), (950, 1600), (1.2e6, 7e6), (3, 60), (1e-9, 2), (0.4, 30)]
)
def test_the_numbers_of_a_logarithmic_axis_stand_apart(ends, width):
    ax = new_figure(width + 1, 2.0, layout=None).add_subplot()
    ax.set_position((0.5 / (width + 1), 0.3, width / (width + 1), 0.6))
    ax.set_xlim(*ends)
    epochs_axis(ax, "epochs")
    ax.figure.draw_without_rendering()
    labels = [one for one in ax.get_xticklabels() if one.get_text()]
    boxes = [one.get_window_extent() for one in labels]
    assert len(boxes) >= 1
    assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))
    assert len({one.get_text() for one in labels}) == len(labels)


@pytest.mark.parametrize("keys", [1, 4, 7])
def test_titles_and_labels_of_a_forest_stay_within_their_figure(keys):
    by = [f"group{n}.key_{n}" for n in range(keys)]
    settings = pd.DataFrame({name: ["value", "another one", "1000000"] for name in by})
    settings = settings.assign(n=[10, 20, 400], solved=[1, 2, 0], rate=0.5)
    for name, values in {"rate": [0.1, 0.5, 0], "ert_cutoff": [3, 4e6, np.inf]}.items():
        settings[name] = values
        settings[f"{name}_low"], settings[f"{name}_high"] = settings[name] / 2, settings[name] * 2
    settings["ert_cutoff_low"] = [1.5, 2e6, 100]
    for draw in (success_bars, cost_bars):
        with page_style():
            figure = draw(settings, by).figure
            lay_out(figure)
        (ax,) = figure.axes
        titles = [ax.title, ax._left_title, ax._right_title]
        for text in (*titles, ax.xaxis.label, *ax.texts):
            if text.get_text():
                box = text.get_window_extent()
                assert figure.bbox.x0 - 1 <= box.x0, text
                assert box.x1 <= figure.bbox.x1 + 1, text
