"""A landscape as one run: trained in pieces, each recorded when it ends, drawn when all have."""

from __future__ import annotations

import contextlib
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console

from xorlab.analysis.counts import WITH_ERROR, counted
from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines.local import Executor
from xorlab.engines.make import make_engine
from xorlab.errors import EngineError, JobsFailedError, StoppedError, StoreError
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.landscape import Landscape, assembled, check_value_name, outcome_words
from xorlab.landscapes.pixels import Fault, PieceWork, Pixels
from xorlab.sweeps.console import make_console, print_line, print_some
from xorlab.sweeps.finished import deliver_waiting
from xorlab.sweeps.job_returns import objective
from xorlab.sweeps.landscape_plan import finished_run, print_plan
from xorlab.sweeps.parent_run import parent_run
from xorlab.sweeps.progress import SweepProgress
from xorlab.sweeps.time_left import TimeLeft
from xorlab.sweeps.train import training
from xorlab.system.git import provenance
from xorlab.system.program import typed_command
from xorlab.tracking.landscape_arrays import ARRAYS_FILE, PICTURE_FILE, landscape_file
from xorlab.tracking.landscape_pieces import forget_pieces, record_piece, recorded_pieces
from xorlab.tracking.landscapes import landscape_identity, put_config, recorded_landscape
from xorlab.tracking.names import FINISHED
from xorlab.tracking.outbox.delivery import deliver
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.outbox.pending import PendingFile
from xorlab.tracking.read.sweep_files import artifact_location
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.artifacts import put_files
from xorlab.tracking.store.errors import explained_errors
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.server import ServerAwayError, answers_now
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.sweep_run import Parent
from xorlab.trainers.find import BUILT_IN
from xorlab.trainers.memory import refuse_too_much
from xorlab.trainers.result import OUTCOMES
from xorlab.trainers.shard_result import FAILED
from xorlab.trainers.trainer import CODE_TAG, Trainer

_MOST_REASONS = 5  # that are printed


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


def run_landscape(trainer: Trainer, config: Any, options: LauncherConfig | None = None) -> float:
    """Train one run for every pixel and record them as one run of MLflow, or resume that.

    With ``plan=true`` only what would be done is printed.

    Args:
        trainer: of the configuration.
        config: with a landscape.
        options: where pieces are trained, as of a sweep; None for the cores of this machine.

    Returns:
        the metric that `tracking.objective` names; the share of runs where it is `solved`.

    Raises:
        ConfigError: the landscape cannot be trained.
        EngineError: the cluster that the options name cannot be reached, or has no worker left.
        StoreError: the tracking store cannot be opened, or its server is away at the end.
        PieceError: a piece failed.
        JobsFailedError: runs raised errors, which is recorded.
    """
    grid = Grid(config, trainer=trainer)
    options = options or LauncherConfig()
    executor = make_engine(options)
    try:
        processes = options.processes_here(executor.workers)
        need = trainer.planes.memory(grid.config(0), grid.data, grid.piece, grid.shape, processes)
        refuse_too_much(need)
        tracking = config.tracking
        if config.plan:
            return print_plan(config, grid, executor.workers, need.total)
        store = open_store(tracking.uri, tracking.experiment, artifacts=tracking.artifacts)
        where = _Place(store, Outbox(tracking.outbox), make_console())
        deliver_waiting(store, tracking, where.tell)
        finished = finished_run(store, config, grid)
        if finished is None:
            executor.start()
            landscape, story = _train_and_record(where, config, grid, executor)
            picture = PICTURE_FILE
        else:
            landscape, picture = _read(store, finished, config, trainer)
            story = "already finished; tracking.existing=rerun would train it again"
    finally:
        executor.close()
    assert landscape.run_id is not None  # noqa: S101  (it is recorded)
    where.tell(_headline(landscape))
    for line in _failures(landscape, grid):
        where.tell(line)
    where.tell(f"{story}: run {landscape.run_id}")
    where.tell(f"Open the picture: {artifact_location(store, landscape.run_id, picture)}")
    where.tell(f"Browse the runs: {store.browse()}")
    if landscape.failures:
        raise JobsFailedError
    return objective(landscape.shares(), config.tracking.objective)


def _read(store: Store, run_id: str, config: Any, trainer: Trainer) -> tuple[Landscape, str]:
    """A finished landscape and its picture's file; a picture of another value is drawn now."""
    own = None if trainer.name == BUILT_IN else trainer
    landscape = recorded_landscape(store, run_id, own)
    value, picture = config.landscape.value, PICTURE_FILE
    if value != landscape.value:
        landscape = replace(landscape, value=value)
        picture = f"{value}.png"
        put_files(store, run_id, {picture: _picture(landscape)})
    forget_pieces(store, run_id)  # left if it was killed just after it finished
    return landscape, picture


