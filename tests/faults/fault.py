"""What a fault is, and what must hold after it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random


@dataclass(frozen=True)
class Outcome:
    """What one injection left behind, after the command that the message asks for.

    Attributes:
        expected: runs that must be in the store.
        found: finished runs that are.
        twice: runs beyond the first of their key.
        half: runs that are neither whole nor FAILED with a reason, and runs whose curve, metrics or
            artifacts differ from an undisturbed sweep's.
        message: the line that says what happened.
        hint: a pattern that the message must match: the cause and the next step.
        injected: how often it happened before all of that was looked at.
    """

    expected: int
    found: int
    twice: int
    half: int
    message: str
    hint: str
    injected: int = 1


@dataclass(frozen=True)
class Fault:
    """Something that goes wrong while a sweep runs.

    Attributes:
        name: as the table of faults shows it.
        inject: makes it happen, in an empty folder, at moments drawn from the generator.
        times: how often the whole table calls `inject`.
        missing: why it cannot be injected on this machine; None if it can.
    """

    name: str
    inject: Callable[[Path, Random], Outcome]
    times: int
    missing: Callable[[], str | None] = lambda: None
