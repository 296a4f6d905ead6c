"""Many epochs of a batch as one function: a block of networks is trained before the next is begun.

It does what `xorlab.networks.loop` does step by step: run forward, see who diverged or is solved,
record, see whom a rule or a small gradient ends, update. A network that has ended keeps its weights
while the others of its block go on.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from xorlab.networks.batch import Batch
from xorlab.networks.compiled.blocks import Memory
from xorlab.networks.compiled.calls import Reader
from xorlab.networks.compiled.epoch_code import epochs_source
from xorlab.networks.compiled.epoch_parts import EVENTS, Parts
from xorlab.networks.compiled.fused import fused
from xorlab.networks.compiled.loops import length
from xorlab.networks.compiled.machine import function
from xorlab.networks.compiled.ops import Op, begins, rolled
from xorlab.networks.compiled.scratch import Layout
from xorlab.networks.compiled.stretch import flat
from xorlab.networks.loop import curve
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
        recorded: (C, W) values of curves at the first step of the last `run`.
        looks: what is noted of the validation set; see `xorlab.networks.looks.Looks.noted`.
    """

    def __init__(
        self,
        batch: Batch,
        stops: bool,
        every: int,
        reader: Reader,
        parts: dict[str, list[Op]],
        draws: Calls,
        recorded: Array,
        looks: dict[str, Array],
    ) -> None:
        width = batch.width
        self.active = np.zeros(width, np.bool_)
        self.solved_at, self.diverged_at, self.ended_at = (np.full(width, NEVER) for _ in range(3))
        self.recorded = recorded
        self.looks = looks
        looked_at: dict[str, Array] = {
            **{name: getattr(self, name) for name in EVENTS},
            "recorded": recorded,
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
            **looks,
        }
        if batch.validation is not None:
            looked_at |= {
                "held_out_loss": batch.validation.loss,
                "held_out_within": batch.validation.within_limit,
                "held_out_limits": batch.columns.validation_limits,
                "better": np.zeros(width, np.bool_),
            }
        rows = {name: reader.rows_of(array) for name, array in looked_at.items()}
        layout = Layout.of(reader.stacks)
        places = tuple(
            (name, reader.moved(one), looked_at[name].shape[:-1]) for name, one in rows.items()
        )
        settled = {name: reader.settled(ops) for name, ops in parts.items()}
        whole = Parts(**settled, rows=places, stops=stops, every=every if looks else 0)
        source = epochs_source(whole, layout, reader.kind)
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


def epochs_of(
    batch: Batch, stops: bool, every: int, curves: Sequence[str], looks: dict[str, Array]
) -> Epochs | None:
    """The epochs of a batch; None where a call cannot be compiled, or there are too many.

    Args:
        batch: with the networks.
        stops: whether a network ends when it is solved.
        every: the validation set is looked at in every n-th epoch.
        curves: names of those that are recorded.
        looks: what was noted of the validation set so far, N networks; empty without one.
    """
    reader = Reader()
    recorded = np.zeros((len(curves), batch.width), batch.dtype)
    validation = [] if batch.validation is None else batch.validation.forward
    lists: dict[str, Calls] = {
        "forward": batch.forward,
        "loss": batch.compute_loss,
        "validation": validation,
        "recording": _recording(batch, curves, recorded),
        "stopping": batch.stopping,
        "held_out_stopping": batch.held_out_stopping,
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
            # Updates are written once: only what fetches their patterns is another call each time.
            if id(call) not in seen and not (name == "update" and all(map(begins, found))):
                written += length(found)
            seen.add(id(call))
            if written > longest:
                return None
        longest -= length(rolled(parts[name]))
        if longest < 0:
            return None
    return Epochs(batch, stops, every, reader, parts, draws, recorded, _wide(looks, batch))


def _recording(batch: Batch, curves: Sequence[str], recorded: Array) -> Calls:
    """Calls that compute the values of curves, and copy them to an array (C, W)."""
    calls: Calls = []
    for name, kept in zip(curves, recorded, strict=True):
        computing, values = curve(batch, name)
        calls += [*computing, partial(np.positive, values, kept)]
    return calls


def _wide(looks: dict[str, Array], batch: Batch) -> dict[str, Array]:
    """The same for all columns of a batch, in its precision; the last hold nothing."""
    wide = {}
    for name, noted in looks.items():
        dtype = batch.dtype if noted.dtype.kind == "f" else noted.dtype
        wide[name] = np.zeros((*noted.shape[:-1], batch.width), dtype)
        wide[name][..., : batch.count] = noted
    return wide
