"""A landscape as one run: trained in pieces, recorded as they come, drawn at its end."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from xorlab.config.schema import Config
from xorlab.engines.dispatch import completed
from xorlab.engines.local import Executor
from xorlab.engines.make import make_engine
from xorlab.engines.options import Options
from xorlab.errors import EngineError, StoreError, UsageError
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.landscape import Fault, Landscape, PieceWork, Pixels, assembled
from xorlab.networks.memory import estimate_landscape_memory, refuse_too_much
from xorlab.networks.result import OUTCOMES
from xorlab.sweep.job_returns import objective
from xorlab.sweep.progress import SweepProgress
from xorlab.sweep.session import command
from xorlab.sweep.summary.parent_run import deliver_all
from xorlab.system.git import provenance
from xorlab.system.signals import Interrupts, interruptions
from xorlab.tracking.landscapes import (
    ARRAYS_FILE,
    PICTURE_FILE,
    forget_pieces,
    landscape_file,
    landscape_identity,
    put_config,
    put_files,
    record_piece,
    recorded_landscape,
    recorded_pieces,
)
from xorlab.tracking.names import FAILED, FINISHED, KILLED
from xorlab.tracking.outbox.delivery import deliver
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.outbox.pending import PendingFile
from xorlab.tracking.outbox.recorder import results
from xorlab.tracking.read.sweep_files import place_of
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.errors import explained_errors, release_frames
from xorlab.tracking.store.server import ServerAwayError, answers_now
from xorlab.tracking.store.store import Store, open_store
from xorlab.tracking.write.sweep_run import Parent, close_abandoned, earlier_run, open_parent


class PieceError(RuntimeError):
    """A piece of a landscape broke off; the pieces recorded before it stay."""


def run_landscape(config: Config, options: Options | None = None) -> float:
    """Train one network for every pixel and record them as one run, or go on with it.

    Args:
        config: with a landscape.
        options: where pieces are trained, as of a sweep; None for the cores of this machine.

    Returns:
        the metric that `tracking.objective` names; the share of networks where it is `solved`.

    Raises:
        ConfigError: the landscape cannot be trained.
        EngineError: the cluster that the options name cannot be reached, or is gone.
        StoreError: the tracking store cannot be opened, or is away at the end.
        PieceError: a piece broke off.
    """
    grid = Grid(config)
    if config.plan:
        raise UsageError("plan=true: there is a plan for a sweep only; a landscape is one run")
    console = Console(highlight=False)
    options = options or Options()
    executor = make_engine(options)
    try:
        processes = options.processes_here(executor.workers)
        need = estimate_landscape_memory(
            grid.config(0), grid.task, grid.piece, grid.count, processes
        )
        refuse_too_much(need)
        where = config.tracking
        store = open_store(where.uri, where.experiment, artifacts=where.artifacts)
        landscape, told, picture = _found_or_trained(store, config, grid, executor, console)
    finally:
        executor.close()
    _tell(console, [_headline(landscape), f"{told}: run {landscape.run_id}"])
    assert landscape.run_id is not None  # noqa: S101  (it is recorded)
    _tell(console, [f"Open the picture: {place_of(store, landscape.run_id, picture)}"])
    _tell(console, [f"Browse the runs: {store.browse()}"])
    return objective(landscape.shares(), config.tracking.objective)


def _found_or_trained(
    store: Store, config: Config, grid: Grid, executor: Executor, console: Console
) -> tuple[Landscape, str, str]:
    """The landscape, in words where it comes from, and the file with its picture."""
    _bring(store, config, console)
    close_abandoned(store)
    again = config.tracking.existing == "rerun"
    earlier = None if again else earlier_run(store, landscape_identity(config, grid.task))
    if earlier is not None and earlier.info.status == FINISHED:
        landscape, picture = _found(store, earlier.info.run_id, config)
        forget_pieces(store, earlier.info.run_id)  # where it was killed just before
        told = "already finished; tracking.existing=rerun would train it again"
        return landscape, told, picture
    return *_trained(store, config, grid, executor, console), PICTURE_FILE


def _found(store: Store, run_id: str, config: Config) -> tuple[Landscape, str]:
    """A finished landscape; asked for another value, it gets the picture of that one too."""
    landscape = recorded_landscape(store, run_id)
    value, picture = config.landscape.value, PICTURE_FILE
    if value != landscape.config.landscape.value:
        landscape.config.landscape.value = value
        picture = f"{value}.png"
        put_files(store, run_id, {picture: _picture(landscape)})
    return landscape, picture


def _trained(
    store: Store, config: Config, grid: Grid, executor: Executor, console: Console
) -> tuple[Landscape, str]:
    executor.start()
    reuse = config.tracking.existing != "rerun"
    with explained_errors(store):
        about = landscape_identity(config, grid.task)
        parent = open_parent(store, about, provenance(Path.cwd()), reuse)
        return _recorded(store, parent, config, grid, executor, console)


def _recorded(
    store: Store,
    parent: Parent,
    config: Config,
    grid: Grid,
    executor: Executor,
    console: Console,
) -> tuple[Landscape, str]:
    try:
        with interruptions():
            put_config(store, parent.run_id, config)
            pieces = recorded_pieces(store, parent.run_id, grid) if parent.resumed else {}
            known = sum(len(grid.pixels(piece)) for piece in pieces)
            seconds = _train(store, parent, grid, config, pieces, executor, console)
            landscape = assembled(config, grid, pieces, parent.run_id)
            _finish(store, parent, config, landscape, seconds)
    except BaseException as error:
        executor.close()
        interrupted = isinstance(error, KeyboardInterrupt)
        killed = interrupted or not isinstance(error, Exception) or isinstance(error, StoreError)
        release_frames(error)
        # Where the store itself is in trouble the next start closes it.
        with contextlib.suppress(Exception):
            if not parent.closed:
                parent.close(KILLED if killed else FAILED)
        if interrupted or isinstance(error, EngineError):
            _tell(console, ["", f"stopped; what is recorded stays. Go on with: {command()}"])
        raise
    before = f", {known} of them recorded before" if known else ""
    return landscape, f"{grid.count} networks in {seconds:.1f} s{before}"


def _finish(
    store: Store, parent: Parent, config: Config, landscape: Landscape, seconds: float
) -> None:
    files = {ARRAYS_FILE: landscape_file(landscape), PICTURE_FILE: _picture(landscape)}
    numbers = {"networks": float(landscape.outcome.size), "seconds": seconds}
    outbox = Outbox(config.tracking.outbox)
    if is_server(store.uri):
        answers_now(store.client)
    try:
        # All of it is there before the status says FINISHED, and its pieces until after that.
        parent.describe(files, _headline(landscape), landscape.shares() | numbers)
        parent.close(FINISHED)
    except ServerAwayError as error:
        count = sum(path.name.startswith(parent.run_id) for path in outbox.paths(PendingFile))
        waiting = f"; {count} of its pieces are safe in {outbox.folder}" if count else ""
        raise StoreError(
            f"the tracking server {error.address} does not answer ({error.reason}): the landscape "
            f"is trained, not recorded to its end{waiting}; when it answers again: {command()}"
        ) from error
    forget_pieces(store, parent.run_id)
    with contextlib.suppress(StoreError, ServerAwayError):
        deliver(store, outbox)  # what waits of the landscape is needless now


def _bring(store: Store, config: Config, console: Console) -> None:
    """What an earlier start could not deliver."""
    outbox = Outbox(config.tracking.outbox)
    done = deliver_all(store, outbox)
    if done.delivered:
        _tell(console, [f"{results(done.delivered)} delivered from {outbox.folder}"])
    _tell(console, done.lines())


def _train(
    store: Store,
    parent: Parent,
    grid: Grid,
    config: Config,
    pieces: dict[int, Pixels],
    executor: Executor,
    console: Console,
) -> float:
    """Train the pieces that are missing, and record each as it ends; returns the seconds."""
    left = [piece for piece in grid.pieces if piece not in pieces]
    total = sum(len(grid.pixels(piece)) for piece in left)
    works = ((piece, PieceWork(config, grid.task, piece)) for piece in left)
    outbox, told = Outbox(config.tracking.outbox), False

    def alive() -> None:
        interrupts.check()
        parent.beat()

    with (
        Interrupts() as interrupts,
        SweepProgress(console, total, grid.count - total, "networks") as progress,
        contextlib.closing(completed(works, executor, alive)) as ended,
    ):
        try:
            for piece, pixels in ended:
                if isinstance(pixels, Fault):
                    raise PieceError(f"piece {piece} of the landscape: {pixels.reason.strip()}")
                with explained_errors(store):
                    away = record_piece(store, outbox, parent.run_id, grid, piece, pixels)
                if away is not None and not told:
                    told = True
                    _tell(console, [_waiting(away, outbox)])
                pieces[piece] = pixels
                counts = np.bincount(pixels.outcome, minlength=len(OUTCOMES)).tolist()
                progress.add(Counter(dict(zip(OUTCOMES, counts, strict=True))))
        except EngineError as error:
            missing = len(grid.pieces) - len(pieces)
            what = f"{missing} of {len(grid.pieces)} pieces of the landscape are missing"
            raise EngineError(f"{error}; {what}") from error
    return progress.seconds


def _waiting(error: ServerAwayError, outbox: Outbox) -> str:
    return (
        f"the tracking server {error.address} does not answer ({error.reason}). Training goes on; "
        f"pieces wait in {outbox.folder}"
    )


def _picture(landscape: Landscape) -> bytes:
    from xorlab.analysis.figures.style import png
    from xorlab.landscapes.figures import landscape_image, sharp_dpi

    return png(landscape_image(landscape), dpi=sharp_dpi(landscape))


def _headline(landscape: Landscape) -> str:
    height, width = landscape.outcome.shape
    shares = ", ".join(f"{100 * share:.2f} % {name}" for name, share in landscape.shares().items())
    return f"{width} x {height} networks, {landscape.x.key} by {landscape.y.key}: {shares}"


def _tell(console: Console, lines: Sequence[str]) -> None:
    for line in lines:
        console.print(line, soft_wrap=True, markup=False)
