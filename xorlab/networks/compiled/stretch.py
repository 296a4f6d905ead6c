"""A list of a program's calls that is run as machine code as far as it can be read."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from xorlab.networks.compiled.blocks import ARGUMENTS, Blocks, Memory, flow, written_function
from xorlab.networks.compiled.calls import Reader
from xorlab.networks.compiled.code import Code, module
from xorlab.networks.compiled.folds import folded
from xorlab.networks.compiled.fused import fused
from xorlab.networks.compiled.loops import is_short, length
from xorlab.networks.compiled.lowering import Lowering
from xorlab.networks.compiled.machine import function
from xorlab.networks.compiled.ops import Op
from xorlab.networks.compiled.scratch import Layout
from xorlab.networks.program import Calls

_LONGEST = 3000  # lines of one function: what takes longer to compile grows faster than its length


class Stretch:
    """Runs calls: those that can be read as compiled functions, the others one by one.

    They are read and compiled when they are first run.

    Attributes:
        calls: what it stands for.
    """

    def __init__(self, calls: Calls) -> None:
        self.calls = flat(calls)
        self._pieces: Calls | None = None

    def __call__(self) -> None:
        """Run all calls once."""
        if self._pieces is None:
            self._pieces = _pieces(fused(self.calls))
        for piece in self._pieces:
            piece()


def lowered(calls: Calls) -> Calls:
    """The same calls, to be compiled when they are first run."""
    return [Stretch(calls)] if calls else []


def flat(calls: Calls) -> Calls:
    """The calls that stretches among these stand for, and the others."""
    return [one for call in calls for one in (call.calls if isinstance(call, Stretch) else [call])]


def _pieces(calls: Calls) -> Calls:
    """The calls, those that can be read as functions of about the same length.

    A new one begins where calls repeat, as for every pattern of an online epoch and for every
    mini-batch: so functions are alike, and what is alike is compiled once.
    """
    pieces: Calls = []
    reader, ops = Reader(), list[Op]()
    written = 0
    first = next((call.func for call in calls if isinstance(call, partial)), None)
    for call in calls:
        if written > _LONGEST and isinstance(call, partial) and call.func is first:
            pieces += _bound(reader, ops)
            reader, ops, written = Reader(), [], 0
        found = reader.read(call)
        if found is None:
            pieces += _bound(reader, ops)
            reader, ops, written = Reader(), [], 0
            found = reader.read(call)  # its arrays may be of another width
            if found is None:
                pieces.append(call)
                reader = Reader()
                continue
        ops += found
        written += length(found)
    return pieces + _bound(reader, ops)


def _bound(reader: Reader, ops: list[Op]) -> list[Callable[[], Any]]:
    if not ops:
        return []
    layout = Layout.of(reader.stacks)
    text = stretch_source(reader.settled(ops), layout, reader.kind or "double")
    memory = Memory(reader, layout)
    run = function(text, "stretch", len(memory.arguments))
    call = partial(run, *memory.arguments)
    call.memory = memory  # type: ignore[attr-defined]  # its addresses are in use
    return [call]


@cache
def stretch_source(ops: tuple[Op, ...], layout: Layout, kind: str) -> str:
    """A module with the function ``stretch``."""
    code = Code(kind)
    unrolled = is_short(ops)
    if not unrolled:
        ops = folded(ops)
    read, written = flow(ops)
    with Blocks(code, layout).each(read, written):
        lowering = Lowering(code, layout, unrolled)
        lowering.emit(ops)
        lowering.save(written)
    return module([written_function("stretch", [ARGUMENTS], code)])
