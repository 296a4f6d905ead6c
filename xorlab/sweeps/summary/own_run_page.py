"""The page of one recorded run of a user's trainer: how it ended, its curves, its numbers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.column_names import TRAINER
from xorlab.analysis.counts import counted
from xorlab.analysis.figures.log_axes import log_axis
from xorlab.analysis.figures.picture import WIDTH, Picture
from xorlab.analysis.figures.style import COLOURS, new_axes, plain_epochs
from xorlab.analysis.labels import short
from xorlab.analysis.report.html import Origin
from xorlab.analysis.report.run_page import OTHER_SEEDS, other_seeds, run_page
from xorlab.analysis.report.section import Section
from xorlab.tracking.names import CURVE
from xorlab.tracking.read.frames import setting_keys
from xorlab.tracking.read.runs import curves_of, named_curves
from xorlab.tracking.store.store import Store
from xorlab.trainers.result import DIVERGED, SOLVED

_MOST_CURVES = 8


def own_run_page(store: Store, run: pd.Series, runs: pd.DataFrame, origin: Origin) -> bytes:
    """The page.

    Args:
        store: that has the run.
        run: a row of ``runs``, with an outcome.
        runs: from `xorlab.load_runs`: the run's experiment, where other seeds are looked for.
        origin: where the run comes from.

    Returns:
        an HTML page that opens offline, UTF-8.
    """
    one = runs[runs["run_id"] == run["run_id"]]
    one.attrs = runs.attrs
    keys = [key for key in setting_keys(one) if pd.notna(run[key])]
    configured = [["seed", str(run["seed"])], *([key, short(run[key])] for key in keys)]
    sections = [
        Section("How it was configured", (), ("key", "value"), configured),
        _others(run, runs, keys),
        _numbers(run, one, keys),
    ]
    return run_page(str(run["name"]), _answer(run), origin, _figures(store, run, one), sections)


def _answer(run: pd.Series) -> list[str]:
    if run["outcome"] == SOLVED:
        return [f"Solved at step {run['epochs_to_solve']:,.0f}."]
    epochs = counted(int(run["epochs_run"]), "epoch")
    ended = f"Diverged after {epochs}" if run["outcome"] == DIVERGED else f"Not solved in {epochs}"
    why = "Why is not known: the classes of failure are of the built-in network."
    return [f"{ended}.", why]


def _others(run: pd.Series, runs: pd.DataFrame, keys: list[str]) -> Section:
    """What other seeds did with the same keys, trained by the same version of the trainer."""
    same = runs["outcome"].notna() & (runs["key"] != run["key"]) & (runs[TRAINER] == run[TRAINER])
    alike = np.logical_and.reduce([same, *((runs[key] == run[key]) for key in keys)])
    if not alike.any():
        return Section(OTHER_SEEDS, ["None is recorded."])
    return other_seeds(runs[alike])


def _numbers(run: pd.Series, one: pd.DataFrame, keys: list[str]) -> Section:
    numbers = [str(name) for name in one.select_dtypes("number").columns]
    given = {"seed", *keys}
    names = [name for name in numbers if name not in given and pd.notna(run[name])]
    rows = [[name, f"{run[name]:.6g}"] for name in names]
    return Section("Where it ended", (), ("number", "value"), rows)


def _figures(store: Store, run: pd.Series, one: pd.DataFrame) -> list[Picture]:
    names = sorted(named_curves(store, str(run["run_id"])), key=lambda name: name != CURVE)
    solved = float(run["epochs_to_solve"]) if run["outcome"] == SOLVED else None
    pictures = []
    for name in names[:_MOST_CURVES]:
        curve = curves_of(store, one, name)
        steps, values = curve["step"].to_numpy(np.int64), curve[name].to_numpy(np.float64)
        drawn = partial(curve_figure, name, steps, values, solved)
        pictures.append(Picture(f"{name}.png", f"{name} along the way.", drawn))
    return pictures


def curve_figure(name: str, steps: np.ndarray, values: np.ndarray, solved: float | None) -> Axes:
    """One recorded curve of one run.

    Args:
        name: of the curve.
        steps: (R,) epochs completed.
        values: (R,) at those steps.
        solved: the step at which the run was first solved, marked; None if it never was.
    """
    ax = new_axes(WIDTH, 3.6)
    ax.plot(steps, values, color=COLOURS[0])
    if name == CURVE and (values > 0).all():
        ax.set_yscale("log")
        log_axis(ax.yaxis)
    plain_epochs(ax)
    ax.set_title(f"{name} (n = 1)")
    if solved is not None:
        ax.axvline(solved, color=COLOURS[2], ls="--", lw=1, label=f"solved at {solved:,.0f}")
        ax.legend(frameon=False, loc="best")
    return ax
