"""Results as the columns of a shard, once they are found to be right."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Container, Mapping, Sequence
from typing import Any

import numpy as np

from xorlab.system.npz import npz_bytes
from xorlab.trainers.result import DIVERGED, OUTCOMES, SOLVED, Array, Result
from xorlab.trainers.shard_result import NEVER, Curves, Files, ShardResult

ARRAYS_FILE = "arrays.npz"
_NAME = re.compile(r"[\w.\- ]{1,200}")
_OWN_METRICS = frozenset({"solved", "epochs_run", "epochs_to_solve", "diverged_at"})
_OWN_FILES = frozenset({ARRAYS_FILE, "config.yaml", "traceback.txt"})


def check_result(result: object, keys: Container[str] = ()) -> None:
    """Refuse a result that cannot be recorded.

    Args:
        result: what a trainer returned.
        keys: of its configuration, which its metrics and curves must not be called.

    Raises:
        TypeError: it is not a result, or a part of it has the wrong type.
        ValueError: its parts contradict one another, or hold what cannot be recorded.
    """
    if not isinstance(result, Result):
        raise TypeError(f"a trainer returns an xorlab.Result, not {_kind(result)}")
    if result.outcome not in OUTCOMES:
        raise ValueError(f"outcome={result.outcome!r}: must be one of {', '.join(OUTCOMES)}")
    _check_step("epochs_run", result.epochs_run)
    for name, outcome in (("epochs_to_solve", SOLVED), ("diverged_at", DIVERGED)):
        step = getattr(result, name)
        if step is not None:
            _check_step(name, step)
        if (step is not None) != (result.outcome == outcome):
            needed = "None" if step is not None else "the step at which it happened"
            raise ValueError(f"{name}={step}: must be {needed}, as outcome={result.outcome!r}")
        if step is not None and not 0 <= step <= result.epochs_run:
            raise ValueError(f"{name}={step}: must be from 0 to epochs_run={result.epochs_run}")
    for name in (*result.metrics, *result.curves):
        if not _NAME.fullmatch(name) or name in _OWN_METRICS or name in keys:
            raise ValueError(f"{name!r} cannot be the name of a metric or curve; use another")
    for name, number in result.metrics.items():
        if not hasattr(number, "__float__") or np.ndim(number):
            raise TypeError(f"metrics[{name!r}] must be a number, not {_kind(number)}")
    for name, curve in result.curves.items():
        if len(curve) != 2:
            raise TypeError(f"curves[{name!r}] must be a pair: steps and values")
        steps, values = curve
        _check_curve(name, np.asarray(steps), np.asarray(values))
        last = result.metrics.get(name)
        if last is not None and len(values) and float(last) != float(values[-1]):
            raise ValueError(
                f"metrics[{name!r}]={last}: the curve of this name ends at {values[-1]}; "
                "use another name for one of them"
            )
    for name, array in result.arrays.items():
        if not _NAME.fullmatch(name) or name in ("file", "allow_pickle"):
            raise ValueError(f"{name!r} cannot be the name of an array; use another")
        if np.asarray(array).dtype.hasobject:
            raise ValueError(f"arrays[{name!r}] holds objects: only numbers and text are recorded")
    for name, text in result.texts.items():
        _check_text(name, text)
    for name, rows in result.tables.items():
        try:
            _table(rows)
        except (TypeError, ValueError, AttributeError) as error:
            raise TypeError(
                f"tables[{name!r}] must be a list of rows, each a mapping from a column to a "
                f"number, text, truth value or None: {error}"
            ) from None
    for name in (*result.texts, *map("{}.json".format, result.tables)):
        if not _NAME.fullmatch(name) or name in _OWN_FILES or name.startswith("."):
            raise ValueError(f"{name!r} cannot be the name of a file; use another")


def _check_step(name: str, step: object) -> None:
    if isinstance(step, bool | np.bool_) or not isinstance(step, int | np.integer):
        raise TypeError(f"{name}={step!r}: must be an integer, a number of epochs")
    if step < 0:
        raise ValueError(f"{name}={step}: must be 0 or more")


def _check_text(name: str, text: object) -> None:
    if not isinstance(text, str):
        raise TypeError(f"texts[{name!r}] must be text, not {_kind(text)}")


def _kind(thing: object) -> str:
    return type(thing).__name__


def _check_curve(name: str, steps: Array, values: Array) -> None:
    for part, kinds in ((steps, "iu"), (values, "iufb")):
        if part.size and part.dtype.kind not in kinds:
            what = "steps must be integers" if part is steps else "values must be numbers"
            raise TypeError(f"curves[{name!r}]: {what}, not {part.dtype}")
    if steps.ndim != 1 or steps.shape != values.shape:
        raise ValueError(f"curves[{name!r}]: steps and values must be two lists of one length")
    if len(steps) and (steps[0] < 0 or not (np.diff(steps) > 0).all()):
        raise ValueError(f"curves[{name!r}]: steps must ascend from 0 or later")
    if not np.isfinite(values.astype(np.float64)).all():
        raise ValueError(f"curves[{name!r}]: a value is not finite; end the curve before it")


def to_columns(results: Sequence[Result]) -> ShardResult:
    """Results, each checked, as one shard."""
    metrics = dict.fromkeys(name for result in results for name in result.metrics)
    curves = dict.fromkeys(name for result in results for name in result.curves)
    return ShardResult(
        outcome=np.array([OUTCOMES.index(result.outcome) for result in results], np.int8),
        epochs_run=np.array([result.epochs_run for result in results], np.int64),
        epochs_to_solve=_steps([result.epochs_to_solve for result in results]),
        diverged_at=_steps([result.diverged_at for result in results]),
        metrics={
            name: np.array([result.metrics.get(name, np.nan) for result in results], np.float64)
            for name in metrics
        },
        curves={name: _curves(name, results) for name in curves},
        files=tuple(map(_files, results)),
    )


def _steps(steps: Sequence[int | None]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([NEVER if step is None else step for step in steps], np.int64)


def _curves(name: str, results: Sequence[Result]) -> Curves:
    empty = np.zeros(0, np.int64), np.zeros(0)
    pairs = [result.curves.get(name, empty) for result in results]
    steps = [np.asarray(pair[0], np.int64) for pair in pairs]
    values = np.concatenate([np.asarray(pair[1], np.float64) for pair in pairs])
    lengths = np.array([len(some) for some in steps], np.int64)
    longest = max(steps, key=len)
    none = np.zeros(len(results), np.int64)
    if all(np.array_equal(some, longest[: len(some)]) for some in steps):
        return Curves(longest, lengths, np.zeros(0, np.int64), none, values)
    return Curves(np.zeros(0, np.int64), none, np.concatenate(steps), lengths, values)


def _files(result: Result) -> Files:
    files = {name: text.encode() for name, text in result.texts.items()}
    if result.arrays:
        arrays = {name: np.asarray(array) for name, array in result.arrays.items()}
        files[ARRAYS_FILE] = npz_bytes(arrays)
    for name, rows in result.tables.items():
        files[f"{name}.json"] = _table(rows)
    return files


def _table(rows: Sequence[Mapping[str, Any]]) -> bytes:
    """Rows as MLflow shows tables: names of columns, and a list of values for each row."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    data = [[_plain(row.get(column)) for column in columns] for row in rows]
    return json.dumps({"columns": columns, "data": data}).encode()


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's; JSON has no number that is not finite."""
    plain = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(plain, float) and not math.isfinite(plain) else plain
