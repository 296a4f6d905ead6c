"""Many epochs of a batch as one function: a block of networks is trained before the next is begun.

It does what `xorlab.networks.loop` does step by step: run forward, see who diverged or is solved,
record, see whom a rule or a small gradient ends, update. A network that has ended keeps its weights
while the others of its block go on.
"""

from __future__ import annotations

import numpy as np

from xorlab.networks.batch import Batch
from xorlab.networks.compiled.blocks import Memory
from xorlab.networks.compiled.calls import Reader
from xorlab.networks.compiled.epoch_code import EVENTS, Parts, epochs_source
from xorlab.networks.compiled.fused import fused
from xorlab.networks.compiled.loops import length
from xorlab.networks.compiled.machine import function
from xorlab.networks.compiled.ops import Op, rolled
from xorlab.networks.compiled.scratch import Layout
from xorlab.networks.compiled.stretch import flat
from xorlab.networks.program import Array, Calls
from xorlab.trainers.shard_result import NEVER

# Networks times epochs of one call, about a tenth of a second: a signal is seen between two calls.
_AT_ONCE = 1 << 22
_LONGEST = 6000  # lines of an epoch; an online one of many patterns would take minutes to compile


class Epochs:
    """The epochs of one batch.

    Attributes:
        active: (W,) which networks still train.
        solved_at: (W,) the step of the last `run` at which a network was solved, or `NEVER`.
        diverged_at: (W,) likewise where it diverged.
        ended_at: (W,) likewise where it ended.
        recorded: (W,) losses at the first step of the last `run`.
    """

    def __init__(
        self,
        batch: Batch,
        stops: bool,
        reader: Reader,
        parts: dict[str, list[Op]],
        draws: Calls,
    ) -> None:
        width = batch.width
        self.active = np.zeros(width, np.bool_)
        self.solved_at, self.diverged_at, self.ended_at = (np.full(width, NEVER) for _ in range(3))
        self.recorded = np.zeros(width, batch.dtype)
        looked_at: dict[str, Array] = {
            **{name: getattr(self, name) for name in EVENTS},
            "weights": batch.columns.parameters,
            "held": np.zeros_like(batch.columns.parameters),
            "error": batch.error.reshape(-1, width),
            "loss": batch.loss,
            "limits": batch.columns.limits,
            "within": batch.within_limit,
            "stopped": batch.stopped,
            "small": batch.gradient_small,
            "min_gradient": batch.columns.min_gradient,
            "over": np.zeros(width, np.bool_),
            "sum": np.zeros(width, batch.dtype),
        }
        rows = {name: reader.rows_of(array) for name, array in looked_at.items()}
        layout = Layout.of(reader.stacks)
        places = tuple(
            (name, reader.moved(one), looked_at[name].shape[:-1]) for name, one in rows.items()
        )
        settled = {name: reader.settled(ops) for name, ops in parts.items()}
        source = epochs_source(Parts(**settled, rows=places, stops=stops), layout, reader.kind)
        self._memory = Memory(reader, layout)
        self._run = function(source, "epochs", len(self._memory.arguments) + 4)
        self._draws = draws
        self._slice = 1 if draws else max(1, _AT_ONCE // width)

    def run(self, begin: int, end: int, last: bool) -> None:
        """Train from one step to before another, and record the loss at the first.

        Args:
            begin: the first step.
            end: the step after the last.
            last: whether there is no update after these steps.
        """
        for event in (self.solved_at, self.diverged_at, self.ended_at):
            event[:] = NEVER
        for start in range(begin, end, self._slice):
            until = min(end, start + self._slice)
            for draw in [] if last else self._draws:
                draw()
            self._run(*self._memory.arguments, start, until, begin, int(not last))


def epochs_of(batch: Batch, stops: bool) -> Epochs | None:
    """The epochs of a batch; None where a call cannot be compiled, or there are too many.

    Args:
        batch: with the networks.
        stops: whether a network ends when it is solved.
    """
    if batch.validation is not None:
        return None
    reader = Reader()
    lists: dict[str, Calls] = {
        "forward": batch.forward,
        "loss": batch.compute_loss,
        "stopping": batch.stopping,
        "gradient": batch.gradient,
        "update": batch.update,
    }
    parts: dict[str, list[Op]] = {}
    draws: Calls = []
    longest = _LONGEST
    for name, calls in lists.items():
        parts[name], left = [], fused(flat(calls))
        if name == "update" and batch.draws:
            draws, left = left[:1], left[1:]
        written, seen = 0, set[int]()
        for call in left:
            found = reader.read(call)
            if found is None:
                return None
            parts[name] += found
            # Mini-batches of one size are written once: only what they take has other calls.
            if id(call) not in seen and not (draws and getattr(call, "func", None) is np.take):
                written += length(found)
            seen.add(id(call))
            if written > longest:
                return None
        longest -= length(rolled(parts[name]))
        if longest < 0:
            return None
    return Epochs(batch, stops, reader, parts, draws)
