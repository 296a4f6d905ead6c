"""The code of many epochs: the calls of an epoch, with what the loop looks at in between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from xorlab.networks.columns import NO_LIMIT
from xorlab.networks.compiled.blocks import ARGUMENTS, Blocks, flow, written_function
from xorlab.networks.compiled.code import Code, module
from xorlab.networks.compiled.folds import folded
from xorlab.networks.compiled.loops import is_short
from xorlab.networks.compiled.lowering import Lowering, tree
from xorlab.networks.compiled.ops import Op, Rows, rolled
from xorlab.networks.compiled.scratch import Cell, Layout, cells, touched

# What is known of each network; see `xorlab.networks.compiled.epochs.Epochs`.
EVENTS = ("active", "solved_at", "diverged_at", "ended_at", "recorded")


@dataclass(frozen=True)
class Parts:
    """The calls of an epoch, as ops, and the arrays that the loop itself looks at.

    Attributes:
        rows: name, rows and shape of each such array.
        stops: whether a network ends when it is solved.
    """

    forward: tuple[Op, ...]
    loss: tuple[Op, ...]
    stopping: tuple[Op, ...]
    gradient: tuple[Op, ...]
    update: tuple[Op, ...]
    rows: tuple[tuple[str, Rows, tuple[int, ...]], ...]
    stops: bool

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
        return replace(
            self,
            forward=folded(self.forward),
            loss=folded(self.loss),
            stopping=folded(self.stopping),
            gradient=folded(self.gradient),
            update=folded(self.update),
        )

    @property
    def epoch(self) -> tuple[Op, ...]:
        """All ops of an epoch in order."""
        return (*self.forward, *self.stopping, *self.gradient, *self.update)


@cache
def epochs_source(parts: Parts, layout: Layout, kind: str) -> str:
    """A module with the function ``epochs``.

    Besides `ARGUMENTS` it takes the first step, the step after the last, the step at which the
    loss is recorded, and whether there are updates.
    """
    code = Code(kind)
    unrolled = is_short(parts.epoch)
    if not unrolled:
        parts = parts.folded()
    read, written = flow(parts.epoch)
    kept = (read & written) | set(parts.cells("weights"))
    noted = {cell for name in (*EVENTS, "limits", "min_gradient") for cell in parts.cells(name)}
    with Blocks(code, layout).each(read | kept | noted, kept | noted):
        rows = Lowering(code, layout, unrolled)
        _Epoch(code, parts, rows, unrolled).write(kept)
    steps = "i64 %begin, i64 %end, i64 %record, i64 %update"
    return module([written_function("epochs", [ARGUMENTS, steps], code)])


class _Epoch:
    """Writes the loop over the epochs of one block.

    What happens to networks is rare, so it is written into memory in branches of their own.
    """

    def __init__(self, code: Code, parts: Parts, rows: Lowering, unrolled: bool) -> None:
        self._code, self._parts, self._rows, self._unrolled = code, parts, rows, unrolled
        self._kind = code.kind

    def write(self, kept: set[Cell]) -> None:
        """The loop over epochs; it ends early where no network of the block trains any more.

        Args:
            kept: rows that an epoch leaves to the next.
        """
        code, rows, parts = self._code, self._rows, self._parts
        weights = parts.cells("weights")
        (active,) = parts.cells("active")
        with (
            code.when(code.any(rows.value(active))),
            code.loop("%begin", "%end", alive=lambda: code.any(rows.value(active))) as step,
        ):
            rows.forget()
            now = code.splat("i64", step)
            before = {cell: rows.value(cell) for cell in weights} if self._unrolled else {}
            rows.emit(parts.forward)
            self._find_diverged(now)
            solved = ["solved_at", *["ended_at"] * parts.stops]
            self._note(rows, rows.value(parts.cells("within")[0]), solved, now, "limits", NO_LIMIT)
            with code.when(code.value(f"icmp eq i64 {step}, %record")):
                self._record(rows.fork())
            rows.save(kept)
            with code.when(code.value("icmp ne i64 %update, 0")):
                self._update(rows.fork(), before, now, kept)
            rows.forget()
        rows.forget()

    def _copy(self, target: str, source: str) -> Op:
        count = len(self._parts.cells(source))
        return Op("copyto", (count,), self._parts.along(target, 1), (self._parts.along(source, 1),))

    def _note(
        self,
        rows: Lowering,
        mask: str,
        events: Sequence[str],
        now: str,
        cleared: str = "",
        value: float = 0.0,
    ) -> None:
        """Note that something happens to the networks of a mask, where they still train.

        Args:
            rows: what is known of them.
            mask: the networks.
            events: arrays that take the step; ``ended_at`` among them ends the networks.
            now: the step.
            cleared: an array that is set so that it does not happen again.
            value: what it is set to.
        """
        code, parts = self._code, self._parts
        (active,) = parts.cells("active")
        changed = [active, *(parts.cells(name)[0] for name in events)]
        changed += parts.cells(cleared) if cleared else []
        with code.when(code.any(mask)):
            branch = rows.fork()
            if cleared:
                (cell,) = parts.cells(cleared)
                old, new = branch.value(cell), code.number(self._kind, value)
                branch.set(cell, code.select(mask, self._kind, new, old))
            fresh = code.binary("and", "i1", mask, branch.value(active))
            for name in events:
                (cell,) = parts.cells(name)
                branch.set(cell, code.select(fresh, "i64", now, branch.value(cell)))
            if "ended_at" in events:
                left = code.binary("xor", "i1", fresh, code.number("i1", 1))
                branch.set(active, code.binary("and", "i1", branch.value(active), left))
            branch.save(changed)
        rows.reload(changed)

    def _find_diverged(self, now: str) -> None:
        """Look whether a sum of weights, errors and loss is finite; if not, at each of them."""
        code, rows, parts = self._code, self._rows, self._parts
        (active,) = parts.cells("active")
        (loss,) = parts.cells("loss")
        summed = [*parts.cells("weights"), *parts.cells("error")]
        if loss in flow(parts.forward)[1]:
            summed.append(loss)
        if self._unrolled:
            total = tree(code, self._kind, [rows.value(cell) for cell in summed])
        else:
            total = self._summed(rows.fork(), ["weights", "error"])
            if loss in summed:
                total = code.binary("fadd", self._kind, total, rows.value(loss))
        changed = [active, parts.cells("diverged_at")[0], parts.cells("ended_at")[0]]
        suspect = code.binary("and", "i1", self._unlike_itself(total), rows.value(active))
        with code.when(code.any(suspect)):
            branch = rows.fork()
            branch.emit(parts.loss)
            terms = self._summed(branch, ["weights"], differences=True)
            left = branch.value(loss)
            left = code.binary("fsub", self._kind, left, left)
            broken = self._unlike_itself(code.binary("fadd", self._kind, terms, left))
            self._note(branch, broken, ["diverged_at", "ended_at"], now)
        rows.reload(changed)

    def _unlike_itself(self, value: str) -> str:
        """Where a number minus itself is not a number: where it is not finite."""
        rest = self._code.binary("fsub", self._kind, value, value)
        return self._code.binary("fcmp uno", self._kind, rest, rest)

    def _summed(self, rows: Lowering, names: list[str], differences: bool = False) -> str:
        """The sum of all rows of arrays, or of each row minus itself."""
        (total,) = self._parts.cells("sum")
        rows.set(total, self._code.number(self._kind, 0.0))
        for name in names:
            own = self._parts.cells(name)
            rows.total(own[0], len(own), total, differences)
        return rows.value(total)

    def _record(self, rows: Lowering) -> None:
        (loss,), (recorded,) = self._parts.cells("loss"), self._parts.cells("recorded")
        rows.emit(self._parts.loss)
        rows.set(recorded, rows.value(loss))
        rows.save([recorded])

    def _update(self, rows: Lowering, before: dict[Cell, str], now: str, kept: set[Cell]) -> None:
        """Look whom a rule or a small gradient ends; update the weights of the others."""
        code, parts = self._code, self._parts
        (active,), (over,) = parts.cells("active"), parts.cells("over")
        if parts.stopping:
            rows.emit(parts.stopping)
            self._note(rows, rows.value(parts.cells("stopped")[0]), ["ended_at"], now)
        if parts.gradient:
            rows.emit(parts.gradient)
            small = rows.value(parts.cells("small")[0])
            self._note(rows, small, ["ended_at"], now, "min_gradient", math.nan)
        if self._unrolled:
            rows.emit(parts.update)
            for cell, old in before.items():
                new = rows.value(cell)
                rows.set(cell, code.select(rows.value(active), self._kind, new, old))
        else:
            ended = code.binary("xor", "i1", rows.value(active), code.number("i1", 1))
            rows.set(over, ended)
            rows.save([over])
            some = code.any(ended)
            self._copy_when(some, rows, self._copy("held", "weights"))
            rows.emit(rolled(parts.update))
            back = self._copy("weights", "held")
            mask = parts.along("over", 0)
            self._copy_when(some, rows, replace(back, inputs=(*back.inputs, mask), masked=True))
        rows.save(kept)

    def _copy_when(self, condition: str, rows: Lowering, copy: Op) -> None:
        """Copy rows where an i1 is true, from memory to memory."""
        rows.save(touched(copy))
        with self._code.when(condition):
            rows.fork().emit([copy])
        rows.reload(cells(copy.out, copy.shape))
