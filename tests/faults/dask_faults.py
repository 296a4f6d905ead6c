"""Dask workers that answer with what runs code when it is unpickled: nothing of it runs here."""

from __future__ import annotations

import os
from pathlib import Path
from random import Random
from unittest.mock import patch

from tests.faults import hostile_worker
from tests.faults.fault import Fault, Outcome
from tests.faults.stored import found
from tests.faults.sweeps import INLINE, SWEEP, compared, ended, fresh, message
from tests.helpers.clusters import cluster, missing

RETRY = "tracking.existing=retry"
HINT = (
    r"^(error in .*|xorlab: .* has a worker that cannot train:) (on a Dask worker: )?"
    r".*(open\(|only able to deserialize data with \['msgpack'\])"
)


def hostile(folder: Path, rng: Random) -> Outcome:
    """Results, errors and warnings, one after the other; then the rest is trained elsewhere."""
    fresh(folder)
    theirs = folder.parent / "cluster"
    preload = {"DASK_DISTRIBUTED__WORKER__PRELOAD": f"['{hostile_worker.__file__}']"}
    messages = []
    with patch.dict(os.environ, preload), cluster("dask", theirs) as made:
        for kind in hostile_worker.KINDS:
            # Few are honest before, so that enough is left to train for the kinds that follow.
            (theirs / hostile_worker.KIND).write_text(f"{kind} {rng.randrange(2)}")
            child = ended(folder, *SWEEP, RETRY, *made.options)
            assert child.code == 1, child.printed()
            messages.append(message(child))
            ran = [path.name for path in theirs.glob("ran*")]
            assert f"ran{child.pid}" not in ran, ran
            assert (theirs / f"sent-{kind}").exists(), messages
    last = ended(folder, *SWEEP, INLINE, RETRY)
    assert last.code == 0, last.printed()
    return compared(found(folder / "mlflow.db"), messages, HINT)


FAULTS = (Fault("Dask workers send code", hostile, 2, lambda: missing("dask")),)
