"""Data sets that scikit-learn ships: read from its files, without importing it."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.config.fields import choice
from xorlab.errors import ConfigError
from xorlab.networks.tasks.classes import one_hot
from xorlab.networks.tasks.data import Data
from xorlab.networks.tasks.data_task import DataTask
from xorlab.networks.tasks.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Table = npt.NDArray[np.float64]


@dataclass
class Dataset(DataTask, name="dataset", order=11):
    """A well-known set of data; scikit-learn must be installed, which ships the files."""

    name: str = choice(
        "iris",
        ("iris", "wine", "breast_cancer", "digits", "diabetes"),
        "which data: iris (4 inputs, 3 classes), wine (13, 3), breast_cancer (30, 2), digits "
        "(64, 10), or diabetes (10 inputs, one number to predict)",
        "task=dataset task.name=iris task.standardise=true",
        added_after_v1=True,
    )

    @property
    def label(self) -> str:
        """The name of the data."""
        return self.name

    def make(self) -> Task:
        """The patterns, as they are in the files.

        Raises:
            ConfigError: scikit-learn is not installed, or has no such file.
        """
        return self.divided(_READERS[self.name]())


def _content(file: str) -> str:
    found = find_spec("sklearn")
    folder = None if found is None or found.origin is None else Path(found.origin).parent
    if folder is None:
        raise ConfigError(
            "task", "dataset", "another where scikit-learn is not installed: it ships the data"
        )
    path = folder / "datasets" / "data" / file
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ConfigError(
            "task", "dataset", f"one that the installed scikit-learn ships ({error})"
        ) from error
    return (gzip.decompress(content) if path.suffix == ".gz" else content).decode()


def _numbers(rows: list[str], delimiter: str | None) -> Table:
    import numpy as np

    return np.array([row.split(delimiter) for row in rows], np.float64)


def _with_header(file: str) -> Data:
    """Classes in the last column; the first row has two counts and the names of the classes."""
    first, *rows = _content(file).split("\n")
    table = _numbers([row for row in rows if row], ",")
    targets, numbers = one_hot("task.name", file, [f"{one:g}" for one in table[:, -1]])
    names = [name.strip() for name in first.split(",")[2:]]
    return Data(table[:, :-1], targets, tuple(names) if len(names) == len(numbers) else numbers)


def _digits() -> Data:
    table = _numbers(_content("digits.csv.gz").split("\n")[:-1], ",")
    targets, names = one_hot("task.name", "digits", [f"{one:g}" for one in table[:, -1]])
    return Data(table[:, :-1], targets, names)


def _diabetes() -> Data:
    inputs, targets = (
        _numbers(_content(f"diabetes_{kind}.csv.gz").split("\n")[:-1], None)
        for kind in ("data_raw", "target")
    )
    return Data(inputs, targets)


_READERS: dict[str, Callable[[], Data]] = {
    "iris": lambda: _with_header("iris.csv"),
    "wine": lambda: _with_header("wine_data.csv"),
    "breast_cancer": lambda: _with_header("breast_cancer.csv"),
    "digits": _digits,
    "diabetes": _diabetes,
}
