"""Classes of failure: which one fits a run's numbers, and how often each occurs per setting."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from xorlab.analysis.statistics.times import names_of

DIVERGED, OSCILLATING, IMPROVING = "diverged", "oscillating", "still improving"
SADDLE, SATURATED, MINIMUM = "saddle or plateau", "saturated", "local minimum"
CLASSES = (SADDLE, SATURATED, MINIMUM, OSCILLATING, IMPROVING, DIVERGED)


@dataclass(frozen=True)
class Thresholds:
    """Where one class ends and the next begins. All are ratios, so that no scale matters.

    Attributes:
        fall: the descent found a way down if it removed at least this share of the minimised
            loss. On 2-2-1 XOR it removes less than 0.02, or 1/4 and more.
        change: a run is still improving if its loss fell by this share in the last half of its
            epochs, and by a fifth of this share in the last tenth. A loss that approaches a floor
            like 1/t changes by about a percent.
        oscillation: a run oscillates if, in the last half of its epochs, all rises of its loss
            and all falls of it each add up to this share of its mean.
        bounce: gradient descent also oscillates if its next step is, to first order, to remove
            this share of the loss, and yet the last half of the epochs did not remove half as
            much: it jumps between the sides of a valley, at the same height at each step.
        saturation: units are saturated if this share of their activations is.
        silent: hidden units are silent, whatever the surface is like, if this share of their
            activations is saturated: almost no error is propagated through them.
        near: a minimum is finite if the descent ends within this distance, in norms of the
            weights. On the way to a minimum at infinity the descent moved by 0.8 to 2 norms on
            2-2-1 XOR, and would move further with more steps.
        settled: the descent ended at a minimum if no eigenvalue there is below minus this share
            of the largest, and at a strict minimum if none is below plus this share.
        slope: an activation is saturated if its derivative is below this share of the
            derivative's largest value; the logistic function is from 0.975 on, tanh from 0.95.
        curvature: an eigenvalue counts as negative below minus this share of the largest absolute
            one. The sign of smaller ones is uncertain in float64 (this is the square root of its
            precision).
        alike: two hidden units are identical if they differ for no pattern by more than this
            share of the largest activation of their layer.
    """

    fall: float = 0.1
    change: float = 0.05
    oscillation: float = 0.05
    bounce: float = 1e-3
    saturation: float = 0.5
    silent: float = 0.95
    near: float = 0.05
    settled: float = 1e-6
    slope: float = 0.1
    curvature: float = 1.5e-8
    alike: float = 0.01


DEFAULTS = Thresholds()


def classify(numbers: pd.DataFrame, thresholds: Thresholds = DEFAULTS) -> pd.Series:
    """The class of each failed run: the first of these rules that fits its numbers.

    1. ``diverged``: its outcome says so, or its weights are so large that the error surface is
       not finite there.
    2. ``oscillating``: its loss goes up and down: the steps are too long for the surface.
    3. ``still improving``: there is a way down, and the run is on it.
    4. ``local minimum``: there is no way down, and a strict minimum (positive definite Hessian)
       is near.
    5. ``saturated``: the wrong outputs lie where their activation is flat, so that no error is
       propagated back; or all hidden units are silent (dead rectifiers, units with very large
       inputs); or there is no way down and hidden units are saturated: the weights grow for ever,
       towards a minimum at infinity with an error above 0.
    6. ``saddle or plateau``: there is a way down, and the run hardly moves; or the descent ended
       where some curvature is still negative, as it is at the run's own weights.
    7. ``local minimum`` again: there is no way down, but the surface is flat in some directions,
       as it is wherever a rectifier's incoming weights can be scaled against its outgoing ones.

    A way down is one that the descent of `xorlab.failures.descent` finds; it may miss a narrow one.
    The 2-2-1 XOR network has a strictly falling path to error 0 from every finite point
    (Sprinkhuizen-Kuyper & Boers 1999); some runs move away from it, outwards, all the same.

    Piecewise linear units bend the surface only at their kinks, where the Hessian does not show
    it: what is called a minimum there is a point where curvature-scaled steps find no way down.

    Args:
        numbers: a row per run, with the columns of `network_numbers` and `curve_numbers` of
            `xorlab.failures.failure_numbers`, ``outcome``, and ``step_share``, the share of the
            loss that the next step is to remove to first order; NaN if unknown.
        thresholds: where one class ends and the next begins.

    Returns:
        a categorical with the index of ``numbers``.
    """
    limits = thresholds
    broken = (numbers["outcome"] == DIVERGED) | numbers["fall_ahead"].isna()
    descends = numbers["fall_ahead"] >= limits.fall
    bends = numbers["negative_eigenvalues"] > 0
    unsettled = bends & (numbers["curvature_ahead"] < -limits.settled)
    improves = (numbers["recent_change"] >= limits.change) & (
        numbers["latest_change"] >= limits.change / 5
    )
    share = numbers["step_share"]
    bounces = (share >= limits.bounce) & (share > 2 * numbers["recent_change"])
    strict = numbers["curvature_ahead"] > limits.settled
    near = numbers["distance_ahead"] <= limits.near
    silent = numbers["saturation"] >= limits.silent
    stuck = numbers["stuck_outputs"] >= limits.saturation
    full = numbers["saturation"] >= limits.saturation
    rules = [
        (DIVERGED, broken),
        (OSCILLATING, bounces | (numbers["oscillation"] >= limits.oscillation)),
        (IMPROVING, descends & improves),
        (MINIMUM, ~descends & strict & near),
        (SATURATED, stuck | silent | (~descends & ~unsettled & full)),
        (SADDLE, descends | unsettled),
    ]
    conditions = [condition.to_numpy(bool) for _, condition in rules]
    chosen = np.select(conditions, [name for name, _ in rules], MINIMUM)
    return pd.Series(
        pd.Categorical(chosen, categories=list(CLASSES)), index=numbers.index, name="failure"
    )


def failure_table(
    diagnosis: pd.DataFrame, by: Sequence[str], runs: pd.DataFrame | None = None
) -> pd.DataFrame:
    """How many runs of each setting failed, in each class.

    Args:
        diagnosis: from `xorlab.diagnose`.
        by: the columns that identify a setting.
        runs: all runs, solved ones too, from `xorlab.load_runs`; with them, settings without a
            failure have a row as well.

    Returns:
        the columns of ``by``; ``n``, all runs with an outcome, and ``solved``, if ``runs`` are
        given; ``failed``; and a column per class with its number of runs.

    Raises:
        ValueError: ``by`` is empty, or names a column that does not exist.
    """
    by = names_of(by)
    for frame in (diagnosis,) if runs is None else (diagnosis, runs):
        missing = [name for name in by if name not in frame.columns]
        if not by or missing:
            problem = (
                f"there is no column {', '.join(missing)}" if missing else "no columns are named"
            )
            raise ValueError(f"by: {problem}; there are {', '.join(map(str, frame.columns))}")
    # A key is missing in runs of an optimizer without it; they make a setting of their own.
    failed = pd.get_dummies(diagnosis["failure"].astype(str), dtype="int64")
    failed = failed.reindex(columns=list(CLASSES), fill_value=0)
    counts = failed.groupby([diagnosis[name] for name in by], dropna=False).sum()
    counts.insert(0, "failed", counts.sum(axis="columns"))
    if runs is not None:
        ended = runs[runs["outcome"].notna()]
        groups = (ended["outcome"] == "solved").groupby([ended[name] for name in by], dropna=False)
        totals = pd.DataFrame({"n": groups.size(), "solved": groups.sum()})
        counts = totals.join(counts).fillna(0)
    return counts.astype("int64").reset_index()