def _train_and_record(
    where: _Place, config: Any, grid: Grid, executor: Executor
) -> tuple[Landscape, str]:
    """The landscape, and in words how it came about."""
    store, code = where.store, provenance(Path.cwd())
    reuse = config.tracking.existing != "rerun"
    identity = landscape_identity(config, grid.data, grid.trainer)
    with parent_run(store, identity, code, where.console, reuse) as run:
        put_config(store, run.run_id, config, grid.trainer)
        pieces, damaged = recorded_pieces(store, run.run_id, grid) if run.resumed else ({}, [])
        print_some(where.console, [f"{line}; it is trained again" for line in damaged])
        _tag(where, run, grid.trainer, bool(pieces))
        known = sum(len(grid.pixels(piece)) for piece in pieces)
        seconds = _train(where, run, config, grid, pieces, executor)
        landscape = assembled(config, grid, pieces, run.run_id)
        _finish(where, run, landscape, seconds)
    before = f", {known:,} of them recorded before" if known else ""
    noun = grid.trainer.planes.noun
    return landscape, f"{counted(grid.count, noun)} in {seconds:,.1f} s{before}"


def _tag(where: _Place, run: Parent, trainer: Trainer, resumes: bool) -> None:
    """Record which trainer it is; say so if its file was edited since it began."""
    client, tags = where.store.client, trainer.identity_tags()
    before = client.get_run(run.run_id).data.tags.get(CODE_TAG) if tags and resumes else None
    if before is not None and before != tags.get(CODE_TAG):
        where.tell(
            f"the file of {trainer.name} was edited after some of the pieces were trained; if "
            "that changes results, raise its version"
        )
    for name, value in tags.items():
        client.set_tag(run.run_id, name, value)


def _train(
    where: _Place,
    run: Parent,
    config: Any,
    grid: Grid,
    pieces: dict[int, Pixels],
    executor: Executor,
) -> float:
    """Train the pieces that are missing, and record each when it ends; returns the seconds."""
    missing = [piece for piece in grid.pieces if piece not in pieces]
    total = sum(len(grid.pixels(piece)) for piece in missing)
    works = ((piece, PieceWork(config, grid.data, grid.trainer, piece)) for piece in missing)
    server_was_away, noun = False, grid.trainer.planes.noun
    left = TimeLeft(total, executor.workers)
    try:
        with (
            SweepProgress(where.console, total, grid.count - total, left, noun) as progress,
            training(works, executor) as ended,
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
                left.trained()
                left.add(len(pixels), len(pixels))
                progress.add(_counts(pixels))
                check_value_name(config.landscape.value, pixels.arrays(), pixels.outcome)
                if pixels.failures and config.tracking.failures == "stop":
                    place, reason = next(iter(pixels.failures.items()))
                    at = grid.setting(grid.pixels(piece)[place])
                    raise PieceError(
                        f"tracking.failures=stop: {at}: {reason}; what is recorded stays"
                    )
    except EngineError as error:
        lost = len(grid.pieces) - len(pieces)
        raise EngineError(
            f"{error}; {lost} of {len(grid.pieces)} pieces of the landscape are missing"
        ) from error
    return progress.seconds


def _counts(pixels: Pixels) -> Counter[str]:
    """How many ended in each way."""
    counts = np.bincount(pixels.outcome - FAILED, minlength=len(OUTCOMES) - FAILED).tolist()
    return Counter(dict(zip((WITH_ERROR, *OUTCOMES), counts, strict=True)))


def _finish(where: _Place, run: Parent, landscape: Landscape, seconds: float) -> None:
    """Give the run its files, then its last status, then remove the pieces."""
    store, outbox = where.store, where.outbox
    files = {ARRAYS_FILE: landscape_file(landscape), PICTURE_FILE: _picture(landscape)}
    noun = "network" if landscape.trainer is None else landscape.trainer.planes.noun
    numbers = {f"{noun}s": float(landscape.outcome.size), "seconds": seconds}
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
    named = landscape.shares().items()
    shares = ", ".join(f"{100 * share:.2f} % {outcome_words(name)}" for name, share in named)
    noun = "run" if landscape.trainer is None else landscape.trainer.planes.noun
    return f"{width:,} x {height:,} {noun}s, {landscape.x.key} by {landscape.y.key}: {shares}"


def _failures(landscape: Landscape, grid: Grid) -> list[str]:
    """A line for each kind of error that runs raised, with one of those that did."""
    width = landscape.x.size
    first: dict[str, str] = {}
    for (row, column), reason in landscape.failures.items():
        first.setdefault(reason, grid.setting(row * width + column))
    counts = Counter(landscape.failures.values())
    return [
        f"error in {counted(counts[reason], 'run')}, such as {at}: {reason}"
        for reason, at in [*first.items()][:_MOST_REASONS]
    ]
