"""A landscape as one run: trained in pieces, each recorded when it ends, drawn when all have."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from rich.console import Console

from xorlab.analysis.counts import counted
from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines.local import Executor
from xorlab.engines.make import make_engine
from xorlab.errors import EngineError, StoppedError, StoreError, UsageError
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.landscape import Fault, Landscape, PieceWork, Pixels, assembled
from xorlab.networks.config import Config
from xorlab.networks.memory import estimate_landscape_memory
from xorlab.sweeps.console import make_console, print_line
from xorlab.sweeps.finished import deliver_waiting
from xorlab.sweeps.job_returns import objective
from xorlab.sweeps.parent_run import parent_run
from xorlab.sweeps.progress import SweepProgress
from xorlab.sweeps.train import training
from xorlab.system.git import provenance
from xorlab.system.program import typed_command
from xorlab.tracking.landscapes import (
    ARRAYS_FILE,
    PICTURE_FILE,
    forget_pieces,
    landscape_file,
    landscape_identity,
    put_config,
    record_piece,
    recorded_landscape,
    recorded_pieces,
)
from xorlab.tracking.names import FINISHED
from xorlab.tracking.outbox.delivery import deliver
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.outbox.pending import PendingFile
from xorlab.tracking.read.sweep_files import artifact_location
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.artifacts import put_files
from xorlab.tracking.store.errors import explained_errors
from xorlab.tracking.store.server import ServerAwayError, answers_now
from xorlab.tracking.store.store import Store, open_store
from xorlab.tracking.write.sweep_run import Parent, earlier_run
from xorlab.trainers.memory import refuse_too_much
from xorlab.trainers.result import OUTCOMES


class PieceError(StoppedError):
    """A piece of a landscape failed; the pieces recorded before it stay."""


@dataclass(frozen=True)
class _Place:
    """Where a landscape is recorded, and where it is reported."""

    store: Store
    outbox: Outbox
    console: Console

    def tell(self, line: str) -> None:
        print_line(self.console, line)


def run_landscape(config: Config, options: LauncherConfig | None = None) -> float:
    """Train one network for every pixel and record them as one run, or resume that run.

    Args:
        config: with a landscape.
        options: where pieces are trained, as of a sweep; None for the cores of this machine.

    Returns:
        the metric that `tracking.objective` names; the share of networks where it is `solved`.

    Raises:
        ConfigError: the landscape cannot be trained.
        EngineError: the cluster that the options name cannot be reached, or has no worker left.
        StoreError: the tracking store cannot be opened, or its server is away at the end.
        PieceError: a piece failed.
    """
    grid = Grid(config)
    if config.plan:
        raise UsageError("plan=true: there is a plan for a sweep only; a landscape is one run")
    options = options or LauncherConfig()
    executor = make_engine(options)
    try:
        processes = options.processes_here(executor.workers)
        first = grid.config(0)
        refuse_too_much(
            estimate_landscape_memory(first, grid.task, grid.piece, grid.count, processes)
        )
        tracking = config.tracking
        store = open_store(tracking.uri, tracking.experiment, artifacts=tracking.artifacts)
        where = _Place(store, Outbox(tracking.outbox), make_console())
        deliver_waiting(store, tracking, where.tell)
        finished = _finished_run(store, config, grid)
        if finished is None:
            executor.start()
            landscape, story = _train_and_record(where, config, grid, executor)
            picture = PICTURE_FILE
        else:
            landscape, picture = _read(store, finished, config)
            story = "already finished; tracking.existing=rerun would train it again"
    finally:
        executor.close()
    assert landscape.run_id is not None  # noqa: S101  (it is recorded)
    where.tell(_headline(landscape))
    where.tell(f"{story}: run {landscape.run_id}")
    where.tell(f"Open the picture: {artifact_location(store, landscape.run_id, picture)}")
    where.tell(f"Browse the runs: {store.browse()}")
    return objective(landscape.shares(), config.tracking.objective)


def _finished_run(store: Store, config: Config, grid: Grid) -> str | None:
    """The id of a run that has this landscape whole; None if it is to be trained."""
    if config.tracking.existing == "rerun":
        return None
    earlier = earlier_run(store, landscape_identity(config, grid.task))
    return earlier.info.run_id if earlier and earlier.info.status == FINISHED else None


def _read(store: Store, run_id: str, config: Config) -> tuple[Landscape, str]:
    """A finished landscape and its picture's file; a picture of another value is drawn now."""
    landscape = recorded_landscape(store, run_id)
    value, picture = config.landscape.value, PICTURE_FILE
    if value != landscape.config.landscape.value:
        landscape.config.landscape.value = value
        picture = f"{value}.png"
        put_files(store, run_id, {picture: _picture(landscape)})
    forget_pieces(store, run_id)  # left if it was killed just after it finished
    return landscape, picture


