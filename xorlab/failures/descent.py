"""Follow the error surface down from the weights of many networks, in a few large steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.failures.curvature import error_surface
from xorlab.failures.error_values import error_loss
from xorlab.networks.config import Config
from xorlab.networks.tasks.tasks import Task

Floats = npt.NDArray[np.float64]

STEPS = 60
# Curvatures below this share of the largest are rounding errors, and are raised to this share.
_FLATTEST = 1e-8
# The first step breaks exact symmetry, which no gradient can: two equal units stay equal for ever.
# Both lengths are multiples of the norm of the weights, or of 1 if that is larger.
_NUDGE = 1e-3
_RADIUS = 0.1
# The descent of a network ends when only this share of its loss is left; or when several steps in
# a row gained almost nothing and no curvature is negative; or when its trust radius is tiny.
_ENOUGH = 0.1
_GAIN = 1e-7
_PATIENCE = 5
_SMALLEST_RADIUS = 1e-9


@dataclass(frozen=True, eq=False)
class DescentEnd:
    """Where the descent of N networks ended.

    Attributes:
        loss: (N,) what training minimises, at the end.
        packed: (K, N) weights and biases at the end.
        smallest: (N,) smallest eigenvalue of the Hessian at the end, over the largest absolute one.
    """

    loss: Floats
    packed: Floats
    smallest: Floats


def descend(
    config: Config,
    task: Task,
    packed: npt.NDArray[np.floating],
    weight_decay: Floats,
    seed: int = 0,
    steps: int = STEPS,
) -> DescentEnd:
    """Follow the surface down from each network's weights, scaling steps by curvature.

    Gradient descent needs very many epochs to leave a saddle, and never arrives at a minimum at
    infinity. This is the saddle-free Newton method of Dauphin et al. (2014): in each eigendirection
    of the Hessian the step is minus the gradient over the *absolute* curvature. It leaves a saddle
    as fast as it approaches a minimum, and along a valley that falls exponentially towards
    infinity each step divides the remaining height by e. A step longer than the trust radius is
    shortened to it; a step that does not lower the loss is undone, and the radius divided by four.

    Args:
        config: what the networks share; see `xorlab.failures.curvature.error_surface`.
        task: the patterns.
        packed: (K, N) weights and biases, all finite.
        weight_decay: (N,).
        seed: of the random first step that breaks symmetry.
        steps: the largest number of steps.

    Raises:
        ConfigError: the network has too many parameters for its Hessian.
    """
    points = np.array(packed, np.float64)
    extent = np.maximum(1.0, np.linalg.norm(points, axis=0))
    nudge = np.random.default_rng(seed).normal(size=len(points))
    points += _NUDGE * np.outer(nudge / np.linalg.norm(nudge), extent)
    first = error_surface(config, task, points, weight_decay)
    loss, gradient, hessian = first.loss.copy(), first.gradient.copy(), first.hessian.copy()
    start, radius, idle = loss.copy(), _RADIUS * extent, np.zeros(len(loss), np.int64)
    bends_down = np.ones(len(loss), np.bool_)
    for _ in range(steps):
        finite = np.isfinite(hessian).all(axis=(1, 2)) & np.isfinite(gradient).all(axis=0)
        busy = (bends_down | (idle < _PATIENCE)) & (radius > _SMALLEST_RADIUS * extent)
        active = np.flatnonzero(finite & busy & (loss > _ENOUGH * start))
        if not len(active):
            break
        step, bends_down[active] = _saddle_free(hessian[active], gradient[:, active])
        limit, length = radius[active], _norm(step)
        with np.errstate(all="ignore"):
            step *= np.minimum(1.0, limit / length)
        step[~np.isfinite(step)] = 0.0
        # A step that is undone needs no Hessian, which costs much more than the loss.
        next_loss = error_loss(config, task, points[:, active] + step, weight_decay[active])
        better = next_loss < loss[active]
        gained = next_loss < (1.0 - _GAIN) * loss[active]
        longer = np.where(length > limit, 2.0, 1.0) * limit
        radius[active] = np.where(better, longer, np.minimum(length, limit) / 4.0)
        idle[active] = np.where(gained, 0, idle[active] + 1)
        moved = active[better]
        points[:, moved] += step[:, better]
        there = error_surface(config, task, points[:, moved], weight_decay[moved])
        loss[moved], gradient[:, moved], hessian[moved] = there.loss, there.gradient, there.hessian
    return DescentEnd(loss, points, smallest_share(hessian))


def smallest_share(hessian: Floats) -> Floats:
    """(N,) smallest eigenvalue over the largest absolute one; NaN if a Hessian is not finite."""
    share = np.full(len(hessian), np.nan)
    finite = np.isfinite(hessian).all(axis=(1, 2))
    eigenvalues = np.linalg.eigvalsh(hessian[finite])
    largest = np.abs(eigenvalues).max(axis=1, initial=0.0)
    share[finite] = eigenvalues[:, 0] / np.maximum(largest, np.finfo(float).tiny)
    return share


def _saddle_free(hessian: Floats, gradient: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The steps (K, N), and whether some curvature is negative (N,)."""
    eigenvalues, vectors = np.linalg.eigh(hessian)
    sizes = np.abs(eigenvalues)
    floor = np.maximum(_FLATTEST * sizes.max(axis=1, keepdims=True), np.finfo(float).tiny)
    along = vectors.swapaxes(1, 2) @ gradient.T[:, :, None]
    with np.errstate(all="ignore"):
        scaled = along / np.maximum(sizes, floor)[:, :, None]
        step: Floats = -(vectors @ scaled)[:, :, 0].T
    return step, eigenvalues[:, 0] < -floor[:, 0]


def _norm(step: Floats) -> Floats:
    """(N,) lengths; steps whose squares overflow are measured correctly too."""
    largest = np.abs(step).max(axis=0)
    with np.errstate(all="ignore"):
        length: Floats = largest * np.linalg.norm(step / largest, axis=0)
    return np.where(largest > 0, length, 0.0)
