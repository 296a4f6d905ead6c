"""A password in the address of the store: no sweeper keeps it in a file, and nothing prints it."""

from __future__ import annotations

import subprocess
import sys
import uuid
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from random import Random

from tests.faults.fault import Fault, Outcome
from tests.faults.server_faults import with_shared
from tests.faults.server_sweeps import SWEEP, outcome

PASSWORD = "s3cret"
DONE = r"^6 runs in .* s: "
# With what each needs to train the runs of `SWEEP`, and the files that it saves.
SWEEPERS = {
    "vectorized": (SWEEP, set()),
    "basic": (SWEEP, {"multirun.yaml"}),
    "optuna": (
        (
            *("-m", "seed=choice(1,2)", "network.hidden=choice(2,3,4)", *SWEEP[3:]),
            *("hydra/sweeper/sampler=grid", "hydra.sweeper.n_trials=6", "hydra.sweeper.n_jobs=6"),
        ),
        {"optimization_results.yaml"},
    ),
}


def swept(sweeper: str, server: str, folder: Path, _rng: Random) -> Outcome:
    """A sweep into a store whose address has a user and a password."""
    folder.mkdir()
    experiment, (sweep, saves) = uuid.uuid4().hex, SWEEPERS[sweeper]
    address = server.replace("http://", f"http://me:{PASSWORD}@")
    child = subprocess.run(
        [
            *(sys.executable, "-m", "xorlab", *sweep, f"hydra/sweeper={sweeper}"),
            *(f"tracking.uri={address}", f"tracking.experiment={experiment}"),
        ],
        cwd=folder,
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    assert child.returncode == 0, child.stdout
    assert PASSWORD not in child.stdout, child.stdout
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {path.name for path in files} == saves, files
    for path in files:
        assert PASSWORD.encode() not in path.read_bytes(), path
    return outcome(server, experiment, child.stdout, hint=DONE)


def _missing(sweeper: str) -> str | None:
    there = sweeper != "optuna" or find_spec("hydra_plugins.hydra_optuna_sweeper") is not None
    return None if there else "hydra-optuna-sweeper is not installed"


FAULTS: list[Fault] = [
    Fault(
        f"password in the address, {sweeper} sweeper",
        with_shared(partial(swept, sweeper)),
        1,
        partial(_missing, sweeper),
    )
    for sweeper in SWEEPERS
]
