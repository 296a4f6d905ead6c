"""What an epoch is: its calls as ops, and the arrays that the loop around them looks at."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from xorlab.networks.compiled.folds import folded
from xorlab.networks.compiled.ops import Op, Rows
from xorlab.networks.compiled.scratch import Cell, cells

# What is known of each network; see `xorlab.networks.compiled.epochs.Epochs`.
EVENTS = ("active", "solved_at", "diverged_at", "ended_at")
# The parts that are calls.
_IN_ORDER = ("forward", "validation", "stopping", "held_out_stopping", "gradient", "update")
_WHERE_ASKED_FOR = ("loss", "recording")


@dataclass(frozen=True)
class Parts:
    """The calls of an epoch, as ops, and the arrays that the loop itself looks at.

    Attributes:
        rows: name, rows and shape of each such array.
        stops: whether a network ends when it is solved.
        every: the validation set is looked at in every n-th epoch; 0 without one.
    """

    forward: tuple[Op, ...]
    loss: tuple[Op, ...]
    validation: tuple[Op, ...]
    recording: tuple[Op, ...]
    stopping: tuple[Op, ...]
    held_out_stopping: tuple[Op, ...]
    gradient: tuple[Op, ...]
    update: tuple[Op, ...]
    rows: tuple[tuple[str, Rows, tuple[int, ...]], ...]
    stops: bool
    every: int

    def has(self, name: str) -> bool:
        """Whether one of the arrays has this name."""
        return any(own == name for own, _, _ in self.rows)

    def cells(self, name: str) -> list[Cell]:
        """The rows of one of the arrays."""
        ((rows, shape),) = [(rows, shape) for own, rows, shape in self.rows if own == name]
        return cells(rows, shape)

    def along(self, name: str, axis: int) -> Rows:
        """The array as an operand of ops over one axis, which it has (1) or has not (0)."""
        first = self.cells(name)[0]
        return Rows(*first, (axis,))

    def folded(self) -> Parts:
        """The same with sums as single ops."""
        ops: dict[str, Any] = {
            name: folded(getattr(self, name)) for name in (*_IN_ORDER, *_WHERE_ASKED_FOR)
        }
        return replace(self, **ops)

    @property
    def epoch(self) -> tuple[Op, ...]:
        """The ops of an epoch in order, without those that are asked for now and then."""
        return tuple(op for name in _IN_ORDER for op in getattr(self, name))
