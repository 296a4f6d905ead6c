"""Why runs failed: from the numbers that tell to a class, and classes counted per setting."""

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
    """Where one class ends and the next begins. All are shares, so that no scale matters.

    Attributes:
        fall: a way down is one that removes this share of the minimised loss. On 2-2-1 XOR the
            share is below 0.02, or 1/4 and more.
        change: a run is still improving when its loss fell by this share in the last half of
            its epochs, and kept that pace: by a fifth of this in the last tenth. A loss that
            approaches a floor like 1/t changes by about a percent.
        oscillation: a run oscillates when, in the last half of its epochs, its loss both rose
            and fell by this share of its mean, all rises and all falls counted.
        bounce: gradient descent also oscillates when its next step is, to first order, to remove
            this share of the loss, and yet the last half of the epochs did not remove half of
            that: it jumps from side to side of a valley, at the same height at each step.
        saturation: units are saturated when this share of their activations is.
        silent: hidden units are silent, whatever the surface does, when this share is: next to
            no error comes back through them.
        near: a minimum is finite when the descent ends within this many norms of the weights. A
            minimum at infinity is some 10 steps of the descent away and then more; it moved by
            0.8 to 2 norms on 2-2-1 XOR.
        settled: the descent ended on a minimum when no eigenvalue there is below minus this
            share of the largest, and on a strict one when none is below plus this share.
        slope: an activation is saturated where its derivative is below this share of the
            derivative's largest value; the logistic function is from 0.975 on, tanh from 0.95.
        curvature: an eigenvalue counts as negative below minus this share of the largest size:
            smaller ones have no sure sign in float64 (this is the square root of its precision).
        alike: two hidden units are identical when they differ nowhere by more than this share
            of the largest activation of their layer.
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
    """The class of each failed run, from its numbers; the first that fits.

    1. ``diverged``: its outcome says so, or its weights are so large that the surface at them is
       no finite number.
    2. ``oscillating``: its loss goes up and down: the steps are too long for the surface.
    3. ``still improving``: there is a way down, and the run is on it.
    4. ``local minimum``: no way down, and a strict minimum (positive definite Hessian) within
       reach.
    5. ``saturated``: the wrong outputs lie where their activation is flat, so that no error comes
       back; or all hidden units are silent (dead units of a rectifier, units far out); or there
       is no way down and hidden units are saturated: with weights that grow for ever, a minimum
       at infinity that has an error.
    6. ``saddle or plateau``: there is a way down, and the run hardly moves; or the descent itself
       ended where the surface still bends down, as it does at the run's own weights.
    7. ``local minimum`` again: no way down, but with directions in which the surface is flat, as
       there are wherever a rectifier's weights can be scaled against those behind it.

    A way down is one that the descent of `xorlab.failures.descent` finds: it may miss a narrow one.
    The 2-2-1 XOR network has a strictly falling path to error 0 from every finite point
    (Sprinkhuizen-Kuyper & Boers 1999), and runs that go outwards, away from it, all the same.

    Piecewise linear units bend the surface at their kinks alone, which no Hessian sees: what is
    called a minimum there is where curvature-scaled steps find no way down.

    Args:
        numbers: columns of `xorlab.failures.failure_numbers`' two tables, ``outcome``, and
            ``step_share``, the share of the loss that the next step is to remove to first order;
            NaN where that is not known.
        thresholds: see there.
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
    """How many runs of each setting failed in which way.

    Args:
        diagnosis: from `xorlab.diagnose`.
        by: columns that make a setting.
        runs: all runs, solved ones too, from `xorlab.load_runs`; then settings without a failure
            have a row as well.

    Returns:
        the columns of ``by``; ``n``, all runs with an outcome, and ``solved``, if ``runs`` are
        given; ``failed``; and a column per class with its number of runs.

    Raises:
        ValueError: no columns, or a column that is not there.
    """
    by = names_of(by)
    for frame in (diagnosis,) if runs is None else (diagnosis, runs):
        missing = [name for name in by if name not in frame.columns]
        if not by or missing:
            told = f"there is no column {', '.join(missing)}" if missing else "no columns are named"
            raise ValueError(f"by: {told}; there are {', '.join(map(str, frame.columns))}")
    # Runs may lack a key, as those of an optimizer without it do; they are a setting as well.
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
