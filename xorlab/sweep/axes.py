"""What differs between the jobs of a sweep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xorlab.identity import science
from xorlab.sweep.plan import Job
from xorlab.tracking.record import spell


def swept(jobs: Sequence[Job]) -> dict[str, list[str]]:
    """Science keys with more than one value, and those values in order of appearance."""
    values: dict[str, dict[str, None]] = {}
    count: dict[str, int] = {}
    for job in jobs:
        for key, value in science(job.config).items():
            values.setdefault(key, {})[spell(value)] = None
            count[key] = count.get(key, 0) + 1
    return {
        key: list(found)
        for key, found in values.items()
        if len(found) > 1 or count[key] < len(jobs)
    }


def described(axis: Sequence[str]) -> str:
    """The values of one axis in short: a run of whole numbers by its ends."""
    numbers: list[Any] = [int(value) for value in axis if value.isdigit()]
    if len(numbers) == len(axis) > 3 and sorted(numbers) == list(
        range(min(numbers), min(numbers) + len(numbers))
    ):
        return f"{min(numbers)}..{max(numbers)}"
    return ", ".join(axis)


def settings_axes(axes: dict[str, list[str]]) -> list[str]:
    """The swept keys that make a setting: all but the seed."""
    return [key for key in axes if key != "seed"]
