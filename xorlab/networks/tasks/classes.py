"""Classes: a label for every pattern, as one output for each class."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from xorlab.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

MAX_CLASSES = 1024
# What stands for a class that is not known, spelled as other tools write it.
_MISSING = {"", "?", "NA", "N/A", "n/a", "NaN", "nan", "NULL", "null"}


def one_hot(
    key: str,
    value: object,
    labels: Sequence[str],
    lines: Sequence[int] | None = None,
    column: str = "the target",
) -> tuple[Floats, tuple[str, ...]]:
    """Labels as targets (P, C) of zeros and ones, and the classes in the order of the outputs.

    Numbers are sorted as numbers, so that classes 0, 1 and 2 are outputs 0, 1 and 2; other labels
    are sorted by their letters.

    Args:
        key: that names the table, for messages.
        value: of the key.
        labels: of the patterns; blanks around them do not count.
        lines: of the file that they were read from; None where there are none.
        column: what messages call the column that has them.

    Raises:
        ConfigError: there are fewer than two classes or too many, a pattern has none, or two differ
            as a class that is misspelt does.
    """
    import numpy as np

    words = [label.strip() for label in labels]
    where = partial(_where, lines)
    missing = [n for n, word in enumerate(words) if word in _MISSING]
    if missing:
        more = f" and in {len(missing) - 1:,} more rows" if len(missing) > 2 else ""
        more = f" and {where(missing[1])}" if len(missing) == 2 else more
        raise ConfigError(
            key,
            value,
            f"a table with a class in every row ({column} is {words[missing[0]]!r} in "
            f"{where(missing[0])}{more}); fill the class in, or remove the row",
        )
    numbers = [_integer(word) for word in words]
    if None not in numbers:
        words = [str(number) for number in numbers]
        names = [str(number) for number in sorted({one for one in numbers if one is not None})]
    else:
        names = sorted(set(words))
    if not 2 <= len(names) <= MAX_CLASSES:
        other = "if these are numbers to predict, leave task.classes out"
        if len(names) < 2:
            other = "another column may have the classes: name it with task.targets"
        raise ConfigError(
            key,
            value,
            f"a table with 2 to {MAX_CLASSES} classes ({column} has {len(names)}); {other}",
        )
    alike = _alike(words, names)
    if alike is not None:
        rare, common = alike
        raise ConfigError(
            key,
            value,
            f"a table whose classes differ by more than capitals and blanks ({column} is {rare!r} "
            f"in {where(words.index(rare))} and {common!r} in {where(words.index(common))}); "
            "write each class in one way",
        )
    place = {name: index for index, name in enumerate(names)}
    return np.eye(len(names))[[place[word] for word in words]], tuple(names)


def _where(lines: Sequence[int] | None, pattern: int) -> str:
    return f"pattern {pattern + 1}" if lines is None else f"line {lines[pattern]}"


def _alike(words: Sequence[str], names: Sequence[str]) -> tuple[str, str] | None:
    """Two names that are one but for capitals and blanks, the rarer one first; None for none."""
    spelled: dict[str, str] = {}
    for name in names:
        other = spelled.setdefault(" ".join(name.casefold().split()), name)
        if other != name:
            rare, common = sorted((other, name), key=words.count)
            return rare, common
    return None


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
