"""What a running cluster is, for tests and benchmarks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Cluster:
    """One that is running.

    Attributes:
        options: what a sweep says to use it.
        environment: variables that a sweep needs for it.
        workers: process ids of workers, those at work first; where there are too few, new ones are
            started.
        head: process ids of what leads it.
        nodes: process ids of what is there besides, with all that runs in it.
        start_head: start what leads it anew, where it was.
        start_nodes: start what is there besides.
        cancel: all jobs.
    """

    options: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    workers: Callable[[], list[int]] = list
    head: Callable[[], list[int]] = list
    nodes: Callable[[], list[int]] = list
    start_head: Callable[[], object] = object
    start_nodes: Callable[[], object] = object
    cancel: Callable[[], object] = object
