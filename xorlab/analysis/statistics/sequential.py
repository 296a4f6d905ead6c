"""A success rate that may be looked at after every run.

Wilson's interval is right for a number of seeds that was fixed beforehand. Whoever adds seeds until
the interval looks good is wrong more often than it says. A confidence sequence holds the rate at
all looks together, whenever one stops.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from xorlab.analysis.statistics.intervals import CONFIDENCE, Floats, Pair, z_value

PRIOR = 0.5
_HALVINGS = 60


def confidence_sequence(
    solved: npt.ArrayLike,
    n: npt.ArrayLike,
    confidence: float = CONFIDENCE,
    prior: float = PRIOR,
) -> Pair:
    """Interval of a success rate that is valid at all n at once.

    The rates p at which the ratio of the likelihoods of the runs, mixed over a Beta(prior, prior)
    against p, stays below 1 / (1 - confidence). Under the true rate the ratio is a martingale that
    begins at 1, so it ever exceeds that with probability at most 1 - confidence (Ville 1939): the
    beta-binomial mixture of Robbins (1970), and the prior-posterior ratio of Waudby-Smith & Ramdas
    (2020).

    Args:
        solved: number of runs solved so far, any shape; need not be whole.
        n: number of runs so far; 0 gives the interval from 0 to 1.
        confidence: that the interval holds the rate after every run.
        prior: of the mixture: 1/2 is narrow near 0 and 1; the interval is valid for any.

    Returns:
        lower and upper ends; exactly 0 where none, and 1 where all are solved.

    Raises:
        ValueError: counts that contradict themselves, a confidence or prior out of bounds.
    """
    z_value(confidence)
    if not prior > 0:
        raise ValueError(f"prior={prior}: must be a number > 0")
    k, n = np.broadcast_arrays(np.asarray(solved, float), np.asarray(n, float))
    if not ((k >= 0) & (k <= n)).all():
        raise ValueError("solved, n: must be counts with 0 <= solved <= n")
    allowed = (
        special.betaln(prior + k, prior + n - k)
        - special.betaln(prior, prior)
        + math.log(1 - confidence)
    )
    estimate = np.divide(k, n, out=np.full(k.shape, 0.5), where=n > 0)
    return _end(0.0, estimate, k, n, allowed), _end(1.0, estimate, k, n, allowed)


def seeds_until(
    solved: int, n: int, half_width: float, confidence: float = CONFIDENCE, prior: float = PRIOR
) -> int:
    """How many more seeds to expect until the confidence sequence is narrow enough.

    Supposes that the next runs are solved at the rate of those so far, drawn a little towards 1/2
    by the prior.

    Args:
        solved: number of runs solved so far.
        n: number of runs so far.
        half_width: half the length that the interval shall have at most.
        confidence: of the sequence.
        prior: of the sequence.

    Returns:
        0 if it is narrow enough already.

    Raises:
        ValueError: as `confidence_sequence`; a half-width not between 0 and 1/2.
    """
    if not 0 < half_width < 0.5:
        raise ValueError(f"half_width={half_width}: must be between 0 and 0.5")
    rate = (solved + prior) / (n + 2 * prior)

    def wide(more: int) -> bool:
        low, high = confidence_sequence(solved + rate * more, n + more, confidence, prior)
        return float(np.subtract(high, low)) / 2 > half_width

    if not wide(0):
        return 0
    most = 1
    while wide(most):
        most *= 2
    least = most // 2
    while most - least > 1:
        middle = (least + most) // 2
        least, most = (middle, most) if wide(middle) else (least, middle)
    return most


def _end(side: float, estimate: Floats, k: Floats, n: Floats, allowed: Floats) -> Floats:
    """Where the likelihood has sunk to what is allowed, between the estimate and 0 or 1."""
    inside, outside = estimate.copy(), np.full(estimate.shape, side)
    for _ in range(_HALVINGS):
        middle = (inside + outside) / 2
        within = special.xlogy(k, middle) + special.xlog1py(n - k, -middle) > allowed
        inside, outside = np.where(within, middle, inside), np.where(within, outside, middle)
    # None solved never excludes a rate of 0, nor all solved one of 1.
    return np.where(k == (n if side else 0), side, outside)
