"""Patterns before they are divided into sets, and where they were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xorlab.analysis.counts import counted
from xorlab.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Data:
    """Patterns before they are divided.

    Attributes:
        inputs: (P, I).
        targets: (P, O), one-hot zeros and ones where there are classes.
        classes: the class of each output; empty for none.
        sets: which set each pattern belongs to, where the data say so.
        split: what names them, for messages: ``(key, value)``.
        lines: the line of a file that each pattern was read from; None for a file without lines.
        source: what messages call the data: the path of a file.
    """

    inputs: Floats
    targets: Floats
    classes: tuple[str, ...] = ()
    sets: Sequence[str] | None = None
    split: tuple[str, object] = ("task.split", None)
    lines: Sequence[int] | None = None
    source: str = ""

    def place(self, pattern: int) -> str:
        """What messages call a pattern: ``line 7 of iris.csv``."""
        where = f"pattern {pattern + 1}" if self.lines is None else f"line {self.lines[pattern]}"
        return where + (f" of {self.source}" if self.source else "")


def refuse_missing_class(data: Data, rows: Any, cause: tuple[str, object]) -> None:
    """Refuse sets that leave no pattern of some class to train on.

    A class that is misspelt once is such a class.

    Args:
        data: with classes.
        rows: (N,) the patterns of the training set.
        cause: key and value that make the sets.

    Raises:
        ConfigError: names the class, and where its first pattern stands.
    """
    trained = data.targets[rows].any(axis=0)
    if trained.all():
        return
    missing = int(trained.argmin())
    own = data.targets[:, missing].nonzero()[0].tolist()
    every = counted(len(own), "pattern")
    key, value = cause
    others = f"; draw other sets with {key} or task.split_seed" if data.sets is None else ""
    raise ConfigError(
        key,
        value,
        f"such that the training set has a pattern of every class (of {data.classes[missing]} it "
        f"has none: the data have {every} of it, the first one in {data.place(own[0])}); correct "
        f"the class if it is misspelt{others}",
    )
