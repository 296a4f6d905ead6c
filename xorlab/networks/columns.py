"""What networks that are trained together share, and what differs: a column for each network."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from xorlab.networks.optimizers.optimizer import State
from xorlab.networks.program import Array, Calls
from xorlab.networks.shape import Shape
from xorlab.networks.tasks.tasks import Task

NO_LIMIT = -1.0  # as a limit: no error or loss is at or below it


@dataclass(frozen=True)
class TrainingSpec:
    """How networks of one shape are trained together.

    Attributes:
        shape: layer sizes, activations, loss and dtype.
        task: the patterns and their targets.
        optimizer: name of the update rule.
        flags: optional parts of the optimizer in use, such as weight decay.
        update: name of the update schedule.
        seen: how many patterns an update sees.
        by_loss: solved means a loss at or below the limit, not every output within it.
        states: the arrays that the optimizer keeps between updates.
        by_gradient: a network's training ends where its gradient is small enough.
        stopping: names of the `StoppingRule`s that end a network's training.
        by_accuracy: solved means so many right answers, not every output within the limit.
        keeps_best: a network ends with its weights of the least validation loss, not its last.
        validate_every: the validation set is looked at in every n-th epoch.
        compiled: calls are run as machine code.
    """

    shape: Shape
    task: Task
    optimizer: str
    flags: frozenset[str]
    update: str
    seen: int
    by_loss: bool
    states: tuple[State, ...]
    by_gradient: bool = False
    stopping: tuple[str, ...] = ()
    by_accuracy: bool = False
    keeps_best: bool = False
    validate_every: int = 1
    compiled: bool = False

    def lowered(self, calls: Calls) -> Calls:
        """The calls as they are to be run."""
        if not self.compiled:
            return calls
        from xorlab.networks.compiled.stretch import lowered

        return lowered(calls)


@dataclass
class NetworkColumns:
    """What differs from network to network: one column for each network, so networks last.

    Attributes:
        parameters: (K, N) weights and biases.
        states: optimizer arrays, each (K, N), or (1, N) for one number per network.
        values: optimizer numbers by name, each (N,).
        limits: (N,) error, loss or number of wrong answers at which a network counts as solved, or
            `NO_LIMIT`.
        validation_limits: (N,) likewise for the validation set, where there is one.
        min_gradient: (N,) gradient length below which a network's training ends, in the units of
            an update (multiplied by the learning rate); NaN for never.
        stopping: columns of each stopping rule by name, each (N,).
        generators: of each network, for the order of its patterns; empty where none is drawn.
        trials: what an optimizer that searches counts, each (N,): ``evaluations``, points that it
            has looked at, and ``ended``, whether it has nothing left to try. Empty for others.
    """

    parameters: Array
    states: list[Array]
    values: dict[str, Array]
    limits: Array
    validation_limits: Array
    min_gradient: Array
    stopping: dict[str, dict[str, Array]]
    generators: tuple[np.random.Generator, ...] = ()
    trials: dict[str, Array] = field(default_factory=dict)

    def take(self, columns: npt.NDArray[np.int64]) -> NetworkColumns:
        """Copy the columns at these indices, in this order."""
        return NetworkColumns(
            self.parameters[:, columns],
            [state[:, columns] for state in self.states],
            {name: value[columns] for name, value in self.values.items()},
            self.limits[columns],
            self.validation_limits[columns],
            self.min_gradient[columns],
            {
                rule: {name: value[columns] for name, value in own.items()}
                for rule, own in self.stopping.items()
            },
            tuple(self.generators[column] for column in columns if self.generators),
            {name: value[columns] for name, value in self.trials.items()},
        )


def padded(count: int) -> int:
    """How many columns to allocate for ``count`` networks.

    With a single column NumPy would merge axes and so sum in another order. And a width that is a
    multiple of 512 puts every row of an array at the same offset within a memory page, where the
    processor mistakes independent stores for ones that its loads depend on (4K aliasing).
    """
    return 2 if count == 1 else count + 8 * (count % 512 == 0)
