"""What a task is: its keys, and how its patterns are made."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from xorlab.config.fields import is_finite, key
from xorlab.config.groups import Choice
from xorlab.errors import ConfigError
from xorlab.networks.tasks.tasks import Task

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


@dataclass
class TaskConfig(Choice, group="task", package="xorlab.networks.tasks"):
    """What is to be learned; chosen with `task=NAME`."""

    help: ClassVar[str] = "the task; chosen as task=NAME"

    low: float = key(
        0.0, "input that codes 0", "a finite number other than task.high", "task.low=-1", is_finite
    )
    high: float = key(1.0, "input that codes 1", "a finite number", "task.high=1", is_finite)
    target_low: float = key(
        0.0,
        "target that codes 0",
        "a finite number below task.target_high",
        "task.target_low=0.1",
        is_finite,
    )
    target_high: float = key(
        1.0, "target that codes 1", "a finite number", "task.target_high=0.9", is_finite
    )

    @property
    def title(self) -> str:
        """What stands for it in the name of a sweep: the file, where it has one."""
        path = getattr(self, "path", None)
        return self.label if path is None else Path(path).name

    @property
    def outputs_known(self) -> int | None:
        """How many outputs it has; None where only its file says so."""
        return 1

    def check(self) -> None:
        """Refuse codes of 0 and 1 that are equal."""
        if self.low == self.high:
            raise ConfigError("task.low", self.low, f"other than task.high={self.high}")
        if self.target_low >= self.target_high:
            raise ConfigError(
                "task.target_low", self.target_low, f"below task.target_high={self.target_high}"
            )

    def make(self) -> Task:
        """The patterns.

        Raises:
            ConfigError: they are in a file that cannot be used.
        """
        raise NotImplementedError

    def coded(
        self,
        inputs: npt.NDArray[Any],
        truth: npt.NDArray[np.bool_],
        codes: tuple[float, float] | None,
    ) -> Task:
        """Patterns of zeros and ones as numbers.

        Args:
            inputs: (P, I) zeros and ones.
            truth: (P, O) which targets are ones.
            codes: as of a `Task`.
        """
        import numpy as np

        return Task(
            inputs=np.where(inputs, self.high, self.low).astype(np.float64),
            targets=np.where(truth, self.target_high, self.target_low).astype(np.float64),
            codes=codes,
            margin=(self.target_high - self.target_low) / 2,
        )


@dataclass
class BooleanTask(TaskConfig):
    """One truth value for every combination of some bits."""

    def make(self) -> Task:
        """All patterns in binary order, the first input most significant."""
        import numpy as np

        bits = self.inputs()
        cube = (np.arange(2**bits)[:, None] >> np.arange(bits)[::-1]) & 1
        return self.coded(cube, self.truth(cube)[:, None], (self.low, self.high))

    def inputs(self) -> int:
        """How many bits."""
        return 2

    @staticmethod
    def truth(cube: npt.NDArray[np.int64]) -> Any:
        """The truth (P,) of each pattern, from its bits (P, bits)."""
        raise NotImplementedError
