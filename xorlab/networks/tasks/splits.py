"""Which patterns train, validate and test: drawn from a seed, or named in the data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from xorlab.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Indices = npt.NDArray[np.int64]

TRAINING, VALIDATION, TEST = "training", "validation", "test"
# What a column may call the three sets.
WORDS = {
    "training": TRAINING,
    "train": TRAINING,
    "validation": VALIDATION,
    "valid": VALIDATION,
    "val": VALIDATION,
    "test": TEST,
}


@dataclass(frozen=True)
class Shares:
    """How patterns are dealt out.

    Attributes:
        validation, test: shares of all patterns.
        fold, folds: what the test set leaves is cut into ``folds`` parts of one size, of which this
            one, counted from 0, is the validation set; None for no folds.
        seed: of the generator that mixes the patterns.
    """

    validation: float = 0.0
    test: float = 0.0
    fold: int | None = None
    folds: int = 5
    seed: int = 0


def drawn(count: int, classes: Indices | None, shares: Shares) -> dict[str, Indices]:
    """The patterns of each set, in ascending order.

    The patterns are mixed and sorted by class; every set then takes its share at even distances,
    so that each class has its share in it, give or take one (a stratified split).

    Args:
        count: of patterns.
        classes: (P,) the class of each pattern; None where there are none.
        shares: how many belong to which set.

    Raises:
        ConfigError: a set would be empty.
    """
    import numpy as np

    order = np.random.default_rng(shares.seed).permutation(count)
    if classes is not None:
        order = order[np.argsort(classes[order], kind="stable")]
    test, rest = _taken(order, _size("test", shares.test, count))
    if shares.fold is not None:
        if shares.folds > len(rest):
            raise ConfigError(
                "task.folds", shares.folds, f"at most {len(rest)}, the number of patterns to fold"
            )
        mine = np.arange(len(rest)) % shares.folds == shares.fold
        validation, training = rest[mine], rest[~mine]
    else:
        validation, training = _taken(rest, _size("validation", shares.validation, count))
    if not len(training):
        raise ConfigError(
            "task.validation", shares.validation, "so small that patterns are left to train on"
        )
    sets = {TRAINING: training, VALIDATION: validation, TEST: test}
    return {name: np.sort(one) for name, one in sets.items() if len(one)}


def _size(name: str, share: float, count: int) -> int:
    size = round(share * count)
    if share and not size:
        raise ConfigError(
            f"task.{name}", share, f"at least {0.5 / count:.2g}, one of {count} patterns, or 0"
        )
    return size


def _taken(order: Indices, size: int) -> tuple[Indices, Indices]:
    """So many of them, at even distances, and the others."""
    import numpy as np

    size = min(size, len(order))
    places = np.arange(len(order) + 1) * size // max(1, len(order))
    mine = np.diff(places) > 0
    return order[mine], order[~mine]


def named(
    words: Sequence[str], key: str, value: object, place: Callable[[int], str]
) -> dict[str, Indices]:
    """The patterns of each set, where a column says which each belongs to.

    Args:
        words: of the column, one per pattern.
        key: that names the column, for messages.
        value: of the key.
        place: what messages call a pattern, by its index.

    Raises:
        ConfigError: a word that names no set, or no pattern to train on.
    """
    import numpy as np

    known = [WORDS.get(word.strip().lower(), "") for word in words]
    if "" in known:
        first = known.index("")
        raise ConfigError(
            key,
            value,
            f"a column that says {', '.join(WORDS)} ({place(first)} says {words[first][:80]!r})",
        )
    if TRAINING not in known:
        raise ConfigError(key, value, "a column in which some patterns are training")
    names = np.array(known)
    sets = {name: np.flatnonzero(names == name) for name in (TRAINING, VALIDATION, TEST)}
    return {name: one for name, one in sets.items() if len(one)}
