"""Where the error surface leads from the weights of many networks, in a few large steps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.config.schema import Config
from xorlab.failures.curvature import error_surface
from xorlab.networks.tasks.tasks import Task

Floats = npt.NDArray[np.float64]

STEPS = 60
# Curvatures below this share of the largest are taken for it: the direction is flat to rounding.
_FLATTEST = 1e-8
# The first step leaves exact symmetry, from which no gradient leads away: two equal units stay
# equal for ever. Both lengths are shares of the weights' norm, or of 1 where that is smaller.
_NUDGE = 1e-3
_RADIUS = 0.1
# A network is done where all but this share of its loss is gone; or where several steps gained
# next to nothing and the surface does not bend down; or where its radius has shrunk to nothing.
_ENOUGH = 0.1
_GAIN = 1e-7
_PATIENCE = 5
_SMALLEST_RADIUS = 1e-9


@dataclass(frozen=True, eq=False)
class DescentEnd:
    """How N networks come out of the descent.

    Attributes:
        loss: (N,) what training minimises, at the end.
        packed: (K, N) weights and biases there.
        smallest: (N,) smallest eigenvalue of the Hessian there, as a share of the largest size.
    """

    loss: Floats
    packed: Floats
    smallest: Floats


def go_downhill(
    config: Config,
    task: Task,
    packed: npt.NDArray[np.floating],
    weight_decay: Floats,
    seed: int = 0,
    steps: int = STEPS,
) -> DescentEnd:
    """Follow the surface down from each network's weights, scaling steps by curvature.

    Gradient descent needs very many epochs to leave a saddle, and never arrives at a minimum
    that lies at infinity. A step of minus the gradient over the *size* of the curvature, in each
    eigendirection of the Hessian (the saddle-free Newton method of Dauphin et al. 2014), moves
    away from a saddle as fast as it moves towards a minimum, and follows a valley outwards by a
    factor of e in its remaining height per step. A step longer than a trust radius is cut to it;
    a step that does not lower the loss is undone and the radius divided by four.

    Args:
        config: what the networks share, as `xorlab.failures.curvature.error_surface` takes it.
        task: the patterns.
        packed: (K, N) weights and biases, all finite.
        weight_decay: (N,).
        seed: of the nudge with which the descent begins.
        steps: at most so many.

    Raises:
        ConfigError: as `error_surface` does.
    """
    points = np.array(packed, np.float64)
    extent = np.maximum(1.0, np.linalg.norm(points, axis=0))
    nudge = np.random.default_rng(seed).normal(size=len(points))
    points += _NUDGE * np.outer(nudge / np.linalg.norm(nudge), extent)
    first = error_surface(config, task, points, weight_decay)
    loss, gradient, hessian = first.loss.copy(), first.gradient.copy(), first.hessian.copy()
    start, radius, idle = loss.copy(), _RADIUS * extent, np.zeros(len(loss), np.int64)
    bent = np.ones(len(loss), np.bool_)
    for _ in range(steps):
        finite = np.isfinite(hessian).all(axis=(1, 2)) & np.isfinite(gradient).all(axis=0)
        busy = (bent | (idle < _PATIENCE)) & (radius > _SMALLEST_RADIUS * extent)
        going = np.flatnonzero(finite & busy & (loss > _ENOUGH * start))
        if not len(going):
            break
        step, bent[going] = _saddle_free(hessian[going], gradient[:, going])
        limit, length = radius[going], _norm(step)
        with np.errstate(all="ignore"):
            step *= np.minimum(1.0, limit / length)
        step[~np.isfinite(step)] = 0.0
        there = error_surface(config, task, points[:, going] + step, weight_decay[going])
        better = there.loss < loss[going]
        gained = there.loss < (1.0 - _GAIN) * loss[going]
        longer = np.where(length > limit, 2.0, 1.0) * limit
        radius[going] = np.where(better, longer, np.minimum(length, limit) / 4.0)
        idle[going] = np.where(gained, 0, idle[going] + 1)
        moved = going[better]
        points[:, moved] += step[:, better]
        loss[moved] = there.loss[better]
        gradient[:, moved] = there.gradient[:, better]
        hessian[moved] = there.hessian[better]
    return DescentEnd(loss, points, smallest_share(hessian))


def smallest_share(hessian: Floats) -> Floats:
    """(N,) smallest eigenvalue over the largest size of any; NaN where a Hessian is not finite."""
    share = np.full(len(hessian), np.nan)
    finite = np.isfinite(hessian).all(axis=(1, 2))
    eigenvalues = np.linalg.eigvalsh(hessian[finite])
    largest = np.abs(eigenvalues).max(axis=1, initial=0.0)
    share[finite] = eigenvalues[:, 0] / np.maximum(largest, np.finfo(float).tiny)
    return share


def _saddle_free(hessian: Floats, gradient: Floats) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """The steps (K, N), and whether the surface bends down anywhere (N,)."""
    eigenvalues, vectors = np.linalg.eigh(hessian)
    sizes = np.abs(eigenvalues)
    floor = np.maximum(_FLATTEST * sizes.max(axis=1, keepdims=True), np.finfo(float).tiny)
    along = vectors.swapaxes(1, 2) @ gradient.T[:, :, None]
    with np.errstate(all="ignore"):
        scaled = along / np.maximum(sizes, floor)[:, :, None]
        step: Floats = -(vectors @ scaled)[:, :, 0].T
    return step, eigenvalues[:, 0] < -floor[:, 0]


def _norm(step: Floats) -> Floats:
    """(N,) lengths, also of steps whose squares are beyond a float."""
    largest = np.abs(step).max(axis=0)
    with np.errstate(all="ignore"):
        length: Floats = largest * np.linalg.norm(step / largest, axis=0)
    return np.where(largest > 0, length, 0.0)
