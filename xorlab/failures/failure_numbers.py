"""Numbers that explain a failure: of the error surface at the weights, and of the loss curve."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.failures.classes import DEFAULTS, Thresholds
from xorlab.failures.curvature import Surface, error_surface
from xorlab.failures.descent import descend
from xorlab.networks.activations.activation import Activation
from xorlab.networks.config import Config
from xorlab.networks.criterion import error_limit
from xorlab.networks.losses.loss import Loss
from xorlab.networks.tasks.tasks import Task

Floats = npt.NDArray[np.float64]


def network_numbers(
    config: Config,
    task: Task,
    packed: npt.NDArray[np.floating],
    weight_decay: Floats,
    thresholds: Thresholds = DEFAULTS,
) -> pd.DataFrame:
    """Numbers of the error surface at the weights of N networks of one shape.

    Args:
        config: what they share; see `xorlab.failures.curvature.error_surface`.
        task: the patterns.
        packed: (K, N) weights and biases; a network with a weight beyond 1e50 gets NaN throughout.
        weight_decay: (N,).
        thresholds: `slope`, `curvature` and `alike` are used.

    Returns:
        N rows, with the columns that `xorlab.diagnose` describes: ``loss_minimised`` to
        ``outputs``, and the three of the descent.

    Raises:
        ConfigError: the network has too many parameters for their Hessian.
    """
    columns = np.array(packed, np.float64)
    with np.errstate(invalid="ignore"):
        finite = (np.abs(columns) < _LARGEST_WEIGHT).all(axis=0)
    surface = error_surface(config, task, columns[:, finite], weight_decay[finite])
    numbers = _surface_numbers(config, task, columns[:, finite], surface, thresholds)
    numbers.update(
        _descent_numbers(config, task, columns[:, finite], weight_decay[finite], surface.loss)
    )
    table = pd.DataFrame(numbers, index=np.flatnonzero(finite))
    kinds = {name: "str" if name == "outputs" else "float64" for name in table}
    return table.astype(kinds).reindex(range(finite.size))


def _surface_numbers(
    config: Config, task: Task, columns: Floats, surface: Surface, thresholds: Thresholds
) -> dict[str, npt.NDArray[np.generic]]:
    count = columns.shape[1]
    eigenvalues = np.full(surface.hessian.shape[:2], np.nan)
    sound = np.isfinite(surface.hessian).all(axis=(1, 2))
    eigenvalues[sound] = np.linalg.eigvalsh(surface.hessian[sound])
    zero = thresholds.curvature * np.abs(eigenvalues).max(axis=1, keepdims=True)
    size = np.maximum(np.abs(columns), 1.0)
    largest_slope = _LARGEST_SLOPE.get(config.network.activation, 1.0)
    # The shape is written out, because -1 is ambiguous when there are no networks.
    flat = [
        (np.abs(f) < thresholds.slope * largest_slope).reshape(count, f.shape[1] * f.shape[2])
        for f in surface.slopes[:-1]
    ]
    largest_slope = _LARGEST_SLOPE.get(config.network.output, 1.0)
    # With cross-entropy the error passes a flat output activation undiminished.
    flat_outputs = np.abs(surface.slopes[-1]) < thresholds.slope * largest_slope
    flat_outputs &= not Loss.choices()[config.training.loss].canonical
    with np.errstate(all="ignore"):
        relative = (np.abs(surface.gradient) * size).max(axis=0) / surface.loss
        norm = np.linalg.norm(surface.gradient, axis=0)
    outputs = surface.outputs.reshape(count, task.targets.size)
    wrong = np.abs(surface.outputs - task.targets) > error_limit(config.training, task)
    return {
        "loss_minimised": surface.loss,
        "gradient_norm": norm,
        "relative_gradient": relative,
        "smallest_eigenvalue": eigenvalues[:, 0],
        "largest_eigenvalue": eigenvalues[:, -1],
        "negative_eigenvalues": np.where(sound, (eigenvalues < -zero).sum(axis=1), np.nan),
        "kinks": surface.kinks,
        "saturation": np.concatenate(flat, axis=1).mean(axis=1),
        "stuck_outputs": (wrong & flat_outputs).sum(axis=(1, 2))
        / np.maximum(wrong.sum(axis=(1, 2)), 1),
        "identical_units": _identical(config, surface.hidden, thresholds.alike),
        "weight_norm": np.linalg.norm(columns, axis=0),
        "wrong_patterns": wrong.any(axis=2).sum(axis=1),
        "output_mean": outputs.mean(axis=1),
        "output_low": outputs.min(axis=1),
        "output_high": outputs.max(axis=1),
        "outputs": np.array([_output_text(row) for row in outputs], object),
    }


_LARGEST_WEIGHT = 1e50  # squares and products of larger weights overflow
# The largest derivative of each activation for which it is not 1.
_LARGEST_SLOPE = {"sigmoid": 0.25}
_MOST_OUTPUTS = 16  # tasks with more outputs get an empty text
_LARGEST_FIXED = 1e4  # larger outputs are written with an exponent


def _output_text(outputs: Floats) -> str:
    """Outputs in the order of the patterns, to one digit, so that similar failures look alike."""
    if len(outputs) > _MOST_OUTPUTS:
        return ""
    rounded = [round(float(value), 1) + 0.0 for value in outputs]
    return " ".join(f"{v:.1f}" if abs(v) < _LARGEST_FIXED else f"{v:.0e}" for v in rounded)


def _identical(config: Config, hidden: Sequence[Floats], alike: float) -> npt.NDArray[np.int64]:
    """(N,) number of hidden units that equal an earlier unit of their layer, or its negative."""
    name = config.network.activation
    found = np.zeros(len(hidden[0]), np.int64)
    for layer in hidden:
        # The logistic function is odd about 1/2.
        units = layer - 0.5 if name == "sigmoid" else layer
        reach = alike * np.abs(units).max(axis=(1, 2))
        for unit in range(1, units.shape[2]):
            own, others = units[:, :, unit : unit + 1], units[:, :, :unit]
            same = np.abs(own - others).max(axis=1) <= reach[:, None]
            if Activation.choices()[name].odd:
                same |= np.abs(own + others).max(axis=1) <= reach[:, None]
            found += same.any(axis=1)
    return found


def _descent_numbers(
    config: Config, task: Task, columns: Floats, decay: Floats, loss: Floats
) -> dict[str, npt.NDArray[np.generic]]:
    end = descend(config, task, columns, decay)
    with np.errstate(all="ignore"):
        fall = 1.0 - end.loss / loss
        moved = np.linalg.norm(end.packed - columns, axis=0)
        distance = moved / np.maximum(1.0, np.linalg.norm(columns, axis=0))
    # The random first step of the descent can leave the loss slightly above where it started.
    return {
        "fall_ahead": np.where(loss > 0, np.maximum(fall, 0.0), 0.0),
        "distance_ahead": distance,
        "curvature_ahead": end.smallest,
    }


def curve_numbers(curves: pd.DataFrame) -> pd.DataFrame:
    """How the loss changed in the last half of each curve.

    Args:
        curves: ``run_id``, ``step``, ``loss`` from `xorlab.load_curves`.

    Returns:
        a row per run id: ``recent_change``, the share by which the loss fell since half of the
        last step (negative if it rose); ``latest_change``, the same since nine tenths of the last
        step; and ``oscillation``: the sum of all rises or the sum of all falls since half of the
        last step, whichever is smaller, over the mean loss since then. NaN for a curve of one
        point.
    """
    tail, tenth = _since(curves, 0.5), _since(curves, 0.9)
    with np.errstate(all="ignore"):
        loss, latest = tail.groupby("run_id")["loss"], tenth.groupby("run_id")["loss"]
        moves = loss.diff()
        rises = moves.clip(lower=0).groupby(tail["run_id"]).sum()
        falls = (-moves.clip(upper=0)).groupby(tail["run_id"]).sum()
        table = pd.DataFrame(
            {
                "recent_change": 1.0 - loss.last() / loss.first(),
                "latest_change": 1.0 - latest.last() / latest.first(),
                "oscillation": np.minimum(rises, falls) / loss.mean(),
            }
        )
    return table.where(loss.size() > 1)


def _since(curves: pd.DataFrame, share: float) -> pd.DataFrame:
    """The end of each curve, from the last point at or before this share of its last step."""
    last = curves.groupby("run_id")["step"].transform("max")
    before = curves["step"].where(curves["step"] <= share * last)
    return curves[curves["step"] >= before.groupby(curves["run_id"]).transform("max")]
