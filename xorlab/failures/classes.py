"""The classes of failure, and the thresholds between them."""

from __future__ import annotations

from dataclasses import dataclass

DIVERGED, OSCILLATING, IMPROVING = "diverged", "oscillating", "still improving"
SADDLE, SATURATED, MINIMUM = "saddle or plateau", "saturated", "local minimum"
OVERSHOT = "first step too long"
CLASSES = (SADDLE, OVERSHOT, SATURATED, MINIMUM, OSCILLATING, IMPROVING, DIVERGED)


@dataclass(frozen=True)
class Thresholds:
    """Where one class ends and the next begins. All are ratios, so that no scale matters.

    Attributes:
        fall: the descent found a way down if it removed at least this share of the minimised
            loss. On 2-2-1 XOR it removes less than 0.02, or 1/4 and more. Half of it is enough
            for a run whose loss still falls.
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
        overshoot: a saturated run was made so by its first step if its loss stayed above the
            initial one by at least this share. On 2-2-1 XOR it is 0.3 and more at a learning rate
            of 100, and 0 where the initial weights were too large.
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
    overshoot: float = 0.1
    near: float = 0.05
    settled: float = 1e-6
    slope: float = 0.1
    curvature: float = 1.5e-8
    alike: float = 0.01


DEFAULTS = Thresholds()
