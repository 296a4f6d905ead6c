"""Which class of failure fits the numbers of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.failures.classes import (
    DEFAULTS,
    DIVERGED,
    IMPROVING,
    MINIMUM,
    OSCILLATING,
    OVERSHOT,
    SADDLE,
    SATURATED,
    Thresholds,
)

Numbers = Mapping[str, npt.NDArray[Any]]


def classify(numbers: Numbers, thresholds: Thresholds = DEFAULTS) -> list[str]:
    """The class of each failed run: the first of these rules that fits its numbers.

    1. ``diverged``: its outcome says so, or its weights are so large that the error surface is
       not finite there.
    2. ``oscillating``: its loss goes up and down: the steps are too long for the surface.
    3. ``still improving``: there is a way down, even if it removes but half as much of the loss
       as the others ask for, and the run is on it.
    4. ``local minimum``: there is no way down, and a strict minimum (positive definite Hessian)
       is near.
    5. ``first step too long``: saturated, as below, and the loss never came back to where it was
       before the first step: that step threw the weights to where almost nothing is propagated.
    6. ``saturated``: the wrong outputs lie where their activation is flat, so that no error is
       propagated back; or all hidden units are silent (dead rectifiers, units with very large
       inputs); or there is no way down and hidden units are saturated: the weights grow for ever,
       towards a minimum at infinity with an error above 0.
    7. ``saddle or plateau``: there is a way down, and the run hardly moves; or the descent ended
       where some curvature is still negative, as it is at the run's own weights.
    8. ``local minimum`` again: there is no way down, but the surface is flat in some directions,
       as it is wherever a rectifier's incoming weights can be scaled against its outgoing ones.

    A way down is one that the descent of `xorlab.failures.descent` finds; it may miss a narrow one.
    The 2-2-1 XOR network has a strictly falling path to error 0 from every finite point
    (Sprinkhuizen-Kuyper & Boers 1999); some runs move away from it, outwards, all the same.

    Piecewise linear units bend the surface only at their kinks, where the Hessian does not show
    it: what is called a minimum there is a point where curvature-scaled steps find no way down.

    Args:
        numbers: (N,) columns by name: those of `xorlab.failures.failure_numbers`, and
            ``outcome``.
        thresholds: where one class ends and the next begins.

    Returns:
        the class of each run.
    """
    limits = thresholds
    broken = (numbers["outcome"] == DIVERGED) | np.isnan(numbers["fall_ahead"])
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
    saturated = stuck | silent | (~descends & ~unsettled & full)
    overshot = numbers["overshoot"] >= limits.overshoot
    rules = [
        (DIVERGED, broken),
        (OSCILLATING, bounces | (numbers["oscillation"] >= limits.oscillation)),
        (IMPROVING, improves & (numbers["fall_ahead"] >= limits.fall / 2)),
        (MINIMUM, ~descends & strict & near),
        (OVERSHOT, saturated & overshot),
        (SATURATED, saturated),
        (SADDLE, descends | unsettled),
    ]
    conditions, names = [fits for _, fits in rules], [name for name, _ in rules]
    chosen: list[str] = np.select(conditions, names, MINIMUM).tolist()
    return chosen
