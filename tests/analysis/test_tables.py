"""Statistics of any table: other trackers, CSV files, curves at any threshold, events."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import xorlab

RUNS = pd.DataFrame(
    {
        "lr": [0.1] * 4 + [0.5] * 4,
        "solved": [True, True, False, True, 1, 0, 0, 0],
        "epochs_to_solve": [3.0, 5, np.nan, 9, 4, np.nan, np.nan, np.nan],
        "epochs_run": [10] * 8,
    }
)


def test_a_table_of_another_tracker_is_as_good_as_our_own():
    found = xorlab.convergence(RUNS, by="lr")
    assert found["solved"].tolist() == [3, 1]
    assert found["limit"].tolist() == [10, 10]
    named = RUNS.rename(columns={"solved": "ok", "epochs_to_solve": "t", "epochs_run": "n"})
    again = xorlab.as_runs(named, solved="ok", epochs_to_solve="t", epochs_run="n")
    pd.testing.assert_frame_equal(xorlab.convergence(again, by="lr"), found)
    assert xorlab.compare(RUNS, {"lr": 0.1}, {"lr": 0.5}).n_a == 4
    assert len(xorlab.compare_all(RUNS, by="lr")) == 1


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("solved", 2, "solved=2 in row 1: must be true or false, 1 or 0"),
        ("solved", "yes", "solved: must be numbers"),
        ("epochs_to_solve", -1, "epochs_to_solve=-1.0 in row 1: must be at least 0"),
        ("epochs_to_solve", 11, "epochs_to_solve=11.0 in row 1: must be at most epochs_run"),
        ("epochs_to_solve", np.nan, "epochs_to_solve=nan in row 1: must be a number where the"),
        ("epochs_run", np.nan, "epochs_run=nan in row 1: must be a number >= 0"),
    ],
)
def test_what_cannot_be_is_refused_by_column_value_and_row(column, value, message):
    wrong = RUNS.astype({column: object})
    wrong.loc[1, column] = value
    if column != "solved":
        wrong = wrong.astype({column: float})
    with pytest.raises(ValueError, match=message):
        xorlab.convergence(wrong, by="lr")


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match="there is no column epochs_run; a table of runs needs"):
        xorlab.convergence(RUNS.drop(columns="epochs_run"), by="lr")


def test_an_event_counts_in_place_of_the_solution():
    runs = xorlab.as_runs(RUNS).assign(epochs_to_seen=[1.0, 2, 3, 4, 5, 6, np.nan, 8])
    found = xorlab.convergence(runs, by="lr", event="seen")
    assert found["solved"].tolist() == [4, 3]
    # Epochs spent per event: 1 + 2 + 3 + 4, and 5 + 6 + 8 with the ten that saw nothing.
    assert found["ert"].tolist() == pytest.approx([10 / 4, 29 / 3])
    compared = xorlab.compare(runs, {"lr": 0.1}, {"lr": 0.5}, event="seen")
    assert compared.rate_a == 1
    assert " reached 'seen' within " in str(compared)
    with pytest.raises(ValueError, match=r"event=odd: no run has reached it.*reached: seen"):
        xorlab.convergence(runs, by="lr", event="odd")
    never = xorlab.convergence(runs.assign(epochs_to_odd=float("nan")), by="lr", event="odd")
    assert never["rate"].tolist() == [0, 0]


def test_runs_with_a_validation_set_have_looked_whether_they_generalise():
    runs = xorlab.as_runs(RUNS).assign(final_validation_loss=0.2)
    found = xorlab.convergence(runs, by="lr", event="generalise")
    assert found["rate"].tolist() == [0, 0]


@given(
    curves=st.lists(
        st.dictionaries(st.integers(0, 50), st.floats(0, 1), min_size=1, max_size=20),
        min_size=1,
        max_size=5,
    ),
    limit=st.floats(0, 1),
    seed=st.randoms(use_true_random=False),
)
def test_first_passage_is_the_first_recorded_step_at_the_threshold(curves, limit, seed):
    rows = [(n, step, loss) for n, one in enumerate(curves) for step, loss in one.items()]
    seed.shuffle(rows)
    table = pd.DataFrame(rows, columns=["run_id", "step", "loss"])
    found = xorlab.first_passage(table, below=limit).set_index("run_id")
    mirrored = xorlab.first_passage(table.assign(loss=-table["loss"]), above=-limit)
    pd.testing.assert_frame_equal(found, mirrored.set_index("run_id"))
    for n, one in enumerate(curves):
        hits = sorted(step for step, loss in one.items() if loss <= limit)
        row = found.loc[n]
        assert row["solved"] == bool(hits)
        assert row["epochs_run"] == max(one)
        if hits:
            earlier = [step for step in one if step < hits[0]]
            assert row["epochs_to_solve"] == hits[0]
            np.testing.assert_equal(row["epochs_before"], float(max(earlier, default=np.nan)))
    if found["solved"].any():
        xorlab.convergence(found.assign(all="runs"), by="all")


def test_thresholds_and_columns_of_curves_are_checked():
    table = pd.DataFrame({"run_id": ["a", "a"], "step": [1, 1], "loss": [0.1, 0.2]})
    with pytest.raises(ValueError, match="name one threshold"):
        xorlab.first_passage(table)
    with pytest.raises(ValueError, match="a run has the same step twice"):
        xorlab.first_passage(table, below=0.1)
    with pytest.raises(ValueError, match="there is no column accuracy; the curves have run_id"):
        xorlab.first_passage(table, above=0.1, value="accuracy")


@pytest.mark.parametrize(
    ("lacks", "message"),
    [
        (["outcome"], "no column outcome; a table of your own needs solved, epochs_to_solve and"),
        (["epochs_to_solve"], "no column epochs_to_solve"),
        (["epochs_run"], "neither epochs_run nor training.epochs"),
    ],
)
def test_a_table_of_ones_own_is_told_what_it_lacks(lacks, message):
    whole = pd.DataFrame(
        {
            "lr": [1, 1],
            "outcome": ["solved", "unsolved"],
            "epochs_to_solve": [3, np.nan],
            "epochs_run": [9, 9],
        }
    )
    assert xorlab.convergence(whole, by="lr")["rate"].tolist() == [0.5]
    table = whole.drop(columns=lacks)
    with pytest.raises(ValueError, match=message):
        xorlab.convergence(table, by="lr")
    with pytest.raises(ValueError, match=message):
        xorlab.plot.survival(table, by="lr")
    with pytest.raises(TypeError, match="must be a table of pandas"):
        xorlab.convergence([1, 2], by="lr")
