"""What is learned: patterns with their targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from xorlab.networks.tasks.task_config import TaskConfig

    Floats = npt.NDArray[np.float64]

# None: targets are numbers that an output comes near or not; no answer is right or wrong.
Answer = Literal["codes", "largest"] | None


@dataclass(frozen=True, eq=False)
class Task:
    """Patterns to learn.

    Attributes:
        inputs: (P, I).
        targets: (P, O).
        codes: the inputs that code 0 and 1, where the patterns are all 2^I of them in binary
            order (first input most significant); None for any other set of patterns.
        margin: an output is on its target's side when it is nearer to it than this.
        digest: SHA-256 of the file that a table was read from; None for any other task.
        counted: what counts in the identity of a run in place of the keys of a table; None for any
            other task.
        understood: how the file of a table was understood, in a few words.
    """

    inputs: Floats
    targets: Floats
    codes: tuple[float, float] | None
    margin: float
    digest: str | None = None
    counted: Mapping[str, Any] | None = None
    understood: str | None = None

    @cached_property
    def answer(self) -> Answer:
        """How outputs answer: it decides which metrics the task has.

        ``codes`` where each target is one of two numbers: an output answers the nearer one.
        ``largest`` where each pattern of a table has one class of several: the largest output
        answers. None where targets are any numbers.
        """
        import numpy as np

        values = np.unique(self.targets)
        if len(values) != 2:
            return None
        ones = (self.targets == values[1]).sum(axis=1)
        is_class = self.digest is not None and self.targets.shape[1] > 1 and (ones == 1).all()
        return "largest" if is_class else "codes"


def make_task(config: TaskConfig) -> Task:
    """The patterns that a checked configuration names.

    Raises:
        ConfigError: a table is missing, too large, empty, ragged, not numeric or not finite.
    """
    return config.make()
