"""An interrupt at a line of a trainer's code, as if Ctrl-C were pressed there."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from xorlab.trainers.function import FunctionTrainer
from xorlab.trainers.trainer import Trainer


class LineInterrupt:
    """Raises KeyboardInterrupt at the n-th line of a trainer's own code, and counts the lines.

    Args:
        trainer: whose lines count while the block runs.
        at: n; None to count only.

    Attributes:
        count: lines so far.
        raised: whether there were so many.
    """

    def __init__(self, trainer: Trainer, at: int | None) -> None:
        if isinstance(trainer, FunctionTrainer):
            self._own = trainer.function.__code__.co_filename
        else:
            self._own = str(Path(str(sys.modules[type(trainer).__module__].__file__)).parent)
        self._at, self.count, self.raised = at, 0, False
        self._before: Any = None

    def __enter__(self) -> LineInterrupt:
        self._before = sys.gettrace()
        sys.settrace(self._call)
        return self

    def __exit__(self, *error: object) -> None:
        sys.settrace(self._before)

    def _call(self, frame: Any, event: str, value: object) -> Any:
        if frame.f_code.co_name == "__del__":  # in which Python itself ignores what is raised
            return None
        return self._line if frame.f_code.co_filename.startswith(self._own) else None

    def _line(self, frame: Any, event: str, value: object) -> Any:
        if event == "line":
            self.count += 1
            if self.count == self._at:
                self.raised = True
                raise KeyboardInterrupt
        return self._line
