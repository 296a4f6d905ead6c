"""Functions that go through networks block by block, in scratch memory that stays in the cache."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from xorlab.networks.compiled.calls import Reader
from xorlab.networks.compiled.code import LANES, SIZES, Code
from xorlab.networks.compiled.ops import Op
from xorlab.networks.compiled.scratch import Cell, Layout, cells

ARGUMENTS = "ptr %arrays, ptr %scratch, ptr %numbers, i64 %width"


def flow(ops: Iterable[Op]) -> tuple[set[Cell], set[Cell]]:
    """The rows that are read before they are set, and those that are set."""
    read: set[Cell] = set()
    written: set[Cell] = set()
    for op in ops:
        outs = set(cells(op.out, op.shape))
        for one in op.rows()[1:]:
            read.update(set(cells(one, op.shape)) - written)
        if op.masked:
            read.update(outs - written)
        written |= outs
    return read, written


class Blocks:
    """Writes a loop over blocks of networks, with their rows copied into scratch memory and back.

    Args:
        code: to write to.
        layout: of the scratch memory.
    """

    def __init__(self, code: Code, layout: Layout) -> None:
        self._code, self._layout = code, layout

    @contextmanager
    def each(self, inputs: Iterable[Cell], outputs: Iterable[Cell]) -> Iterator[None]:
        """Write the body in here; networks beyond the last have zeros everywhere."""
        code = self._code
        with code.loop("0", "%width", LANES) as lane:
            left = code.splat("i64", code.value(f"sub i64 %width, {lane}"))
            steps = f"<{', '.join(f'i64 {one}' for one in range(LANES))}>"
            mask = code.binary("icmp slt", "i64", steps, left)
            end = code.value(f"add nsw i64 {lane}, {LANES}")
            whole = code.value(f"icmp sle i64 {end}, %width")
            part = code.value(f"xor i1 {whole}, true")
            for inwards, rows in ((True, inputs), (False, outputs)):
                # A mask costs more than a copy: only the last block has one.
                for some, own in ((whole, ""), (part, mask)):
                    with code.when(some):
                        self._copy(rows, lane, own, inwards)
                if inwards:
                    yield

    def _copy(self, rows: Iterable[Cell], lane: str, mask: str, inwards: bool) -> None:
        """Write copies of rows from the arrays, or to them."""
        code = self._code
        for array, first, count in _runs(rows):
            kind, line = self._layout.kinds[array], self._layout.line(array)
            slot = code.value(f"getelementptr ptr, ptr %arrays, i64 {array}")
            base = code.value(f"load ptr, ptr {slot}")
            start = code.at("%scratch", self._layout.starts[array])
            with code.loop(str(first), str(first + count)) as row:
                element = code.value(f"mul nsw i64 {row}, %width")
                element = code.value(f"add nsw i64 {element}, {lane}")
                offset = code.value(f"mul nsw i64 {element}, {SIZES[kind]}")
                outer = code.at(base, offset)
                inner = code.at(start, code.value(f"mul nsw i64 {row}, {line}"))
                if inwards:
                    code.store(kind, code.load_lanes(kind, outer, mask), inner)
                else:
                    code.store_lanes(kind, code.load(kind, inner), outer, mask)


def _runs(rows: Iterable[Cell]) -> list[tuple[int, int, int]]:
    """Rows that follow one another: the array, the first and how many."""
    runs: list[tuple[int, int, int]] = []
    for array, row in sorted(rows):
        if runs and runs[-1][0] == array and sum(runs[-1][1:]) == row:
            runs[-1] = (array, runs[-1][1], runs[-1][2] + 1)
        else:
            runs.append((array, row, 1))
    return runs


class Memory:
    """What a function is given: addresses of the arrays, scratch memory and constants.

    Attributes:
        arguments: as `ARGUMENTS`.
    """

    def __init__(self, reader: Reader, layout: Layout) -> None:
        self._held = [stack.owner for stack in reader.stacks]
        addresses = [
            stack.origin + stack.low * reader.width * SIZES[stack.kind] for stack in reader.stacks
        ]
        self._addresses = np.array(addresses, np.int64)
        block = np.zeros(layout.size + 64, np.uint8)
        self._scratch = block[-block.ctypes.data % 64 :]
        dtype = np.float32 if reader.kind == "float" else np.float64
        self._numbers = np.array(reader.numbers or [0.0], dtype)
        self.arguments: tuple[int, ...] = (
            self._addresses.ctypes.data,
            self._scratch.ctypes.data,
            self._numbers.ctypes.data,
            reader.width,
        )


def written_function(name: str, arguments: Sequence[str], code: Code) -> str:
    """A function with a body that was written."""
    return f"define void @{name}({', '.join(arguments)}) {{\nentry:\n{code}\n  ret void\n}}"
