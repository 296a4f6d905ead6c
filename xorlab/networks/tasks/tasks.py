"""What is learned: patterns with their targets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from xorlab.networks.target_facts import TargetFacts
    from xorlab.networks.tasks.task_config import TaskConfig

    Floats = npt.NDArray[np.float64]

# None: targets are numbers that an output comes near or not; no answer is right or wrong.
Answer = Literal["codes", "largest"] | None


@dataclass(frozen=True, eq=False)
class Patterns:
    """Patterns that are not learned, but answered.

    Attributes:
        inputs: (P, I).
        targets: (P, O).
    """

    inputs: Floats
    targets: Floats


@dataclass(frozen=True, eq=False)
class Task:
    """Patterns to learn: the training set, and perhaps a validation and a test set.

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
        classes: the name of the class that each output stands for; empty where outputs stand for
            none. Every pattern is of one class: its output has the larger of two targets.
        validation: held out to see how well a network generalises while it learns.
        test: held out to the end.
        origin: where the patterns of the training set stand in what they were read from: a word,
            ``line`` of a file or ``pattern`` of all patterns, and a number counted from 1 for each
            (P,); None where they are all the patterns there are, in order.
    """

    inputs: Floats
    targets: Floats
    codes: tuple[float, float] | None
    margin: float
    digest: str | None = None
    counted: Mapping[str, Any] | None = None
    understood: str | None = None
    classes: tuple[str, ...] = ()
    validation: Patterns | None = None
    test: Patterns | None = None
    origin: tuple[str, npt.NDArray[np.int64]] | None = None

    def name_of(self, pattern: int) -> str:
        """What messages call a pattern of the training set, by its index: ``line 18``."""
        if self.origin is None:
            return f"pattern {pattern + 1}"
        word, numbers = self.origin
        return f"{word} {numbers[pattern]}"

    @property
    def held_out(self) -> dict[str, Patterns]:
        """The sets that are not learned, by name: ``validation`` and ``test`` where there are."""
        sets = {"validation": self.validation, "test": self.test}
        return {name: patterns for name, patterns in sets.items() if patterns is not None}

    @cached_property
    def target_facts(self) -> TargetFacts:
        """What checks ask of the targets."""
        from xorlab.networks.target_facts import TargetFacts

        return TargetFacts.of(self.targets)

    @cached_property
    def answer(self) -> Answer:
        """How outputs answer: it decides which metrics the task has.

        ``codes`` where each target is one of two numbers: an output answers the nearer one.
        ``largest`` where each pattern has one class of several: the largest output answers. None
        where targets are any numbers.
        """
        import numpy as np

        values = np.unique(self.targets)
        if len(values) != 2:
            return None
        ones = (self.targets == values[1]).sum(axis=1)
        is_table = self.digest is not None and self.targets.shape[1] > 1 and (ones == 1).all()
        return "largest" if self.classes or is_table else "codes"


def make_task(config: TaskConfig) -> Task:
    """The patterns that a checked configuration names.

    Raises:
        ConfigError: a table is missing, too large, empty, ragged, not numeric or not finite.
    """
    return config.make()
