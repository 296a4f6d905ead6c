"""Times to convergence from a table of runs, and where each run is censored."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from xorlab.analysis.statistics.times import times_of

NAN = np.nan


def runs(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame(columns).rename(columns={"limit": "training.epochs"})


def test_unsolved_and_diverged_runs_are_censored_at_their_own_limits():
    found = times_of(
        runs(
            outcome=["solved", "unsolved", "diverged", "diverged"],
            epochs_to_solve=[30.0, NAN, NAN, NAN],
            epochs_run=[200, 200, 17, 40],
            diverged_at=[NAN, NAN, 17.0, 40.0],
            limit=[200, 200, 200, 100],
        )
    )
    assert found.time.tolist() == [30, 200, 200, 100]
    assert found.solved.tolist() == [True, False, False, False]
    assert found.spent.tolist() == [30, 200, 17, 40]
    assert found.horizon == 100


def test_a_run_that_a_small_gradient_ended_is_censored_at_the_limit():
    found = times_of(runs(outcome=["unsolved"], epochs_to_solve=[NAN], epochs_run=[12], limit=[90]))
    assert found.time.tolist() == [90]


def test_at_the_smallest_limit_later_successes_do_not_count():
    own = times_of(
        runs(
            outcome=["solved", "solved", "unsolved"],
            epochs_to_solve=[150.0, 20.0, NAN],
            limit=[200, 200, 100],
        )
    )
    found = own.common()
    assert found.time.tolist() == [100, 20, 100]
    assert found.solved.tolist() == [False, True, False]
    assert found.spent.tolist() == [100, 20, 100]


@pytest.mark.parametrize(
    ("outcomes", "solve", "ran", "limits"),
    [
        # Trained on after solving, or unsolved: the limit shows.
        (["solved", "unsolved"], [5.0, NAN], [60, 60], [60, 60]),
        (["solved", "diverged"], [5.0, NAN], [60, 9], [60, 60]),
        # Stopped when solved: it does not show in these, but in the others.
        (["solved", "unsolved"], [5.0, NAN], [5, 60], [60, 60]),
        # All solved and stopped: beyond the last success nothing differs.
        (["solved", "solved"], [5.0, 7.0], [5, 7], [7, 7]),
        # Mixed limits.
        (["unsolved", "unsolved"], [NAN, NAN], [60, 90], [60, 90]),
        # Nothing shows how long the diverged run would have been followed.
        (["solved", "diverged"], [5.0, NAN], [5, 3], [NAN, NAN]),
    ],
)
def test_without_the_column_the_limit_is_what_the_runs_show(outcomes, solve, ran, limits):
    found = times_of(runs(outcome=outcomes, epochs_to_solve=solve, epochs_run=ran))
    if np.isnan(limits).any():
        assert np.isnan(found.horizon)
    else:
        assert found.limit.tolist() == limits


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"outcome": ["solved"], "epochs_to_solve": [NAN]}, "every solved run"),
        ({"outcome": ["solved"]}, "every solved run"),
        ({"outcome": ["solved"], "epochs_to_solve": [-1.0]}, ">= 0"),
        ({"outcome": ["solved"], "epochs_to_solve": [9.0], "limit": [5]}, "training.epochs=5"),
        ({"outcome": ["solvd"], "epochs_to_solve": [9.0]}, "solved, unsolved, diverged"),
    ],
)
def test_runs_that_contradict_themselves_are_refused(columns, message):
    with pytest.raises(ValueError, match=message):
        times_of(runs(**columns))
