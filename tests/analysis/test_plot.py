"""Every figure of `xorlab.plot`, and every statistic, of runs with nothing to show."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes

import xorlab
from tests.helpers.samples import table
from tests.landscapes.test_landscape import plane
from xorlab import plot

BY = ["optimizer.lr"]
SEVERAL = table({0.5: [None] * 4, 2.0: [None] * 4}).assign(
    run_id=[f"{n:032x}" for n in range(8)], init=["a", "b"] * 4
)
# As load_runs returns them: without the columns that no run has.
UNSOLVED = SEVERAL.drop(columns=["epochs_to_solve", "diverged_at"])
DIVERGED = UNSOLVED.drop(columns="final_loss").assign(outcome="diverged", diverged_at=3.0)
OWN = UNSOLVED[[*BY, "seed", "run_id", "init"]].assign(
    solved=False, epochs_to_solve=np.nan, epochs_run=9
)
FRAMES = {
    "unsolved": UNSOLVED,
    "diverged": DIVERGED,
    "one unsolved": UNSOLVED[:1],
    "one diverged": DIVERGED[:1],
    "one solved": SEVERAL[:1].assign(outcome="solved", epochs_to_solve=7.0),
    "a table of another tracker": OWN,
}


def curves(runs):
    rows = [(run, step, 0.25) for run in runs["run_id"] for step in (1, 9)]
    return pd.DataFrame(rows, columns=["run_id", "step", "loss"])


def diagnosis(runs):
    """As `xorlab.diagnose` returns it; nothing is known of the surface where a run diverged."""
    diverged = "diverged_at" in runs
    names = ["relative_gradient", "smallest_eigenvalue", "largest_eigenvalue", "fall_ahead"]
    return runs.assign(
        failure="diverged" if diverged else "local minimum",
        final_loss=np.nan if diverged else 0.25,
        **dict.fromkeys(names, np.nan if diverged else 0.1),
    )


def settings(runs, *more):
    return xorlab.convergence(runs, [*BY, *more])


DRAWN = {
    "curvature": lambda runs: plot.curvature(diagnosis(runs)),
    "descent": lambda runs: plot.descent(diagnosis(runs)),
    "epochs": lambda runs: plot.epochs(runs, BY),
    "ert": lambda runs: plot.ert(runs, BY),
    "failures": lambda runs: plot.failures(xorlab.failure_table(diagnosis(runs), BY), BY),
    "heatmap": lambda runs: plot.heatmap(settings(runs, "init"), "optimizer.lr", "init"),
    "landscape": lambda runs: plot.landscape(xorlab.landscape(plane("training.epochs=1"))),
    "loss": lambda runs: plot.loss(runs, curves(runs), BY),
    "parallel_coordinates": lambda runs: plot.parallel_coordinates(settings(runs), BY),
    "rate_by_seeds": lambda runs: plot.rate_by_seeds(runs),
    "success": lambda runs: plot.success(settings(runs), BY),
    "survival": lambda runs: plot.survival(runs, BY),
}


def test_every_figure_is_among_these():
    assert list(DRAWN) == plot.__all__


@pytest.mark.parametrize("frame", FRAMES)
@pytest.mark.parametrize("name", DRAWN)
def test_a_figure_is_drawn_of_runs_with_nothing_to_show(name, frame):
    if name == "landscape" and frame != "unsolved":
        return  # it is of no runs
    ax = DRAWN[name](FRAMES[frame])
    assert isinstance(ax, Axes)
    assert ax.get_title()


@pytest.mark.parametrize("name", sorted({*DRAWN} - {"landscape", "curvature", "descent"}))
def test_no_runs_are_refused_in_one_line(name):
    """A filter that matches none, or a diagnosis where every run was solved.

    The scatter plots say in their titles that n is 0.
    """
    with pytest.raises(ValueError, match=r"^[^\n]*table[^\n]* is empty[^\n]*$"):
        DRAWN[name](UNSOLVED[:0])


@pytest.mark.parametrize("name", ["curvature", "descent"])
def test_runs_in_place_of_their_diagnosis_are_refused(name):
    with pytest.raises(ValueError, match=r"^diagnosis \(from xorlab[.]diagnose\): there is no"):
        getattr(plot, name)(UNSOLVED)


@pytest.mark.parametrize("frame", FRAMES)
def test_statistics_are_of_runs_with_nothing_to_show(frame):
    runs = FRAMES[frame]
    found = xorlab.convergence(runs, BY)
    assert found["rate"].tolist() == [float(frame == "one solved")] * len(found)
    assert xorlab.failure_table(diagnosis(runs), BY)["failed"].sum() == len(runs)
    if len(found) < 2:
        with pytest.raises(ValueError, match="only one setting"):
            xorlab.compare_all(runs, BY)
        with pytest.raises(ValueError, match=r"lr=2: no run has that"):
            xorlab.compare(runs, {"optimizer.lr": 0.5}, {"optimizer.lr": 2.0})
        return
    assert xorlab.compare_all(runs, BY)["claimed"].tolist() == [False]
    for anytime in (False, True):
        pair = xorlab.compare(runs, {"optimizer.lr": 0.5}, {"optimizer.lr": 2.0}, anytime=anytime)
        assert not pair.claimed
