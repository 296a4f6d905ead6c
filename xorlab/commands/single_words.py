"""What a single run of any trainer is called, and prints besides its result."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from xorlab.system.program import many_seeds_command

if TYPE_CHECKING:
    from xorlab.tracking.store.store import Store
    from xorlab.trainers.spec import Spec


def keys_in_name(store: Store, spec: Spec, sweep: str | None) -> list[str]:
    """The keys with which the name of a run begins: those that differ from their defaults.

    Args:
        store: where it is recorded.
        spec: of the run.
        sweep: id of the sweep, where another launcher runs its jobs one by one; the keys are then
            those that are swept.
    """
    from xorlab.sweeps.plan.axes import first_keys, named_keys
    from xorlab.tracking.read.sweeps import swept_keys

    if sweep is None:
        return first_keys(spec.trainer, spec.values)
    return named_keys(spec.trainer, swept_keys(store, sweep))


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
