"""Classes of failure by their rules, on numbers given by hand and on curves with a known shape."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xorlab import configure, failure_table
from xorlab.analysis.figures.style import png
from xorlab.failures.classes import CLASSES, Thresholds
from xorlab.failures.classify import classify
from xorlab.failures.failure_numbers import curve_numbers, network_numbers
from xorlab.failures.figures import curvature_scatter, descent_scatter, failure_bars
from xorlab.networks.parameters import pack
from xorlab.networks.tasks.tasks import make_task

# A run at rest at a strict minimum; what differs from it makes another class.
REST = {
    "outcome": "unsolved",
    "fall_ahead": 0.0,
    "curvature_ahead": 0.1,
    "distance_ahead": 1e-4,
    "negative_eigenvalues": 0.0,
    "recent_change": 0.0,
    "latest_change": 0.1,
    "oscillation": 0.0,
    "step_share": 0.0,
    "saturation": 0.0,
    "stuck_outputs": 0.0,
    "overshoot": 0.0,
}


def columns(differs):
    return {name: np.array([value]) for name, value in (REST | differs).items()}


@pytest.mark.parametrize(
    ("differs", "expected"),
    [
        ({}, "local minimum"),
        ({"outcome": "diverged"}, "diverged"),
        ({"fall_ahead": np.nan}, "diverged"),
        ({"oscillation": 0.2}, "oscillating"),
        ({"step_share": 0.3, "recent_change": 0.0}, "oscillating"),
        ({"step_share": np.nan, "fall_ahead": 0.9}, "saddle or plateau"),
        ({"step_share": 0.01, "recent_change": 0.5, "fall_ahead": 0.9}, "still improving"),
        ({"fall_ahead": 0.9, "recent_change": 0.2}, "still improving"),
        ({"fall_ahead": 0.9, "recent_change": 0.01}, "saddle or plateau"),
        ({"fall_ahead": 0.9, "recent_change": 0.2, "latest_change": 1e-3}, "saddle or plateau"),
        ({"fall_ahead": 0.0, "recent_change": 0.2}, "local minimum"),
        ({"fall_ahead": 0.06, "recent_change": 0.06}, "still improving"),  # and its curve falls
        ({"fall_ahead": 0.06, "recent_change": 0.04}, "local minimum"),
        ({"saturation": 0.6, "distance_ahead": 1.5, "curvature_ahead": 1e-12}, "saturated"),
        ({"saturation": 0.6}, "local minimum"),
        ({"saturation": 0.6, "fall_ahead": 0.9}, "saddle or plateau"),
        ({"saturation": 1.0, "fall_ahead": 0.9}, "saturated"),
        ({"stuck_outputs": 1.0, "fall_ahead": 0.9}, "saturated"),
        ({"stuck_outputs": 1.0, "fall_ahead": 0.9, "overshoot": 0.5}, "first step too long"),
        ({"saturation": 1.0, "fall_ahead": 0.9, "overshoot": np.nan}, "saturated"),
        ({"overshoot": 0.5}, "local minimum"),
        ({"curvature_ahead": -0.1, "negative_eigenvalues": 2.0}, "saddle or plateau"),
        ({"curvature_ahead": 0.0}, "local minimum"),
    ],
)
def test_the_class_is_the_first_whose_rule_fits(differs, expected):
    assert classify(columns(differs)) == [expected]


def test_thresholds_can_be_chosen():
    numbers = columns({"fall_ahead": 0.05})
    assert classify(numbers, Thresholds(fall=0.01)) == ["saddle or plateau"]


def curve(loss):
    return curve_numbers(np.arange(len(loss)), np.array(loss))


def test_recent_change_and_oscillation_are_those_of_the_last_half():
    falling, bouncing = curve([9.0, 5.0, 4.0, 3.0, 1.0]), curve([9.0, 9.0, 2.0, 4.0, 2.0])
    assert list(falling) == ["recent_change", "latest_change", "oscillation", "overshoot"]
    assert list(falling.values()) == [0.75, 1 - 1 / 3, 0.0, 0.0]
    assert list(bouncing.values()) == [0.0, 0.5, 2.0 / (8.0 / 3.0), 0.0]
    assert curve([2.0, 5.0, 3.0, 3.5])["overshoot"] == 0.5


@settings(max_examples=30)
@given(losses=st.lists(st.floats(1e-3, 1e3), min_size=1, max_size=30), scale=st.floats(1e-3, 1e3))
def test_the_curves_numbers_do_not_depend_on_the_losss_scale(losses, scale):
    one = list(curve(losses).values())
    other = list(curve(np.array(losses) * scale).values())
    np.testing.assert_allclose(one, other, rtol=1e-7, atol=1e-9)
    assert np.isnan(one).all() == (len(losses) == 1)


def test_falling_losses_never_oscillate():
    assert curve(np.geomspace(1, 1e-9, 200))["oscillation"] == 0.0


def numbers_of(config, weights, biases):
    packed = pack([np.array(w, float) for w in weights], [np.array(b, float) for b in biases])
    numbers = network_numbers(config, make_task(config.task), packed[:, None], np.zeros(1))
    return {name: values[0] for name, values in numbers.items()}


def test_saturation_and_stuck_outputs_are_shares_of_flat_activations():
    # z of the first unit is 0, 9, 9, 18: flat for three of four patterns; the second is at 0.
    row = numbers_of(configure(), [[[9, 0], [9, 0]], [[0], [0]]], [[0, 0], [-9]])
    assert row["saturation"] == 3 / 8
    # Every output is 0: right for two patterns, wrong and without a slope for the other two.
    assert (row["wrong_patterns"], row["stuck_outputs"]) == (2, 1.0)
    assert row["outputs"] == "0.0 0.0 0.0 0.0"
    cross = configure("training.loss=cross_entropy")
    assert numbers_of(cross, [[[9, 0], [9, 0]], [[0], [0]]], [[0, 0], [-9]])["stuck_outputs"] == 0


@pytest.mark.parametrize(
    ("activation", "second", "identical"),
    [
        ("sigmoid", [1.0, 2.0, 0.5], 1),
        ("sigmoid", [-1.0, -2.0, -0.5], 1),
        ("tanh", [-1.0, -2.0, -0.5], 1),
        ("relu", [-1.0, -2.0, -0.5], 0),
        ("relu", [1.0, 2.0, 0.5], 1),
        ("sigmoid", [1.0, 2.0, 0.9], 0),
    ],
)
def test_identical_units_are_counted_up_to_sign(activation, second, identical):
    config = configure(f"network.activation={activation}")
    first = [1.0, 2.0, 0.5]
    inputs = [[first[0], second[0]], [first[1], second[1]]]
    row = numbers_of(config, [inputs, [[1], [1]]], [[first[2], second[2]], [0]])
    assert row["identical_units"] == identical


def diagnosis() -> pd.DataFrame:
    failures = ["saturated", "saturated", "saddle or plateau", "diverged"]
    return pd.DataFrame(
        {
            "run_id": list("abcd"),
            "failure": pd.Categorical(failures, categories=CLASSES),
            "lr": [0.5, 0.5, 0.5, 9.0],
            "smallest_eigenvalue": [1e-5, -1e-7, -1e-2, np.nan],
            "largest_eigenvalue": [0.3, 0.3, 0.3, np.nan],
            "relative_gradient": [1e-3, 2e-3, 0.0, np.nan],
            "fall_ahead": [0.0, 0.0, 0.97, np.nan],
            "final_loss": [0.125, 0.125, 0.25, np.nan],
        }
    )


def test_a_table_counts_every_class_in_every_setting():
    table = failure_table(diagnosis(), by=["lr"])
    assert list(table) == ["lr", "failed", *CLASSES]
    assert table[["failed", "saturated", "saddle or plateau", "diverged"]].to_numpy().tolist() == [
        [3, 2, 1, 0],
        [1, 0, 0, 1],
    ]


def test_with_all_runs_settings_without_failures_are_there_too():
    outcomes = ["solved"] * 2 + ["unsolved"] * 3 + ["diverged", "solved", None]
    runs = pd.DataFrame({"lr": [0.5] * 5 + [9.0, 1.0, 1.0], "outcome": outcomes})
    table = failure_table(diagnosis(), by=["lr"], runs=runs)
    assert table[["lr", "n", "solved", "failed"]].to_numpy().tolist() == [
        [0.5, 5, 2, 3],
        [1.0, 1, 1, 0],
        [9.0, 1, 0, 1],
    ]
    assert failure_table(diagnosis().iloc[:0], by=["lr"], runs=runs)["failed"].tolist() == [0] * 3


def test_columns_that_are_not_there_are_named():
    with pytest.raises(ValueError, match=r"give what xorlab\.diagnose\(runs\) returns"):
        failure_table(diagnosis().drop(columns="failure"), by=["lr"])
    for by in ([], ["nope"]):
        with pytest.raises(ValueError, match="by: "):
            failure_table(diagnosis(), by=by)


def test_bars_end_at_all_runs_and_name_their_numbers():
    ax = failure_bars(failure_table(diagnosis(), by=["lr"]), ["lr"])
    ends: dict[float, float] = {}
    for bar in ax.patches:
        ends[bar.get_y()] = max(ends.get(bar.get_y(), 0), bar.get_x() + bar.get_width())
    assert list(ends.values()) == pytest.approx([100, 100])
    shares = ["33 %", "67 %", "100 %"]
    labels = ["lr", "0.5", "9", "not solved", "3", "1"]
    assert [text.get_text() for text in ax.texts] == [*labels, *shares]
    assert "not solved (n = 4)" in ax.get_title()
    assert png(ax).startswith(b"\x89PNG")


@pytest.mark.parametrize("draw", [curvature_scatter, descent_scatter])
def test_scatters_show_every_run_that_has_the_numbers(draw):
    ax = draw(diagnosis())
    assert sum(len(dots.get_offsets()) for dots in ax.collections) == 3
    assert "n = 3 not solved" in ax.get_title()
    assert png(ax).startswith(b"\x89PNG")
    assert png(draw(diagnosis().iloc[:0])).startswith(b"\x89PNG")
