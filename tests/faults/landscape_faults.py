"""Landscapes that are stopped, killed, or out of disk."""

from __future__ import annotations

import io
import re
import signal
import time
from collections.abc import Callable
from contextlib import closing
from functools import cache
from pathlib import Path
from random import Random
from sqlite3 import connect

import numpy as np

import xorlab
from tests.faults import sweeps
from tests.faults.disk_faults import FULL, full, no_mounts, on_a_disk_of_its_own
from tests.faults.fault import Fault, Outcome
from tests.faults.process_faults import LEFT, WORKERS, message_of_next_start, workers
from tests.faults.sweeps import INLINE, Hit, ended, fresh, message, sweeping, until
from tests.helpers.planes import plane
from xorlab.tracking.landscape_arrays import landscape_file

# Ten pieces that take three seconds together.
LANDSCAPE = plane("weight.1", "weight.9", (80, 64), 2000)
PIECES, PIECE = 10, 512
GO_ON = r"stopped; what is recorded stays\. Go on with: xorlab landscape\.x=weight\.1"

Arrays = dict[str, "np.ndarray"]


def arrays_of(content: bytes) -> Arrays:
    with np.load(io.BytesIO(content), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


@cache
def undisturbed() -> Arrays:
    """What stands in the file of a landscape where nothing goes wrong."""
    return arrays_of(landscape_file(xorlab.landscape(xorlab.configure(*LANDSCAPE))))


def whole(content: bytes) -> bool:
    """Whether a piece has what an undisturbed landscape has there."""
    try:
        piece = arrays_of(content)
    except Exception:
        return False
    first = int(piece.pop("first"))
    return all(
        np.array_equal(values, undisturbed()[name].ravel()[first : first + PIECE], equal_nan=True)
        for name, values in piece.items()
    )


def same(content: bytes) -> bool:
    """Whether a landscape has what an undisturbed one has."""
    found, should = arrays_of(content), undisturbed()
    return found.keys() == should.keys() and all(
        np.array_equal(found[name], should[name], equal_nan=True) for name in should
    )


def trained_again(said: str, had: int) -> int:
    """Pieces that were recorded, and trained all the same, by what the last start says."""
    found = re.search(r"networks in .* s(?:, ([\d,]+) of them recorded before)?: run", said)
    if found is None:  # it was finished before
        assert "already finished" in said, said
        return 0
    return had - int((found[1] or "0").replace(",", "")) // PIECE


def in_a_row(hit: Hit, hint: str) -> Callable[[Path, Random], Outcome]:
    """As `sweeps.in_a_row`, of a landscape."""

    def inject(folder: Path, rng: Random) -> Outcome:
        undisturbed()
        fresh(folder)
        messages = sweeps.hits(hit, folder, rng)
        kept = pieces(folder)
        half = sum(not whole(path.read_bytes()) for path in kept)
        last = ended(folder, *LANDSCAPE, INLINE)
        assert last.code == 0, last.printed()
        files = list(folder.glob("mlartifacts/*/*/artifacts/landscape.npz"))
        query = (
            "SELECT status FROM runs JOIN tags USING (run_uuid) WHERE tags.key='xorlab.landscape'"
        )
        with closing(connect(folder / "mlflow.db")) as connection:
            statuses = [status for (status,) in connection.execute(query)]
        return Outcome(
            expected=PIECES,
            found=PIECES * (statuses.count("FINISHED") > 0),
            twice=trained_again(last.printed(), len(kept)) + len(statuses) - 1,
            half=half + sum(not same(path.read_bytes()) for path in files) + len(pieces(folder)),
            message=next((line for line in messages if not re.search(hint, line)), messages[-1]),
            hint=hint,
            injected=len(messages),
        )

    return inject


def pieces(folder: Path) -> list[Path]:
    """Those that are recorded."""
    return list(folder.glob("mlartifacts/*/*/artifacts/pieces/[0-9]*.npz"))


def signalled(number: int, code: int, message_after: Callable[[Path], str] | None = None) -> Hit:
    """Send a signal once some more of its pieces are recorded."""

    def hit(folder: Path, rng: Random) -> str | None:
        have = len(pieces(folder))
        some = have + rng.randrange(max(1, (PIECES - have) // 3))
        with sweeping(folder, *LANDSCAPE, WORKERS) as child:
            until(
                lambda: (
                    child.poll() is not None
                    or (len(pieces(folder)) >= some and len(workers(child)) > 0)
                ),
                "the landscape does not get on",
                child,
            )
            time.sleep(rng.uniform(0, 0.3))
            child.kill(number)
            if child.wait() == 0:
                return None
            assert child.code == code, child.printed()
        return message(child) if message_after is None else message_after(folder)

    return hit


def damaged_piece(folder: Path, rng: Random) -> str | None:
    """A piece that is recorded is damaged after a crash: it is named, and trained again."""
    killed = signalled(signal.SIGKILL, -signal.SIGKILL, str)
    while not pieces(folder):
        if killed(folder, rng) is None:
            return None
    path = rng.choice(pieces(folder))
    path.write_bytes(rng.choice([b"", path.read_bytes()[:200], rng.randbytes(500)]))
    child = ended(folder, *LANDSCAPE, INLINE)
    assert child.code == 0, child.printed()
    return next((one for one in child.printed().splitlines() if path.name in one), message(child))


FAULTS: list[Fault] = [
    Fault("landscape, damaged piece", in_a_row(damaged_piece, "; it is trained again$"), 2),
    Fault("landscape, SIGTERM", in_a_row(signalled(signal.SIGTERM, 143), GO_ON), 3),
    Fault("landscape, Ctrl-C", in_a_row(signalled(signal.SIGINT, 130), GO_ON), 3),
    Fault(
        "landscape, SIGKILL",
        in_a_row(signalled(signal.SIGKILL, -signal.SIGKILL, message_of_next_start), LEFT),
        3,
    ),
    Fault(
        "landscape, disk full",
        on_a_disk_of_its_own(in_a_row(full(command=(*LANDSCAPE, INLINE), most=200), FULL)),
        3,
        no_mounts,
    ),
]
