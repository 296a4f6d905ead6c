"""Landscapes: one run for every pixel of a plane, and how each of them ended."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.analysis.counts import WITH_ERROR
from xorlab.errors import UsageError, spell
from xorlab.landscapes.axis import Axis
from xorlab.landscapes.grid import Grid, zoomed
from xorlab.landscapes.pixels import Pixels, together, train_pixels
from xorlab.trainers.result import OUTCOMES, SOLVED, UNSOLVED
from xorlab.trainers.shard_result import FAILED
from xorlab.trainers.trainer import Trainer

Floats = npt.NDArray[np.float64]

RAISED = "failed"  # the outcome of a run that raised an error, as a metric is called
_EVENT = "epochs_to_"


def outcome_words(name: str) -> str:
    """What pictures and messages call an outcome."""
    return WITH_ERROR if name == RAISED else name


@dataclass(frozen=True, eq=False)
class Landscape:
    """How each run of a plane ended. Row 0 is the lowest y, column 0 the lowest x.

    Attributes:
        config: what the runs share, and the axes of the plane; None where it was loaded without
            its trainer.
        x: the horizontal axis; ``x.values`` (W,) and ``x.edges`` (W + 1,) of the pixels.
        y: the vertical axis; ``y.values`` (H,) and ``y.edges`` (H + 1,) of the pixels.
        outcome: (H, W) int8, index into `xorlab.trainers.result.OUTCOMES`: 0 solved, 1 unsolved,
            2 diverged; -1 if the run raised an error.
        epochs_to_solve: (H, W) integers, the step at which each was first solved; -1 if never.
        metrics: (H, W) float64 each, by name: of networks ``final_loss``, the mean squared error at
            the end; of other trainers their metrics, the last values of their curves, and
            ``epochs_run``. NaN where the run diverged, raised an error, or has no such metric.
        failures: the last line of the error of each run that raised one, by row and column.
        value: what the picture shows.
        run_id: of the MLflow run that recorded it; None if it was not recorded.
        trainer: of the configuration; None where it is not known.
    """

    config: Any
    x: Axis
    y: Axis
    outcome: npt.NDArray[np.int8]
    epochs_to_solve: npt.NDArray[np.int32] | npt.NDArray[np.int64]
    metrics: Mapping[str, Floats]
    failures: Mapping[tuple[int, int], str] = field(default_factory=dict)
    value: str = "epochs_to_solve"
    run_id: str | None = None
    trainer: Trainer | None = None

    @property
    def final_loss(self) -> Floats:
        """(H, W) the metric of this name."""
        return self.numbers("final_loss")

    @property
    def solved(self) -> npt.NDArray[np.bool_]:
        """(H, W) whether each run was solved."""
        return np.equal(self.outcome, OUTCOMES.index(SOLVED))

    def numbers(self, name: str) -> npt.NDArray[Any]:
        """(H, W) a value of each pixel: ``outcome``, ``epochs_to_solve``, or a metric.

        A time of an event that never happened, as of ``epochs_to_NAME``, is NaN.

        Raises:
            UsageError: there is no such value.
        """
        known: dict[str, npt.NDArray[Any]] = {
            "outcome": self.outcome,
            "epochs_to_solve": self.epochs_to_solve,
            **self.metrics,
        }
        check_value_name(name, known, self.outcome)
        return known.get(name, np.full(self.outcome.shape, np.nan))

    def shares(self) -> dict[str, float]:
        """The share of the runs with each outcome, by name; ``failed`` only if there are any."""
        shares = {name: float(np.mean(self.outcome == code)) for code, name in enumerate(OUTCOMES)}
        failed = float(np.mean(self.outcome == FAILED))
        return shares | {RAISED: failed} if failed else shares

    def pixel(self, row: int, column: int) -> Any:
        """The configuration of one run, for `xorlab.train` or the trainer.

        Raises:
            UsageError: the landscape was loaded without its trainer.
        """
        trainer = self._trainer()
        grid = Grid(self.config, trainer=trainer)
        return trainer.planes.own(grid.config(row * self.outcome.shape[1] + column))

    def zoomed(self, x: float, y: float, factor: float) -> Any:
        """The landscape of a smaller window around a point, with as many pixels.

        A key of integers has fewer pixels, if fewer integers are left.

        Args:
            x: horizontal centre of the window.
            y: vertical centre of the window.
            factor: how many times smaller its sides are, on the scales of the axes.

        Raises:
            UsageError: the landscape was loaded without its trainer.
        """
        return zoomed(self.config, x, y, factor, self._trainer())

    def label(self, axis: Axis) -> str:
        """How an axis is labelled in a picture."""
        if self.trainer is None or self.config is None:
            return axis.key
        return self.trainer.planes.label(self.config, axis.key)

    def value_label(self, name: str) -> str:
        """How a value of the pixels is called in a picture."""
        own = {} if self.trainer is None else self.trainer.planes.value_labels
        return {"epochs_to_solve": "epochs to solve", **own}.get(name, name)

    def _trainer(self) -> Trainer:
        if self.trainer is None or self.config is None:
            raise UsageError(
                "this landscape was loaded without its trainer; name it, as "
                "xorlab.load_landscape(trainer=train)"
            )
        return self.trainer


def check_value_name(name: str, known: Collection[str], outcome: npt.NDArray[np.int8]) -> None:
    """Refuse to show what no pixel has.

    But an event may never have happened, and runs that diverged or failed have no metrics.

    Args:
        name: what is to be shown.
        known: what the pixels have.
        outcome: of the pixels.

    Raises:
        UsageError: says what there is.
    """
    ended = np.isin(outcome, [OUTCOMES.index(SOLVED), OUTCOMES.index(UNSOLVED)]).any()
    if ended and name not in known and not name.startswith(_EVENT):
        raise UsageError(f"landscape.value={spell(name)}: must be one of {', '.join(known)}")


def landscape(config: Any, trainer: Trainer | None = None) -> Landscape:
    """Train one run for every pixel, in this process.

    Args:
        config: with a landscape; `xorlab.configure("landscape.x=optimizer.lr", ...)`, or the
            ``config`` of another landscape.
        trainer: of the configuration; None for the built-in network.

    Raises:
        ConfigError: the configuration has no landscape, or one that cannot be trained.
    """
    grid = Grid(config, trainer=trainer)
    pieces = {
        piece: train_pixels(grid.trainer, grid.configs(grid.pixels(piece)), grid.data)
        for piece in grid.pieces
    }
    return assembled(config, grid, pieces)


def assembled(
    config: Any, grid: Grid, pieces: Mapping[int, Pixels], run_id: str | None = None
) -> Landscape:
    """Join all pieces, by number, to a landscape."""
    whole = together([pieces[number] for number in grid.pieces])
    return of_pixels(whole, config, (grid.x, grid.y), grid.trainer, run_id)


def of_pixels(
    pixels: Pixels,
    config: Any,
    both: tuple[Axis, Axis],
    trainer: Trainer | None,
    run_id: str | None,
    value: str | None = None,
) -> Landscape:
    """All pixels as a landscape.

    Args:
        pixels: in order.
        config: with the landscape; None where the trainer is not known.
        both: the horizontal and the vertical axis.
        trainer: of the configuration, if it is known.
        run_id: of the run that recorded it.
        value: what the picture shows; None for what the configuration says.
    """
    x, y = both
    shape = (y.size, x.size)
    return Landscape(
        config,
        x,
        y,
        pixels.outcome.reshape(shape),
        pixels.epochs_to_solve.reshape(shape),
        {name: values.reshape(shape) for name, values in pixels.metrics.items()},
        {divmod(place, x.size): reason for place, reason in pixels.failures.items()},
        config.landscape.value if value is None else value,
        run_id,
        trainer,
    )
