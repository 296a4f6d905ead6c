"""The commands that Ctrl-C is to end, and the phases in which it comes."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import xorlab
from xorlab.networks.spec import spec_of
from xorlab.system.git import Provenance
from xorlab.tracking.outbox.pending import PendingRun
from xorlab.tracking.write.record import Context, finished

_NEXT = itertools.count(1)
_WAITING = 20  # runs in an outbox
_READ, _TRACKING = "xorlab.tracking.read", "xorlab.tracking"
# By name, the functions with which each begins; `tests.faults.at_phase` explains how.
PHASES = {
    "imports": "xorlab.system.streams:prints",  # a command's own; Python itself has started
    "composing": "xorlab.sweeps.compose:compose_jobs",
    "opening the store": f"{_TRACKING}.store.opening:open_store",
    "reading": f"{_READ}.found:finished_run,{_READ}.runs:read_runs",
    "training": "xorlab.networks.train:train_chunk,xorlab.engines.local:Processes.submit,"
    "xorlab.engines.local:Inline.submit",
    "recording": f"{_TRACKING}.write.bulk_recorder:BulkRecorder.record,"
    f"{_TRACKING}.outbox.recorder:OutboxRecorder.record,"
    f"{_TRACKING}.landscape_pieces:record_piece",
    "delivering": f"{_TRACKING}.outbox.delivery:deliver",
    "report": "xorlab.sweeps.summary.summary:summary_of,"
    "xorlab.analysis.report.summary:summarise,xorlab.sweeps.landscape_run:_picture",
}


@dataclass(frozen=True)
class Command:
    """A command to interrupt.

    Attributes:
        name: as the table shows it.
        module: that Python runs.
        arguments: of the command, but for the store; made anew for each start.
        store: how the store is named.
        phases: names of its phases, in their order.
        only_servers: whether it has nothing to do with the file of a store.
    """

    name: str
    module: str
    arguments: Callable[[], Sequence[str]]
    store: Callable[[str], Sequence[str]]
    phases: Sequence[str]
    only_servers: bool = False


def commands(run_id: str, sweep_id: str, folder: Path) -> list[Command]:
    """Every command.

    Args:
        run_id: of a run that is recorded in the store.
        sweep_id: of its sweep.
        folder: for what a command needs.
    """

    def tracking(uri: str) -> list[str]:
        return [f"tracking.uri={uri}"]

    def uri_option(uri: str) -> list[str]:
        return ["--uri", uri]

    def seeds(count: int) -> str:
        first = 1000 * next(_NEXT)  # else it would find its runs finished
        return f"seed=range({first},{first + count})"

    landscape = [
        *("landscape.x=optimizer.lr", "landscape.x_low=0.1", "landscape.x_high=10"),
        *("landscape.y=init.range", "landscape.y_low=0.1", "landscape.y_high=1"),
        *("init=uniform", "training.epochs=3000", "landscape.width=60", "landscape.height=60"),
    ]
    sweep = ["training.epochs=20000", "network.hidden=2,3"]
    app, pack = "xorlab", "xorlab.commands"
    begins = ("imports", "opening the store")
    return [
        Command(
            "run",
            app,
            lambda: [f"seed={next(_NEXT)}"],
            tracking,
            (*begins, "training", "recording"),
        ),
        Command(
            "sweep",
            app,
            lambda: ["-m", seeds(40), *sweep],
            tracking,
            ("imports", "composing", "opening the store", "training", "recording", "report"),
        ),
        Command(
            "sweep in this process",
            app,
            lambda: ["-m", seeds(20), *sweep, "hydra.launcher.executor=inline"],
            tracking,
            ("training", "recording"),
        ),
        Command(
            "landscape",
            app,
            lambda: [f"seed={next(_NEXT)}", *landscape],
            tracking,
            (*begins, "training", "recording", "report"),
        ),
        Command(
            "report",
            f"{pack}.report",
            lambda: [sweep_id, "--out", "report"],
            uri_option,
            (*begins, "reading", "report"),
        ),
        Command(
            "repeat",
            f"{pack}.repeat",
            lambda: [run_id],
            uri_option,
            ("imports", "reading", "training"),
        ),
        Command(
            "outbox",
            f"{pack}.outbox",
            list,
            lambda uri: ["--folder", str(_filled(folder, uri)), "--uri", uri],
            (*begins, "delivering"),
            only_servers=True,
        ),
    ]


def _filled(folder: Path, uri: str) -> Path:
    """A new outbox in which runs wait for a server."""
    outbox = folder / f"outbox-{next(_NEXT)}"
    outbox.mkdir()
    for _ in range(_WAITING):
        config = xorlab.configure(f"seed={next(_NEXT)}", "training.epochs=3")
        result, context = xorlab.train(config), Context(Provenance("0"))
        record = finished(spec_of(config), config.seed, result, context, 1, 2)
        run = PendingRun(f"{next(_NEXT):032x}", uri, "xorlab", True, record)
        (outbox / f"{run.name}.0123.run").write_bytes(run.content())
    return outbox
