"""Numbers that explain a failure: of the error surface at the weights, and of the loss curve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.failures.classes import DEFAULTS, Thresholds
from xorlab.failures.curvature import Surface, error_surface
from xorlab.failures.descent import descend
from xorlab.networks.activations.activation import Activation
from xorlab.networks.config import Config
from xorlab.networks.criterion import error_limit
from xorlab.networks.losses.loss import Loss
from xorlab.networks.optimizers.gd import Gd
from xorlab.networks.parameters import pack
from xorlab.networks.result import Layers
from xorlab.networks.tasks.tasks import Task

Floats = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[Any]]


def surface_numbers(
    configs: Sequence[Config],
    task: Task,
    networks: Sequence[Layers],
    thresholds: Thresholds = DEFAULTS,
) -> Columns:
    """`network_numbers` of N networks of one shape, and what the optimizer's step makes of them.

    Args:
        configs: of the networks.
        task: the patterns.
        networks: the weights.
        thresholds: see `network_numbers`.

    Returns:
        (N,) columns by name: also ``sharpness``, and ``step_share``, the share of the loss that
        the next step is to remove to first order.

    Raises:
        ConfigError: the network has too many parameters for their Hessian.
    """
    columns = [pack(n.weights, n.biases, n.shortcuts) for n in networks]
    packed = np.stack(columns, axis=1) if columns else np.empty((9, 0))
    # None for an optimizer without weight decay.
    decay = np.array(
        [getattr(config.optimizer, "weight_decay", 0.0) for config in configs], np.float64
    )
    first = configs[0] if configs else Config()
    numbers = network_numbers(first, task, packed, decay, thresholds)
    rates = np.array([_rate(config) for config in configs], np.float64)
    momenta = [getattr(config.optimizer, "momentum", 0.0) for config in configs]
    limits = 2.0 + 2.0 * np.array(momenta, np.float64)
    with np.errstate(all="ignore"):
        step = {
            "sharpness": rates * numbers["largest_eigenvalue"] / limits,
            "step_share": rates * numbers["gradient_norm"] ** 2 / numbers["loss_minimised"],
        }
    names = list(numbers)
    after = names.index("kinks") + 1
    return {name: (numbers | step)[name] for name in [*names[:after], *step, *names[after:]]}


def _rate(config: Config) -> float:
    """The learning rate of batch gradient descent; NaN for other optimizers and online updates."""
    if isinstance(config.optimizer, Gd) and config.training.update == "batch":
        return config.optimizer.lr
    return float("nan")


def network_numbers(
    config: Config,
    task: Task,
    packed: npt.NDArray[np.floating],
    weight_decay: Floats,
    thresholds: Thresholds = DEFAULTS,
) -> Columns:
    """Numbers of the error surface at the weights of N networks of one shape.

    Args:
        config: what they share; see `xorlab.failures.curvature.error_surface`.
        task: the patterns.
        packed: (K, N) weights and biases; a network with a weight beyond 1e50 gets NaN throughout.
        weight_decay: (N,).
        thresholds: `slope`, `curvature` and `alike` are used.

    Returns:
        (N,) columns by name, as `xorlab.diagnose` describes them: ``loss_minimised`` to
        ``outputs``, which is text, and the three of the descent.

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
    return {name: _spread(values, finite) for name, values in numbers.items()}


def _spread(values: npt.NDArray[Any], finite: Any) -> npt.NDArray[Any]:
    """Values of the finite networks in an array of all; NaN for the others."""
    kind = object if values.dtype == object else np.float64
    spread = np.full(finite.size, np.nan, kind)
    spread[finite] = values
    return spread


def _surface_numbers(
    config: Config, task: Task, columns: Floats, surface: Surface, thresholds: Thresholds
) -> Columns:
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
        "saturation": np.concatenate(flat, axis=1).mean(axis=1) if flat else np.zeros(count),
        "stuck_outputs": (wrong & flat_outputs).sum(axis=(1, 2))
        / np.maximum(wrong.sum(axis=(1, 2)), 1),
        "identical_units": _identical(config, count, surface.hidden, thresholds.alike),
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


def _identical(
    config: Config, count: int, hidden: Sequence[Floats], alike: float
) -> npt.NDArray[np.int64]:
    """(N,) number of hidden units that equal an earlier unit of their layer, or its negative."""
    name = config.network.activation
    found = np.zeros(count, np.int64)
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
) -> Columns:
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


def curve_numbers(steps: npt.NDArray[np.int64], loss: Floats) -> dict[str, float]:
    """How the loss changed in the last half of a curve.

    Args:
        steps: (R,) epochs completed, ascending.
        loss: (R,) at those steps.

    Returns:
        ``recent_change``, the share by which the loss fell since half of the last step (negative
        if it rose); ``latest_change``, the same since nine tenths of the last step; and
        ``oscillation``: the sum of all rises or the sum of all falls since half of the last step,
        whichever is smaller, over the mean loss since then; ``overshoot``: by which share the
        lowest loss after the first point is above the first one, at least 0. NaN for a curve of
        one point.
    """
    if len(steps) < 2:
        names = ("recent_change", "latest_change", "oscillation", "overshoot")
        return dict.fromkeys(names, np.nan)
    tail, tenth = _since(steps, loss, 0.5), _since(steps, loss, 0.9)
    moves = np.diff(tail)
    turns = min(np.maximum(moves, 0.0).sum(), np.maximum(-moves, 0.0).sum())
    with np.errstate(all="ignore"):
        return {
            "recent_change": float(1.0 - tail[-1] / tail[0]),
            "latest_change": float(1.0 - tenth[-1] / tenth[0]),
            "oscillation": float(turns / tail.mean()),
            "overshoot": max(0.0, float(loss[1:].min() / loss[0] - 1.0)),
        }


def _since(steps: npt.NDArray[np.int64], loss: Floats, share: float) -> Floats:
    """The end of a curve, from the last point at or before this share of its last step."""
    first = np.searchsorted(steps, share * steps[-1], side="right") - 1
    return loss[max(first, 0) :]
