"""What is learned: patterns with their targets."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from xorlab.choices import TaskConfig
from xorlab.errors import ConfigError

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Task:
    """Patterns to learn.

    Attributes:
        inputs: (P, I).
        targets: (P, O).
        codes: the inputs that code 0 and 1, where the patterns are all 2^I of them in binary
            order (first input most significant); None for any other set of patterns.
        margin: an output is on its target's side when it is nearer to it than this.
    """

    inputs: Floats
    targets: Floats
    codes: tuple[float, float] | None
    margin: float


def make_task(config: TaskConfig) -> Task:
    """The patterns that a checked configuration names.

    Raises:
        ConfigError: a table is missing, empty, ragged, not numeric or not finite.
    """
    if config.name == "table":
        return _table(config)
    if config.name == "encoder":
        assert config.width is not None  # noqa: S101  (checked with the configuration)
        # Ackley, Hinton & Sejnowski (1985): each pattern has one bit of its own, in and out.
        inputs = np.eye(config.width, dtype=np.int64)
        return _coded(config, inputs, inputs == 1, None)
    bits = config.bits if config.name in ("parity", "symmetry") else 2
    assert bits is not None  # noqa: S101  (checked with the configuration)
    cube = (np.arange(2**bits)[:, None] >> np.arange(bits)[::-1]) & 1
    truth = _TRUTH[config.name](cube)[:, None]
    return _coded(config, cube, truth, (config.low, config.high))


def _coded(
    config: TaskConfig,
    inputs: npt.NDArray[np.int64],
    truth: npt.NDArray[np.bool_],
    codes: tuple[float, float] | None,
) -> Task:
    return Task(
        inputs=np.where(inputs, config.high, config.low).astype(np.float64),
        targets=np.where(truth, config.target_high, config.target_low).astype(np.float64),
        codes=codes,
        margin=(config.target_high - config.target_low) / 2,
    )


# Truth of each pattern, from its bits (P, bits).
_TRUTH: dict[str, Callable[[npt.NDArray[np.int64]], npt.NDArray[np.bool_]]] = {
    "xor": lambda cube: cube.sum(axis=1) % 2 == 1,
    "and": lambda cube: (cube == 1).all(axis=1),
    "or": lambda cube: (cube == 1).any(axis=1),
    "nand": lambda cube: (cube == 0).any(axis=1),
    "nor": lambda cube: (cube == 0).all(axis=1),
    "xnor": lambda cube: cube.sum(axis=1) % 2 == 0,
    "parity": lambda cube: cube.sum(axis=1) % 2 == 1,
    # Rumelhart, Hinton & Williams (1986): the same from both ends.
    "symmetry": lambda cube: (cube == cube[:, ::-1]).all(axis=1),
}


def _table(config: TaskConfig) -> Task:
    path = Path(str(config.path))
    if not path.is_file():
        raise ConfigError(
            "task.path", config.path, f"an existing file (looked for {path.absolute()})"
        )
    if path.suffix.lower() == ".npz":
        inputs, targets = _read_npz(path)
    elif path.suffix.lower() in (".csv", ".txt", ".tsv"):
        inputs, targets = _read_csv(path, config.outputs or 1)
    else:
        raise ConfigError("task.path", config.path, "a .csv or .npz file")
    for name, values in (("inputs", inputs), ("targets", targets)):
        if values.size == 0:
            raise ConfigError("task.path", config.path, f"a table with {name} (this one has none)")
        bad = np.argwhere(~np.isfinite(values))
        if len(bad):
            row, column = bad[0]
            raise ConfigError(
                "task.path", config.path,
                f"a table of finite numbers ({name}, pattern {row + 1}, column {column + 1} is "
                f"{values[row, column]})",
            )  # fmt: skip
    spread = float(targets.max() - targets.min())
    return Task(inputs, targets, None, margin=spread / 2 if spread else 0.5)


def _read_npz(path: Path) -> tuple[Floats, Floats]:
    allowed = "an npz file with numeric arrays inputs (P, I) and targets (P, O)"
    try:
        with np.load(path, allow_pickle=False) as arrays:
            inputs, targets = (np.asarray(arrays[name]) for name in ("inputs", "targets"))
    except (KeyError, ValueError, OSError, EOFError) as error:
        raise ConfigError("task.path", path, f"{allowed} ({error})") from error
    if targets.ndim == 1:
        targets = targets[:, None]
    if inputs.ndim != 2 or targets.ndim != 2 or len(inputs) != len(targets):
        raise ConfigError(
            "task.path", path, f"{allowed} (found {inputs.shape} and {targets.shape})"
        )
    if not all(
        np.issubdtype(a.dtype, np.number) and not np.iscomplexobj(a) for a in (inputs, targets)
    ):
        raise ConfigError(
            "task.path", path, f"{allowed} (found {inputs.dtype} and {targets.dtype})"
        )
    return inputs.astype(np.float64), targets.astype(np.float64)


def _read_csv(path: Path, outputs: int) -> tuple[Floats, Floats]:
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
            reader = csv.reader(file, delimiter=delimiter)
            rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except (UnicodeDecodeError, csv.Error) as error:
        raise ConfigError("task.path", path, f"a CSV file of numbers ({error})") from error
    if rows and not any(map(_is_number, rows[0][1])):
        rows = rows[1:]  # a header
    if not rows:
        raise ConfigError(
            "task.path", path, "a table with at least one pattern (this one is empty)"
        )
    width = len(rows[0][1])
    if width <= outputs:
        raise ConfigError(
            "task.path",
            path,
            f"a table with more than {outputs} columns, the last {outputs} being targets "
            f"(this one has {width})",
        )
    for line, row in rows:
        if len(row) != width:
            raise ConfigError(
                "task.path",
                path,
                f"a table with {width} columns in every row (line {line} has {len(row)})",
            )
        for column, cell in enumerate(row, start=1):
            if not _is_number(cell):
                raise ConfigError(
                    "task.path",
                    path,
                    f"a table of numbers (line {line}, column {column} is {cell!r})",
                )
    values = np.array([[float(cell) for cell in row] for _, row in rows])
    return values[:, :-outputs], values[:, -outputs:]


def _is_number(cell: str) -> bool:
    try:
        float(cell)
    except ValueError:
        return False
    return True
