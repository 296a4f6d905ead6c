"""Landscapes whose tracking server goes away."""

from __future__ import annotations

import io
import os
import re
import uuid
from contextlib import redirect_stdout
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from unittest.mock import patch

from mlflow import MlflowClient

from tests.faults.fault import Fault, Outcome
from tests.faults.landscape_faults import LANDSCAPE, PIECES, same, trained_again, whole
from tests.faults.server_faults import HURRY, with_shared
from tests.faults.server_sweeps import places, started
from tests.faults.sweeps import INLINE
from tests.helpers.proxies import CUT, CUT_AFTER, ERROR, PASS, proxied

AGAIN = r"does not answer \(.+\).*(when it answers again: xorlab landscape|repeat the command)"
BRIDGED = r"networks in .* s(, .* recorded before)?: run"  # pieces waited, or a call was repeated
BEFORE_TRAINING, REQUESTS = 12, 75  # that such a landscape makes of a server


def goes_away(server: str, folder: Path, rng: Random) -> Outcome:
    """From one request on, for a few of them or until it is repaired."""
    experiment = uuid.uuid4().hex
    first = rng.randrange(BEFORE_TRAINING, REQUESTS)
    last = first + rng.choice([0, 2, 5, 20, REQUESTS, REQUESTS])
    kind = rng.choice([ERROR, CUT, CUT_AFTER])
    with proxied(server) as proxy, patch.dict(os.environ, HURRY):
        there = (*LANDSCAPE, *places(proxy, experiment, folder), INLINE)
        proxy.rule = lambda number, method, path: kind if first <= number <= last else PASS
        code, printed = started(*there)
        proxy.rule = lambda number, method, path: PASS
        proxy.idle()
        files = there_by_now(server, experiment, "pieces")
        outbox = list((folder / "outbox").glob("*.file"))
        half = sum(not whole(content) for content in files.values())
        twice = 0
        if code:
            waiting = {path.name.split("-")[2].partition(".npz")[0] + ".npz" for path in outbox}
            if rng.random() < 0.5:
                deliver(folder)
            code, said = started(*there)
            assert code == 0, said
            twice = trained_again(said, len(files.keys() | waiting))
    left = list((folder / "outbox").glob("*.file"))
    ready = there_by_now(server, experiment, "landscape.npz")
    return Outcome(
        expected=PIECES,
        found=PIECES * len(ready),
        twice=twice,
        half=half + sum(not same(content) for content in ready.values()) + len(left),
        message=next((line for line in printed.splitlines() if re.search(AGAIN, line)), printed),
        hint=f"{AGAIN}|{BRIDGED}",
    )


def there_by_now(server: str, experiment: str, name: str) -> dict[str, bytes]:
    """Artifacts of the landscape, by name: the file of this one, or those in this folder."""
    client = MlflowClient(server)
    experiments = client.get_experiment_by_name(experiment)
    runs = client.search_runs([experiments.experiment_id], max_results=100)
    assert len(runs) <= 1
    found = {}
    with TemporaryDirectory(prefix="xorlab-faults-") as place:
        for found_run in runs:
            run_id = found_run.info.run_id
            names = [item.path for item in client.list_artifacts(run_id)]
            if name not in names:
                continue
            path = Path(client.download_artifacts(run_id, name, place))
            files = path.iterdir() if path.is_dir() else [path]
            found.update((file.name, file.read_bytes()) for file in files)
    return found


def deliver(folder: Path) -> None:
    from xorlab.commands.outbox import main

    if (folder / "outbox").is_dir():
        with redirect_stdout(io.StringIO()):
            assert main(["--folder", str(folder / "outbox")]) == 0


FAULTS: list[Fault] = [Fault("landscape, server goes away", with_shared(goes_away), 10)]
