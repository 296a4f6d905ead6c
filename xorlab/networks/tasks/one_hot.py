"""Classes in the last columns of a table, one column for each, which must be named as targets."""

from __future__ import annotations

from collections.abc import Sequence

from xorlab.errors import ConfigError

_ZERO, _ONE = {"0", "0.0"}, {"1", "1.0"}


def refuse_one_hot(rows: Sequence[Sequence[str]]) -> None:
    """Refuse a table whose last columns are classes, where nothing says how many are targets.

    Taking the last column alone would make inputs of the other classes, which give it away.

    Args:
        rows: the cells of each pattern, equally many in each.

    Raises:
        ConfigError: the last columns hold 0 and 1, with exactly one 1 in every row.
    """
    count = _classes(rows)
    if count is not None:
        raise ConfigError(
            "task.outputs",
            None,
            f"given where the last {count} columns hold 0 and 1 with exactly one 1 in every row, "
            f"as for {count} classes: task.outputs={count} if they are the targets, task.outputs=1 "
            "if only the last column is",
        )


def _classes(rows: Sequence[Sequence[str]]) -> int | None:
    """How many of the last columns are classes, each of which occurs; None if they are not."""
    seen = [0] * len(rows)  # how many ones each row has in the columns so far
    for count in range(1, len(rows[0])):
        cells = [row[-count].strip() for row in rows]
        if not all(cell in _ZERO | _ONE for cell in cells) or not _ONE & set(cells):
            return None  # no column of a class that occurs
        seen = [ones + (cell in _ONE) for ones, cell in zip(seen, cells, strict=True)]
        if max(seen) > 1:
            return None
        if min(seen) == 1:
            return count if count > 1 else None
    return None
