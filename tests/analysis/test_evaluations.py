"""Statistics in evaluations, for methods whose epochs cost more than one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import xorlab
from xorlab import configure, plot, train_many
from xorlab.analysis.figures.forest import cost_bars
from xorlab.analysis.report.summary import summarise
from xorlab.analysis.statistics.clock import clock_of
from xorlab.tracking.read.frames import curves_frame

# Two settings: one evaluation per epoch, and several; two runs of the second end before the limit.
NAN = np.nan
RUNS = pd.DataFrame(
    {
        "method": ["gd"] * 3 + ["cg"] * 5,
        "seed": [0, 1, 2, 0, 1, 2, 3, 4],
        "outcome": [
            "solved",
            "unsolved",
            "solved",
            "solved",
            "solved",
            "unsolved",
            "unsolved",
            "solved",
        ],
        "training.epochs": 100,
        "epochs_run": [100, 100, 100, 100, 20, 30, 100, 100],
        "epochs_to_solve": [50, NAN, 70, 10, 20, NAN, NAN, 5],
        "epochs_to_seen": [10, 20, 30, 1, NAN, NAN, NAN, 5],
        "evaluations": [NAN] * 3 + [400, 60, 90, 350, NAN],
        "evaluations_to_solve": [NAN] * 3 + [25, 60, NAN, NAN, NAN],
        "evaluations_to_seen": [NAN] * 3 + [2, NAN, NAN, NAN, NAN],
    }
)


def in_evaluations(table):
    """A table of statistics whose epochs are evaluations."""
    return table.rename(columns=lambda name: name.replace("epochs_", "evaluations_"))


def rows(runs, **more):
    table = xorlab.convergence(runs, by="method", **more)
    return table.set_index("method")


def test_times_are_evaluations():
    found = rows(RUNS, time="evaluations")
    assert found["n"].to_dict() == {"cg": 5, "gd": 3}
    assert found["solved"].to_dict() == {"cg": 3, "gd": 2}
    # Followed for 350, 400 and 100 evaluations; those that ended early for as long as any: 400.
    assert found["limit"].to_dict() == {"cg": 100, "gd": 100}
    assert found["evaluations_median"].to_dict() == {"cg": 60, "gd": 70}
    assert not any(name.startswith("epochs") for name in found)
    assert found.loc["cg", "ert"] == pytest.approx((25 + 60 + 100 + 100 + 5) / 3)
    epochs = rows(RUNS)
    pd.testing.assert_series_equal(found.loc["gd"], in_evaluations(epochs).loc["gd"])
    assert epochs.loc["cg", "epochs_median"] == 20


def test_events_are_timed_in_evaluations():
    found = rows(RUNS, time="evaluations", event="seen")
    assert found["solved"].to_dict() == {"cg": 2, "gd": 3}
    assert found.loc["cg", "ert"] == pytest.approx((2 + 5 + 3 * 100) / 2)


def test_a_setting_has_its_own_limits():
    alone = rows(RUNS[RUNS["method"] == "cg"], time="evaluations")
    pd.testing.assert_frame_equal(alone, rows(RUNS, time="evaluations").loc[["cg"]])
    ended = RUNS[RUNS["epochs_run"] < 100]  # all of them before their last epoch
    found = rows(ended, time="evaluations")
    assert (found["limit"].item(), found["ert"].item()) == (90, 60 + 90)


def test_settings_are_compared_in_evaluations():
    a, b = {"method": "cg"}, {"method": "gd"}
    in_epochs = xorlab.compare(RUNS, a, b, paired=False)
    in_evaluations = xorlab.compare(RUNS, a, b, paired=False, time="evaluations")
    assert in_epochs.sooner > in_evaluations.sooner
    pair = xorlab.compare_all(RUNS, by="method", paired=False, time="evaluations")
    assert pair["sooner"].item() == in_evaluations.sooner
    for one, unit in ((in_epochs, "epochs"), (in_evaluations, "evaluations")):
        assert f" within {one.limit:,.0f} {unit} (difference" in str(one)
    assert " evaluations (difference" in pair["sentence"].item()


def test_runs_without_evaluations_made_one_in_each_epoch():
    plain = RUNS.drop(columns=[name for name in RUNS if name.startswith("evaluations")])
    pd.testing.assert_frame_equal(rows(plain, time="evaluations"), in_evaluations(rows(plain)))


def test_another_time_is_refused():
    with pytest.raises(ValueError, match="time=seconds: must be one of epochs, evaluations"):
        rows(RUNS, time="seconds")


def test_trained_networks_are_counted():
    configs = [
        configure(f"optimizer={name}", f"seed={seed}", "init=uniform", "training.epochs=200")
        for name in ("rprop", "conjugate_gradient")
        for seed in range(30)
    ]
    runs = train_many(configs)
    epochs, evaluations = (
        xorlab.convergence(runs, by="optimizer", time=time).set_index("optimizer")
        for time in ("epochs", "evaluations")
    )
    assert (epochs["solved"] > 3).all()
    assert evaluations.loc["rprop", "ert"] == epochs.loc["rprop", "ert"]
    searched = evaluations.loc["conjugate_gradient"], epochs.loc["conjugate_gradient"]
    assert searched[0]["evaluations_q25"] > 2 * searched[1]["epochs_q25"]


def summary_of(runs, keys=("method",)):
    return summarise(runs, pd.DataFrame(), "these runs", [*keys], drawn=False)


def pictured(runs):
    return summarise(runs, curves_frame([]), "these runs", ["method"]).figures


def test_figures_count_and_name_evaluations():
    own = RUNS[RUNS["method"] == "cg"]
    costs = rows(RUNS, time="evaluations").reset_index()
    axes = {
        "evaluations": plot.survival(own, time="evaluations"),
        "cutoff: evaluations after which a run is given up": plot.ert(own, time="evaluations"),
        "evaluations per success, with 95 % interval": cost_bars(costs, ["method"]),
        "evaluations ": plot.epochs(own, time="evaluations"),
    }
    for label, ax in axes.items():
        assert ax.get_xlabel() == label.strip()
    steps = axes["evaluations"].lines[0].get_xdata()
    assert {5, 25, 60} <= set(steps)
    seen = plot.survival(own, event="seen", time="evaluations")
    assert seen.get_ylabel() == "runs without “seen” yet / %"
    assert {2, 5} <= set(seen.lines[0].get_xdata())


def test_a_report_compares_settings_by_evaluations_where_their_epochs_cost_more():
    # Both are solved in as many evaluations on average, but in a tenth of the epochs by the second.
    runs = pd.DataFrame(
        {
            "run_id": range(80),
            "method": ["gd"] * 40 + ["cg"] * 40,
            "seed": [*range(40)] * 2,
            "outcome": "solved",
            "training.epochs": 1000,
            "epochs_run": [*range(101, 141), *range(31, 71)],
            "epochs_to_solve": [*range(101, 141), *range(31, 71)],
            "evaluations": [NAN] * 40 + [10 * epochs for epochs in range(31, 71)],
            "evaluations_to_solve": [NAN] * 40 + [10 * epochs for epochs in range(31, 71)],
        }
    )
    found = summary_of(runs)
    assert found.answer.startswith("method=gd is the cheapest of 2 settings: a success takes")
    assert " evaluations, restarts included" in found.answer
    assert any("compared by evaluations: times and costs" in line for line in found.basis)
    assert found.differences.text[-1] == "Sooner means in fewer evaluations."
    assert {"epochs (median)", "evaluations (median)", "ERT / evaluations"} <= {*found.table.header}
    assert "evaluations_to_solve (median)" not in found.table.header
    cells = dict(zip(found.table.header, found.table.rows()[1], strict=True))
    assert (cells["epochs (median)"], cells["evaluations (median)"]) == ("50", "500")
    drawn = {figure.name: figure.caption for figure in pictured(runs)}
    assert drawn["cost.png"].startswith("Evaluations per success: those to expect until")
    assert "by each evaluation" in drawn["survival.png"]
    assert not any("epoch" in caption for caption in drawn.values())
    assert "ERT" in summary_of(runs[runs["method"] == "gd"]).table.header
    alike = summary_of(runs.drop(columns=["evaluations", "evaluations_to_solve"]))
    assert alike.answer.startswith("method=cg is the cheapest of 2 settings")
    assert " epochs, restarts included" in alike.answer
    assert not any("evaluations" in line for line in alike.basis)


def test_one_method_has_one_clock_however_its_epochs_are_spent():
    runs = RUNS.assign(setting="all")
    assert clock_of(runs, ["setting"]) == "epochs"
    assert clock_of(runs, ["method"]) == "evaluations"
    assert clock_of(runs.drop(columns="evaluations"), ["method"]) == "epochs"
