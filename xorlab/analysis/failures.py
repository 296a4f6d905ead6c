"""Why runs failed: the numbers that tell, and the class that they lead to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.config import Config
from xorlab.curvature import Surface, error_surface
from xorlab.derivatives import ODD
from xorlab.downhill import go_downhill
from xorlab.tasks import Task

Floats = npt.NDArray[np.float64]

DIVERGED, OSCILLATING, IMPROVING = "diverged", "oscillating", "still improving"
SADDLE, SATURATED, MINIMUM = "saddle or plateau", "saturated", "local minimum"
CLASSES = (SADDLE, SATURATED, MINIMUM, OSCILLATING, IMPROVING, DIVERGED)


@dataclass(frozen=True)
class Thresholds:
    """Where one class ends and the next begins. All are shares, so that no scale matters.

    Attributes:
        fall: a way down is one that removes this share of the minimised loss. On 2-2-1 XOR the
            share is below 0.02 or above 0.9, hardly ever between.
        change: a run is still improving when its loss fell by this share in the last half of
            its epochs. A loss that approaches a floor like 1/t changes by about a percent.
        oscillation: a run oscillates when, in the last half of its epochs, its loss both rose
            and fell by this share of its mean, all rises and all falls counted.
        saturation: hidden units are saturated when this share of their activations is.
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
    saturation: float = 0.5
    slope: float = 0.1
    curvature: float = 1.5e-8
    alike: float = 0.01


DEFAULTS = Thresholds()


def network_numbers(
    config: Config,
    task: Task,
    packed: npt.NDArray[np.floating],
    weight_decay: Floats,
    thresholds: Thresholds = DEFAULTS,
) -> pd.DataFrame:
    """What the weights of N networks of one shape tell.

    Args:
        config: what they share; see `xorlab.curvature.error_surface`.
        task: the patterns.
        packed: (K, N); a column that is not finite gets NaN throughout.
        weight_decay: (N,).
        thresholds: `slope`, `curvature` and `alike` are used.

    Returns:
        N rows, with the columns that `xorlab.diagnose` describes, from ``loss_minimised`` to
        ``outputs``.

    Raises:
        ConfigError: the network has a feature whose Hessian is not known.
    """
    columns = np.array(packed, np.float64)
    finite = np.isfinite(columns).all(axis=0)
    surface = error_surface(config, task, columns[:, finite], weight_decay[finite])
    numbers = _local(config, task, columns[:, finite], surface, thresholds)
    numbers.update(_ahead(config, task, columns[:, finite], weight_decay[finite], surface.loss))
    table = pd.DataFrame(numbers, index=np.flatnonzero(finite))
    table = table.astype({"outputs": "str"}).reindex(range(len(finite)))
    return table


def _local(
    config: Config, task: Task, columns: Floats, surface: Surface, thresholds: Thresholds
) -> dict[str, npt.NDArray[np.generic]]:
    count = columns.shape[1]
    eigenvalues = np.full(surface.hessian.shape[:2], np.nan)
    sound = np.isfinite(surface.hessian).all(axis=(1, 2))
    eigenvalues[sound] = np.linalg.eigvalsh(surface.hessian[sound])
    zero = thresholds.curvature * np.abs(eigenvalues).max(axis=1, keepdims=True)
    size = np.maximum(np.abs(columns), 1.0)
    slopes = [layer.reshape(count, -1) for layer in surface.slopes]
    steepest = _STEEPEST.get(config.network.activation, 1.0)
    flat = np.concatenate([layer < thresholds.slope * steepest for layer in slopes], axis=1)
    with np.errstate(all="ignore"):
        relative = (np.abs(surface.gradient) * size).max(axis=0) / surface.loss
        norm = np.linalg.norm(surface.gradient, axis=0)
    outputs = surface.outputs.reshape(count, -1)
    wrong = (np.abs(surface.outputs - task.targets) > config.training.tolerance).any(axis=2)
    return {
        "loss_minimised": surface.loss,
        "gradient_norm": norm,
        "relative_gradient": relative,
        "smallest_eigenvalue": eigenvalues[:, 0],
        "largest_eigenvalue": eigenvalues[:, -1],
        "negative_eigenvalues": np.where(sound, (eigenvalues < -zero).sum(axis=1), np.nan),
        "kinks": surface.kinks,
        "saturation": flat.mean(axis=1),
        "identical_units": _identical(config, surface.hidden, thresholds.alike),
        "weight_norm": np.linalg.norm(columns, axis=0),
        "wrong_patterns": wrong.sum(axis=1),
        "output_mean": outputs.mean(axis=1),
        "output_low": outputs.min(axis=1),
        "output_high": outputs.max(axis=1),
        "outputs": np.array([_told(row) for row in outputs], object),
    }


# The largest derivative of each activation that does not reach 1.
_STEEPEST = {"sigmoid": 0.25}
_SHOWN = 16  # outputs of larger tasks are not written out


def _told(outputs: Floats) -> str:
    """Outputs in the order of the patterns, to one digit: runs that fail alike look alike."""
    if len(outputs) > _SHOWN:
        return ""
    return " ".join(f"{round(float(value), 1) + 0.0:.1f}" for value in outputs)


