"""The words in which a comparison speaks of what is compared: a solution or another event."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """The words of one kind of comparison.

    Attributes:
        unit: of its times.
        solves, is_solved, solved, was_solved: what a setting does, and its runs have done.
    """

    unit: str = "epochs"
    solves: str = "solves"
    is_solved: str = "is solved"
    solved: str = "solved"
    was_solved: str = "was solved"

    @classmethod
    def of(cls, event: str | None, time: str) -> Words:
        """Of an event, or the solution if it is None, in a time such as ``evaluations``."""
        if event is None:
            return cls(time)
        reaches, reached = f"reaches '{event}'", f"reached '{event}'"
        return cls(time, reaches, reaches, reached, reached)
