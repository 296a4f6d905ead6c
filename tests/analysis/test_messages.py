"""Arguments of statistics and figures that cannot be used: the message says what can."""

from __future__ import annotations

import pytest

import xorlab
from tests.helpers.samples import table
from xorlab.analysis.statistics.verdict import in_points, in_share

RUNS = table({0.5: [5, 9, None, 14], 2.0: [3, None, 7, 8]}).assign(
    run_id=[f"{n:032x}" for n in range(8)], init=["a", "b"] * 4
)
SETTING = {"optimizer.lr": 0.5}


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: xorlab.plot.survival(RUNS, by="lr"), "by: .* did you mean optimizer.lr?"),
        (lambda: xorlab.plot.epochs(RUNS, by=["init", "lr"]), "did you mean optimizer.lr?"),
        (lambda: xorlab.plot.loss(RUNS[:0], RUNS), "runs: the table is empty"),
        (lambda: xorlab.plot.heatmap(RUNS, "lr", "init"), "x, y: there is no column lr"),
        (lambda: xorlab.plot.success(RUNS, ["init"]), "from xorlab.convergence.*no column rate"),
        (lambda: xorlab.convergence(RUNS, ["init"], "0.9"), "confidence='0.9': must be a number"),
        (lambda: xorlab.seeds_needed(half_width="0.1"), "half_width='0.1': must be a number"),
        (lambda: xorlab.compare(RUNS, "optimizer=gd", SETTING), "a='optimizer=gd': must have"),
    ],
)
def test_what_cannot_be_used_is_named_with_what_can(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_lines_of_a_figure_may_be_settings_of_several_keys():
    for draw in (xorlab.plot.survival, xorlab.plot.epochs):
        _, labels = draw(RUNS, by=["optimizer.lr", "init"]).get_legend_handles_labels()
        assert labels == [f"lr={lr}, init={init} (n = 2)" for lr in ("0.5", "2") for init in "ab"]


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        ((-0.012, -0.02, -0.004), ["-1.2", "-2.0", "-0.4"]),
        ((0.25, 0.05, 0.4), ["+25", "+5", "+40"]),
        ((0.0, -0.0001, 0.05), ["0", "0", "+5.0"]),
    ],
)
def test_small_differences_have_a_decimal(values, shown):
    assert in_points(values) == shown


def test_a_probability_beside_one_half_is_not_rounded_to_it():
    assert in_share((0.43, 0.37, 0.4989)) == ["0.430", "0.370", "0.499"]
    assert in_share((0.43, 0.37, 0.5)) == ["0.43", "0.37", "0.50"]