def _identical(config: Config, hidden: Sequence[Floats], alike: float) -> npt.NDArray[np.int64]:
    """(N,) hidden units that equal an earlier unit of their layer, or its negative."""
    name = config.network.activation
    found = np.zeros(len(hidden[0]), np.int64)
    for layer in hidden:
        # The logistic function is odd about 1/2.
        units = layer - 0.5 if name == "sigmoid" else layer
        reach = alike * np.abs(units).max(axis=(1, 2))
        for unit in range(1, units.shape[2]):
            own, others = units[:, :, unit : unit + 1], units[:, :, :unit]
            same = np.abs(own - others).max(axis=1) <= reach[:, None]
            if name in ODD:
                same |= np.abs(own + others).max(axis=1) <= reach[:, None]
            found += same.any(axis=1)
    return found


def _ahead(
    config: Config, task: Task, columns: Floats, decay: Floats, loss: Floats
) -> dict[str, npt.NDArray[np.generic]]:
    ahead = go_downhill(config, task, columns, decay)
    with np.errstate(all="ignore"):
        fall = 1.0 - ahead.loss / loss
        way = np.linalg.norm(ahead.packed - columns, axis=0)
        distance = way / np.maximum(1.0, np.linalg.norm(columns, axis=0))
    # The nudge with which the descent begins may end a hair above where it started.
    return {
        "fall_ahead": np.where(loss > 0, np.maximum(fall, 0.0), 0.0),
        "distance_ahead": distance,
        "curvature_ahead": ahead.smallest,
    }


def curve_numbers(curves: pd.DataFrame) -> pd.DataFrame:
    """What the last half of the loss curves tells.

    Args:
        curves: ``run_id``, ``step``, ``loss`` from `xorlab.load_curves`.

    Returns:
        a row per run id: ``recent_change``, the share by which the loss fell since half of the
        last step (negative where it rose), and ``oscillation``, the smaller of all rises and all
        falls since, over the mean loss. NaN where the curve has no earlier point.
    """
    last = curves.groupby("run_id")["step"].transform("max")
    # The last point at or before the half is where it begins.
    before = curves["step"].where(curves["step"] <= last / 2)
    begin = before.groupby(curves["run_id"]).transform("max")
    tail = curves[curves["step"] >= begin]
    with np.errstate(all="ignore"):
        loss = tail.groupby("run_id")["loss"]
        moves = loss.diff()
        rises = moves.clip(lower=0).groupby(tail["run_id"]).sum()
        falls = (-moves.clip(upper=0)).groupby(tail["run_id"]).sum()
        table = pd.DataFrame(
            {
                "recent_change": 1.0 - loss.last() / loss.first(),
                "oscillation": np.minimum(rises, falls) / loss.mean(),
            }
        )
    return table.where(loss.size() > 1)


def classify(numbers: pd.DataFrame, thresholds: Thresholds = DEFAULTS) -> pd.Series:
    """The class of each failed run, from its numbers; the first that fits.

    1. ``diverged``: its outcome says so, or its weights are so large that the surface at them is
       no finite number.
    2. ``oscillating``: its loss goes up and down: the steps are too long for the curvature.
    3. ``still improving``: there is a way down, and the run is on it.
    4. ``saddle or plateau``: there is a way down, and the run hardly moves. Also where the
       descent itself ended on a point with negative curvature.
    5. ``saturated``: no way down, and hidden units that no longer respond: a minimum at infinity
       with error, to which the weights grow for ever, or units that are dead.
    6. ``local minimum``: no way down, and units that do respond.

    Args:
        numbers: columns of `network_numbers` and `curve_numbers`, and ``outcome``.
        thresholds: see there.
    """
    limits = thresholds
    broken = (numbers["outcome"] == DIVERGED) | numbers["fall_ahead"].isna()
    descends = numbers["fall_ahead"] >= limits.fall
    unsettled = numbers["curvature_ahead"] < -(limits.curvature**0.5)
    conditions = [
        broken,
        numbers["oscillation"] >= limits.oscillation,
        descends & (numbers["recent_change"] >= limits.change),
        descends | unsettled,
        numbers["saturation"] >= limits.saturation,
    ]
    names = [DIVERGED, OSCILLATING, IMPROVING, SADDLE, SATURATED]
    chosen = np.select([c.to_numpy(bool) for c in conditions], names, MINIMUM)
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
    by = list(by)
    for frame in (diagnosis,) if runs is None else (diagnosis, runs):
        missing = [name for name in by if name not in frame.columns]
        if not by or missing:
            told = f"there is no column {', '.join(missing)}" if missing else "no columns are named"
            raise ValueError(f"by: {told}; there are {', '.join(map(str, frame.columns))}")
    counts = pd.crosstab(
        [diagnosis[name] for name in by], diagnosis["failure"].astype(str)
    ).reindex(columns=list(CLASSES), fill_value=0)
    counts.columns.name = None
    counts.insert(0, "failed", counts.sum(axis="columns"))
    if runs is not None:
        ended = runs[runs["outcome"].notna()]
        groups = (ended["outcome"] == "solved").groupby([ended[name] for name in by])
        totals = pd.DataFrame({"n": groups.size(), "solved": groups.sum()})
        counts = totals.join(counts).fillna(0)
    return counts.astype("int64").reset_index()
