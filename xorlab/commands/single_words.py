"""What a single run of any trainer prints besides its result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from xorlab.system.program import many_seeds_command


@contextlib.contextmanager
def says_when_stopped(show: Callable[[str], None]) -> Iterator[None]:
    """Within a single run is trained: if it is interrupted, say that nothing is recorded."""
    try:
        yield
    except KeyboardInterrupt:
        show("\nstopped: this run is not recorded")
        raise


def how_often() -> str:
    """The line that names the sweep of many seeds of this run's setting."""
    return f"How often this setting is solved: {many_seeds_command()}"