def _train_and_record(
    where: _Place, config: Config, grid: Grid, executor: Executor
) -> tuple[Landscape, str]:
    """The landscape, and in words how it came about."""
    store, code = where.store, provenance(Path.cwd())
    reuse = config.tracking.existing != "rerun"
    with parent_run(
        store, landscape_identity(config, grid.task), code, where.console, reuse
    ) as run:
        put_config(store, run.run_id, config)
        pieces = recorded_pieces(store, run.run_id, grid) if run.resumed else {}
        known = sum(len(grid.pixels(piece)) for piece in pieces)
        seconds = _train(where, run, config, grid, pieces, executor)
        landscape = assembled(config, grid, pieces, run.run_id)
        _finish(where, run, landscape, seconds)
    before = f", {known:,} of them recorded before" if known else ""
    return landscape, f"{counted(grid.count, 'network')} in {seconds:,.1f} s{before}"


def _train(
    where: _Place,
    run: Parent,
    config: Config,
    grid: Grid,
    pieces: dict[int, Pixels],
    executor: Executor,
) -> float:
    """Train the pieces that are missing, and record each when it ends; returns the seconds."""
    missing = [piece for piece in grid.pieces if piece not in pieces]
    total = sum(len(grid.pixels(piece)) for piece in missing)
    works = ((piece, PieceWork(config, grid.task, piece)) for piece in missing)
    server_was_away = False
    try:
        with (
            SweepProgress(where.console, total, grid.count - total, "network") as progress,
            training(works, executor, run.beat) as ended,
        ):
            for piece, pixels in ended:
                if isinstance(pixels, Fault):
                    raise PieceError(f"piece {piece} of the landscape: {pixels.reason.strip()}")
                with explained_errors(where.store):
                    away = record_piece(where.store, where.outbox, run.run_id, grid, piece, pixels)
                if away is not None and not server_was_away:
                    server_was_away = True
                    where.tell(
                        f"the tracking server {away.address} does not answer ({away.reason}). "
                        f"Training goes on; pieces wait in {where.outbox.folder}"
                    )
                pieces[piece] = pixels
                counts = np.bincount(pixels.outcome, minlength=len(OUTCOMES)).tolist()
                progress.add(Counter(dict(zip(OUTCOMES, counts, strict=True))))
    except EngineError as error:
        left = len(grid.pieces) - len(pieces)
        raise EngineError(
            f"{error}; {left} of {len(grid.pieces)} pieces of the landscape are missing"
        ) from error
    return progress.seconds


def _finish(where: _Place, run: Parent, landscape: Landscape, seconds: float) -> None:
    """Give the run its files, then its last status, then remove the pieces."""
    store, outbox = where.store, where.outbox
    files = {ARRAYS_FILE: landscape_file(landscape), PICTURE_FILE: _picture(landscape)}
    numbers = {"networks": float(landscape.outcome.size), "seconds": seconds}
    if is_server(store.uri):
        answers_now(store.client)
    try:
        # Its files are there before its status is FINISHED, and its pieces until after that.
        run.describe(files, _headline(landscape), landscape.shares() | numbers)
        run.close(FINISHED)
    except ServerAwayError as error:
        count = sum(path.name.startswith(run.run_id) for path in outbox.paths(PendingFile))
        waiting = f"; {count} of its pieces are safe in {outbox.folder}" if count else ""
        raise StoreError(
            f"the tracking server {error.address} does not answer ({error.reason}): the landscape "
            f"is trained, not recorded to its end{waiting}; when it answers again: "
            f"{typed_command()}"
        ) from error
    forget_pieces(store, run.run_id)
    with contextlib.suppress(StoreError, ServerAwayError):
        deliver(store, outbox)  # pieces that still wait are not needed any more


def _picture(landscape: Landscape) -> bytes:
    from xorlab.analysis.figures.style import png
    from xorlab.landscapes.figures import landscape_image, sharp_dpi

    return png(landscape_image(landscape), dpi=sharp_dpi(landscape))


def _headline(landscape: Landscape) -> str:
    height, width = landscape.outcome.shape
    shares = ", ".join(f"{100 * share:.2f} % {name}" for name, share in landscape.shares().items())
    return f"{width:,} x {height:,} networks, {landscape.x.key} by {landscape.y.key}: {shares}"
