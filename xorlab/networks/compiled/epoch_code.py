"""The code of many epochs: the calls of an epoch, with what the loop looks at in between."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from xorlab.networks.columns import NO_LIMIT
from xorlab.networks.compiled.blocks import ARGUMENTS, Blocks, flow, written_function
from xorlab.networks.compiled.code import Code, module
from xorlab.networks.compiled.epoch_parts import EVENTS, Parts
from xorlab.networks.compiled.loops import is_short
from xorlab.networks.compiled.lowering import Lowering, tree
from xorlab.networks.compiled.ops import Op, rolled
from xorlab.networks.compiled.scratch import Cell, Layout, cells, touched

# What is known of the validation set, where one is looked at.
_LOOKS = ("least", "best_at", "generalised_at", "best", "held_out_limits", "held_out_loss")


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
    names = [*EVENTS, "recorded", "limits", "min_gradient", *filter(parts.has, _LOOKS)]
    noted = {cell for name in names for cell in parts.cells(name)}
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
            looked = self._validate(step)
            self._find_diverged(now)
            solved = ["solved_at", *["ended_at"] * parts.stops]
            self._note(rows, rows.value(parts.cells("within")[0]), solved, now, "limits", NO_LIMIT)
            if looked:
                with code.when(looked):
                    self._look(rows.fork(), now)
                rows.reload([active])
            with code.when(code.value(f"icmp eq i64 {step}, %record")):
                self._record(rows.fork())
            rows.save(kept)
            with code.when(code.value("icmp ne i64 %update, 0")):
                self._update(rows.fork(), before, now, kept, looked)
            rows.forget()
        rows.forget()

    def _validate(self, step: str) -> str:
        """Run the validation set forward where it is looked at, or recorded.

        Returns:
            whether it is looked at, as an i1; empty without such a set.
        """
        code, rows, parts = self._code, self._rows, self._parts
        if not parts.every:
            return ""
        rest = code.value(f"urem i64 {step}, {parts.every}")
        looked = code.value(f"icmp eq i64 {rest}, 0")
        recorded = code.value(f"icmp eq i64 {step}, %record")
        with code.when(code.value(f"or i1 {looked}, {recorded}")):
            self._emit_saved(rows.fork(), parts.validation)
        rows.reload(flow(parts.validation)[1])
        return looked

    def _emit_saved(self, rows: Lowering, ops: Sequence[Op]) -> None:
        """Write ops in a branch, with all that they set in memory."""
        rows.emit(ops)
        rows.save(flow(ops)[1])

    def _look(self, rows: Lowering, now: str) -> None:
        """Note whose validation loss is the least so far, and who meets the criterion there."""
        code, parts = self._code, self._parts
        names = ("active", "held_out_loss", "least", "best_at", "better", "held_out_within")
        active, loss, least, best_at, better, within = (parts.cells(name)[0] for name in names)
        self._note(rows, rows.value(within), ["generalised_at"], now, "held_out_limits", NO_LIMIT)
        less = code.binary("fcmp olt", self._kind, rows.value(loss), rows.value(least))
        less = code.binary("and", "i1", less, rows.value(active))
        some = code.any(less)
        rows.set(least, code.select(less, self._kind, rows.value(loss), rows.value(least)))
        rows.set(best_at, code.select(less, "i64", now, rows.value(best_at)))
        rows.set(better, less)
        rows.save([least, best_at, better])
        if parts.has("best"):
            self._copy_when(some, rows, self._masked("best", "weights", "better"))

    def _masked(self, target: str, source: str, mask: str) -> Op:
        copy = self._copy(target, source)
        return replace(copy, inputs=(*copy.inputs, self._parts.along(mask, 0)), masked=True)

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
        held_out = parts.cells("held_out_loss") if parts.every else []
        summed += held_out
        if self._unrolled:
            total = tree(code, self._kind, [rows.value(cell) for cell in summed])
        else:
            total = self._summed(rows.fork(), ["weights", "error"])
            for cell in summed[len(parts.cells("weights")) + len(parts.cells("error")) :]:
                total = code.binary("fadd", self._kind, total, rows.value(cell))
        changed = [active, parts.cells("diverged_at")[0], parts.cells("ended_at")[0]]
        suspect = code.binary("and", "i1", self._unlike_itself(total), rows.value(active))
        with code.when(code.any(suspect)):
            branch = rows.fork()
            branch.emit(parts.loss)
            terms = self._summed(branch, ["weights"], differences=True)
            for cell in (loss, *held_out):
                left = branch.value(cell)
                left = code.binary("fsub", self._kind, left, left)
                terms = code.binary("fadd", self._kind, terms, left)
            broken = self._unlike_itself(terms)
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
        rows.emit(self._parts.recording)
        rows.save(self._parts.cells("recorded"))

    def _update(
        self, rows: Lowering, before: dict[Cell, str], now: str, kept: set[Cell], looked: str
    ) -> None:
        """Look whom a rule or a small gradient ends; update the weights of the others."""
        code, parts = self._code, self._parts
        (active,), (over,) = parts.cells("active"), parts.cells("over")
        if parts.stopping:
            rows.emit(parts.stopping)
            self._note(rows, rows.value(parts.cells("stopped")[0]), ["ended_at"], now)
        if looked and parts.held_out_stopping:
            rows.save(parts.cells("stopped"))
            with code.when(looked):
                branch = rows.fork()
                self._emit_saved(branch, parts.held_out_stopping)
                stopped = branch.value(parts.cells("stopped")[0])
                self._note(branch, stopped, ["ended_at"], now)
            rows.reload([active, *flow(parts.held_out_stopping)[1]])
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
            self._copy_when(some, rows, self._masked("weights", "held", "over"))
        rows.save(kept)

    def _copy_when(self, condition: str, rows: Lowering, copy: Op) -> None:
        """Copy rows where an i1 is true, from memory to memory."""
        rows.save(touched(copy))
        with self._code.when(condition):
            self._emit_saved(rows.fork(), [copy])
        rows.reload(cells(copy.out, copy.shape))
