"""What a landscape would do, and whether it is done."""

from __future__ import annotations

from typing import Any

from xorlab.analysis.counts import counted
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.pixels import Pixels
from xorlab.sweeps.console import make_console, print_line
from xorlab.sweeps.finished import existing_store
from xorlab.tracking.landscape_pieces import recorded_pieces
from xorlab.tracking.landscapes import landscape_identity
from xorlab.tracking.names import FINISHED
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.sweep_run import earlier_run
from xorlab.trainers.memory import size


def print_plan(config: Any, grid: Grid, workers: int, memory: int) -> float:
    """Print what a landscape would do.

    Args:
        config: with the landscape.
        grid: of the configuration.
        workers: how many pieces are trained at a time.
        memory: bytes that all of it needs.

    Returns:
        0.0, as no run has a metric.
    """
    trainer, tracking = grid.trainer, config.tracking
    console = make_console()
    store = existing_store(tracking)
    known: dict[int, Pixels] = {}
    finished = None if store is None else finished_run(store, config, grid)
    if store is not None and tracking.existing != "rerun" and finished is None:
        earlier = earlier_run(store, landscape_identity(config, grid.data, trainer))
        if earlier is not None:
            known, _ = recorded_pieces(store, earlier.info.run_id, grid)
    left = [] if finished else [len(grid.pixels(n)) for n in grid.pieces if n not in known]
    if trainer.knows_time:
        first = grid.config(0)
        spent = sum(trainer.seconds(first, grid.data, count) for count in left)
        time = f"about {max(1, spent / workers):,.0f} s on {counted(workers, 'worker')}"
    else:
        time = "the time is not known before the first piece has ended"
    done = grid.count - sum(left)
    shape = f"{grid.x.size:,} x {grid.y.size:,} {trainer.planes.noun}s"
    for line in (
        f"plan: {shape}, {grid.x.key} by {grid.y.key}, in {counted(len(grid.pieces), 'piece')}",
        f"to train: {sum(left):,} ({done:,} recorded before); {time}",
        f"memory: {size(memory)}. Nothing was started",
    ):
        print_line(console, line)
    return 0.0


def finished_run(store: Store, config: Any, grid: Grid) -> str | None:
    """The id of a run that has this landscape whole; None if it is to be trained."""
    if config.tracking.existing == "rerun":
        return None
    earlier = earlier_run(store, landscape_identity(config, grid.data, grid.trainer))
    return earlier.info.run_id if earlier and earlier.info.status == FINISHED else None
