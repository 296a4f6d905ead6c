"""Classes: a label for every pattern, as one output for each class."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from xorlab.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

MAX_CLASSES = 1024


def one_hot(
    key: str, value: object, labels: Sequence[str], lines: Sequence[int] | None = None
) -> tuple[Floats, tuple[str, ...]]:
    """Labels as targets (P, C) of zeros and ones, and the classes in the order of the outputs.

    Numbers are sorted as numbers, so that classes 0, 1 and 2 are outputs 0, 1 and 2; other labels
    are sorted by their letters.

    Args:
        key: that names the labels, for messages.
        value: of the key.
        labels: of the patterns.
        lines: of the file that they were read from; None where there are none.

    Raises:
        ConfigError: there are fewer than two classes or too many, or a pattern has none.
    """
    import numpy as np

    words = [label.strip() for label in labels]
    if "" in words:
        first = words.index("")
        where = f"pattern {first + 1}" if lines is None else f"line {lines[first]}"
        raise ConfigError(key, value, f"a column with a class for every pattern ({where} has none)")
    numbers = [_integer(word) for word in words]
    if None not in numbers:
        words = [str(number) for number in numbers]
        names = [str(number) for number in sorted({one for one in numbers if one is not None})]
    else:
        names = sorted(set(words))
    if not 2 <= len(names) <= MAX_CLASSES:
        raise ConfigError(
            key, value, f"a column with 2 to {MAX_CLASSES} classes (this one has {len(names)})"
        )
    place = {name: index for index, name in enumerate(names)}
    return np.eye(len(names))[[place[word] for word in words]], tuple(names)


def is_one_hot(targets: Floats) -> bool:
    """Whether every pattern has one target that is 1, and 0 as all others."""
    ones = targets == 1
    return bool(targets.shape[1] > 1 and (ones | (targets == 0)).all()) and bool(
        (ones.sum(axis=1) == 1).all()
    )


def _integer(word: str) -> int | None:
    try:
        number = float(word)
    except ValueError:
        return None
    return int(number) if number.is_integer() else None
