"""Fills in a result while a run trains."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.trainers.result import DIVERGED, SOLVED, UNSOLVED, Result

Criterion = Callable[[Mapping[str, Any]], Any]  # true or false; of arrays in `all_steps`

POINTS = 200  # of a curve; three times as many are kept until the last step is known
_TAKEN = ("solve", "solved")


class NotNotedError(KeyError):
    """A criterion asks for a value that is not noted."""

    def __str__(self) -> str:
        return str(self.args[0])


class _Noted(dict[str, Any]):
    """The values of a step, as criteria get them."""

    def __missing__(self, name: str) -> Any:
        raise NotNotedError(f"{name} is not noted at this step; noted are {', '.join(self)}")


class Recorder:
    """Notes values step by step, and makes the `Result` of them.

    It thins curves to about 200 steps, spaced evenly on a log scale, keeps the first and the last
    step and those of events, and stops at the first value that is not finite::

        note = xorlab.Recorder(solved=lambda now: now["accuracy"] >= 0.9)
        for epoch in range(1, config.epochs + 1):
            ...
            if note(epoch, loss=loss, accuracy=accuracy):
                break
        return note.result(weights=weights)

    Args:
        solved: from the values of a step to whether the run is solved; None if it never is.
        events: further criteria by name. The first step at which one holds is the metric
            ``epochs_to_NAME``.
    """

    def __init__(
        self, solved: Criterion | None = None, events: Mapping[str, Criterion] | None = None
    ) -> None:
        self._criteria = dict(events or {})
        for name in self._criteria:
            if name in _TAKEN or not name.isidentifier():
                raise ValueError(f"events: {name!r} cannot be the name of an event")
        if solved is not None:
            self._criteria["solve"] = solved
        self._reached: dict[str, int] = {}
        self._names: tuple[str, ...] | None = None
        self._points: list[tuple[int, tuple[float, ...]]] = []
        self._step = -1
        self._diverged_at: int | None = None
        self._spaced = False

    def __call__(self, step: int, /, **values: float) -> bool:
        """Note the values at a step: the number of epochs that are completed.

        Args:
            step: larger than that of the call before.
            **values: the same names at every step.

        Returns:
            whether training may stop: the run is solved and every event has happened, or a value
            is not finite.

        Raises:
            ValueError: steps that do not ascend, or other names than before.
        """
        if self._diverged_at is not None:
            return True
        if step <= self._step:
            raise ValueError(f"step {step} comes after step {self._step}: steps must ascend")
        if self._names is None:
            self._names = tuple(values)
        elif tuple(values) != self._names:
            raise ValueError(f"step {step}: values must be {', '.join(self._names)} at every step")
        self._step = int(step)
        now = _Noted({name: float(value) for name, value in values.items()})
        if not all(map(math.isfinite, now.values())):
            self._diverged_at = self._step
            return True
        self._points.append((self._step, tuple(now.values())))
        for name, holds in self._criteria.items():
            if name not in self._reached and holds(now):
                self._reached[name] = self._step
        if len(self._points) > 3 * POINTS:
            self._points = self._first_of_each_bin()
        return "solve" in self._reached and len(self._reached) == len(self._criteria)

    def all_steps(self, steps: npt.ArrayLike, /, **curves: npt.ArrayLike) -> Recorder:
        """Note whole curves at once: of a loop that is compiled, as by `jax.lax.scan`.

        Criteria get arrays instead of numbers here, and compare them element by element.

        Args:
            steps: (R,) ascending numbers of epochs.
            **curves: (R,) values each.

        Returns:
            this recorder.

        Raises:
            ValueError: steps do not ascend, or were noted before; or lengths differ.
        """
        if self._step >= 0:
            raise ValueError("all_steps: this recorder has noted steps before")
        at = np.asarray(steps, np.int64)
        values = {name: np.asarray(curve, np.float64) for name, curve in curves.items()}
        if any(column.shape != at.shape or at.ndim != 1 for column in values.values()):
            raise ValueError(f"all_steps: each curve must have {at.size} values, one for each step")
        if not at.size or at[0] < 0 or (np.diff(at) <= 0).any():
            raise ValueError("all_steps: steps must ascend from 0 or later")
        finite = np.logical_and.reduce([np.isfinite(column) for column in values.values()])
        end = at.size if np.all(finite) else int(np.argmin(finite))
        self._step = int(at[min(end, at.size - 1)])
        self._diverged_at = None if end == at.size else self._step
        at, now = at[:end], _Noted({name: column[:end] for name, column in values.items()})
        for name, holds in self._criteria.items():
            if len(found := np.flatnonzero(np.broadcast_to(holds(now), at.shape))):
                self._reached[name] = int(at[found[0]])
        self._names = tuple(values)
        chosen = self._log_spaced(at) if len(at) > POINTS else np.arange(len(at))
        columns = zip(*(column[chosen].tolist() for column in now.values()), strict=True)
        self._points = list(zip(at[chosen].tolist(), columns, strict=True))
        self._spaced = True
        return self

    def result(
        self,
        *,
        metrics: Mapping[str, float] | None = None,
        texts: Mapping[str, str] | None = None,
        tables: Mapping[str, Sequence[Mapping[str, Any]]] | None = None,
        **arrays: npt.ArrayLike,
    ) -> Result:
        """The result of what was noted.

        Args:
            metrics: further final numbers.
            texts: files by name.
            tables: rows by the name of the table.
            **arrays: what the run leaves behind, such as weights.
        """
        diverged = self._diverged_at is not None
        points = self._points
        if len(points) > POINTS and not self._spaced:
            chosen = self._log_spaced(np.array([step for step, _ in points]))
            points = [points[n] for n in chosen.tolist()]
        steps = np.array([step for step, _ in points], np.int64)
        columns = np.array([values for _, values in points], np.float64)
        columns = columns.reshape(len(points), len(self._names or ()))
        curves = {name: (steps, columns[:, n]) for n, name in enumerate(self._names or ())}
        found = {
            f"epochs_to_{name}": float(step)
            for name, step in self._reached.items()
            if name != "solve"
        }
        if "loss" in curves and len(steps) and not diverged:
            found["final_loss"] = float(curves["loss"][1][-1])
        solved_at = None if diverged else self._reached.get("solve")
        return Result(
            outcome=DIVERGED if diverged else UNSOLVED if solved_at is None else SOLVED,
            epochs_run=max(0, self._step),
            epochs_to_solve=solved_at,
            diverged_at=self._diverged_at,
            metrics=found | dict(metrics or {}),
            curves=curves,
            arrays={name: np.asarray(array) for name, array in arrays.items()},
            texts=dict(texts or {}),
            tables=dict(tables or {}),
        )

    def _first_of_each_bin(self) -> list[tuple[int, tuple[float, ...]]]:
        """Points that are spaced at least as closely as any thinned curve will need them.

        Bins of the logarithm of the step have a power of two as width. So the bins of a longer run
        are made of whole bins of a shorter one, and thinning again loses nothing in between.
        """
        steps = np.array([step for step, _ in self._points])
        logs = np.log(np.maximum(steps, 1))
        width = 2.0 ** np.floor(np.log2(logs[-1] / POINTS))
        _, first = np.unique(np.where(steps < 1, -1, logs // width), return_index=True)
        events = np.searchsorted(steps, list(self._reached.values()))
        chosen = np.unique([*first, *events, len(steps) - 1])
        return [self._points[n] for n in chosen.tolist()]

    def _log_spaced(self, steps: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Which steps to keep: the nearest to `POINTS` log-spaced ones, and those of events."""
        first, last = max(1, int(steps[0])), max(2, int(steps[-1]))
        wanted = np.geomspace(first, last, POINTS)
        after = np.clip(np.searchsorted(steps, wanted), 1, len(steps) - 1)
        nearer = wanted - steps[after - 1] < steps[after] - wanted
        events = np.searchsorted(steps, list(self._reached.values()))
        return np.unique([0, len(steps) - 1, *(after - nearer), *events])
