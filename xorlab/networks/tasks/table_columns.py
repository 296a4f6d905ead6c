"""Which columns of a table are inputs, which are targets, and which names the sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xorlab.errors import ConfigError

if TYPE_CHECKING:
    from xorlab.networks.tasks.table_text import TextFormat

MOST_NAMED = 12  # columns in a message
_INDEX = re.compile(r"|Unnamed: \d+")  # what pandas calls the column of an index
_KEY = "task.path"


class MisreadError(Exception):
    """What is wrong with a table, perhaps because another delimiter was meant.

    Args:
        problem: how the table should be, and where it is not.
        advice: what to do if the file would not read well with other keys; empty if not known.
        certain: whether that is what to do even if it would.
    """

    def __init__(self, problem: str, advice: str = "", certain: bool = False) -> None:
        super().__init__(problem)
        self.advice, self.certain = advice, certain


class Columns:
    """Which columns are inputs and which are targets, as indices."""

    def __init__(self, path: Path, names: list[str] | None, width: int, text: TextFormat) -> None:
        self._path, self._names, self._width = path, names, width
        self.inputs = self._indices("task.inputs", text.inputs)
        self.targets = self._indices("task.targets", text.targets)
        self.split = self._indices("task.split", text.split)
        self._stated = {*self.inputs, *self.targets}
        if text.targets is None:
            self.targets = self._last(text.outputs or 1)
        elif text.outputs not in (None, len(self.targets)):
            raise ConfigError(
                "task.outputs", text.outputs, f"left out, or {len(self.targets)} as task.targets"
            )
        if text.inputs is None:
            taken = {*self.targets, *self.split}
            self.inputs = [one for one in range(width) if one not in taken]
            if not self.inputs:
                raise ConfigError("task.targets", text.targets, "so few that inputs are left")
        both = [one for one in self.inputs if one in self.targets]
        if both:
            name = self.name(both[0])
            raise ConfigError("task.inputs", text.inputs, f"without {name}, which is a target")
        if self.split and self.split[0] in (*self.inputs, *self.targets):
            raise ConfigError("task.split", text.split, "neither an input nor a target")

    def refuse_index(self) -> None:
        """Refuse to learn from the index of a table, unless it is stated.

        Raises:
            ConfigError: a column has no name.
        """
        for index in [*self.inputs, *self.targets]:
            if self._names is None or index in self._stated:
                continue
            if _INDEX.fullmatch(self._names[index]):
                others = ",".join(str(one + 1) for one in self.inputs if one != index)
                raise ConfigError(
                    _KEY,
                    self._path,
                    f"a table with a name for every column (column {index + 1} is named "
                    f"{self._names[index]!r}, as where an index is written with a table); state "
                    f"the columns by name or position: task.inputs=[{others}]",
                )

    def described(self) -> str:
        """Which are inputs and which are targets."""
        sets = f"; sets {self._listed(self.split)}" if self.split else ""
        return f"inputs {self._listed(self.inputs)}; targets {self._listed(self.targets)}{sets}"

    def name(self, index: int) -> str:
        """What messages call a column."""
        return f"column {index + 1}" if self._names is None else self._names[index]

    def place(self, index: int) -> str:
        """The position of a column, with its name if it has one."""
        names = self._names or []
        return f"column {index + 1}" + (f" ({names[index]})" if index < len(names) else "")

    def _listed(self, indices: Sequence[int]) -> str:
        shown = ", ".join(map(self.name, indices[:MOST_NAMED]))
        return shown + (f" and {len(indices) - MOST_NAMED} more" * (len(indices) > MOST_NAMED))

    def _last(self, outputs: int) -> list[int]:
        left = [one for one in range(self._width) if one not in self.split]
        if len(left) <= outputs:
            raise MisreadError(
                f"with more than {outputs} columns, the last {outputs} being targets (this one "
                f"has {len(left)})"
            )
        return left[-outputs:]

    def _indices(self, key: str, given: Any) -> list[int]:
        """Columns, each given by its name or its position, as indices."""
        names = self._names
        found: list[int] = []
        for one in [] if given is None else given if isinstance(given, list) else [given]:
            if isinstance(one, int):
                if not 1 <= one <= self._width:
                    raise ConfigError(key, one, f"from 1 to {self._width}, the number of columns")
                found.append(one - 1)
                continue
            if names is None:
                raise ConfigError(
                    key, one, "a position, counted from 1, as the table has no header"
                )
            if names.count(one) != 1:
                there = ", ".join(names[:MOST_NAMED])
                several = " (there are several)" if one in names else ""
                raise ConfigError(key, one, f"the name of one column{several}; one of {there}")
            found.append(names.index(one))
        if len(set(found)) < len(found):
            raise ConfigError(key, given, "columns that differ")
        return found
