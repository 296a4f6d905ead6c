"""Sweeps through a tracking server that goes wrong: how they are run, and what they leave there."""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from unittest.mock import patch

from mlflow import MlflowClient

from tests.faults.fault import Outcome
from tests.helpers.proxies import Proxy

SWEEP = (
    "-m",
    "seed=1,2",
    "network.hidden=2,3,4",
    "training.epochs=20",
    "hydra.launcher.executor=inline",
)
RUNS = 6
BRIDGED = "a repeated call has bridged it"
_WHOLE: dict[str, tuple[object, ...]] = {}
HINT = f"does not answer \\(.+\\).*(xorlab-outbox --folder /|repeat the command)|{BRIDGED}"


def places(proxy: Proxy, experiment: str, folder: Path) -> tuple[str, ...]:
    return (
        f"tracking.uri={proxy.address}",
        f"tracking.experiment={experiment}",
        f"tracking.outbox={folder / 'outbox'}",
    )


def run(*arguments: str) -> tuple[int, str]:
    """The command line in this process: exit code and what it printed."""
    from xorlab.commands.built_in import main

    said = io.StringIO()
    with (
        patch.object(sys, "argv", ["xorlab", *arguments]),
        contextlib.redirect_stdout(said),
        contextlib.redirect_stderr(said),
    ):
        code = main()
    return code, said.getvalue()


def started(*arguments: str) -> tuple[int, str]:
    """The same in a process of its own: what it could not end counts as its own while it lives."""
    child = subprocess.run(
        [sys.executable, "-m", "xorlab", *arguments],
        check=False,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    return child.returncode, child.stdout


def recover(folder: Path, printed: str, *sweep: str) -> None:
    """Type what a message asks for."""
    from xorlab.commands.outbox import main

    if "xorlab-outbox --folder" in printed:
        with contextlib.redirect_stdout(io.StringIO()):
            assert main(["--folder", str(folder / "outbox")]) == 0
        return
    assert "repeat the command" in printed, printed
    again(*sweep)


def again(*sweep: str) -> None:
    """Start a sweep in a process of its own: it is another that has to find the first one ended."""
    subprocess.run([sys.executable, "-m", "xorlab", *sweep], check=True, capture_output=True)


def deliverer(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "xorlab.commands.outbox", "--folder", str(folder / "outbox")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def went_away(printed: str) -> str:
    """The line that says so, if there is one."""
    return next((line for line in printed.splitlines() if "does not answer" in line), BRIDGED)


def outcome(
    server: str,
    experiment: str,
    printed: str,
    starts: int = 1,
    hint: str = HINT,
    killed: bool = False,
) -> Outcome:
    """What is on the server, beside an undisturbed sweep.

    Args:
        server: its address.
        experiment: of the sweep.
        printed: by the sweep.
        starts: how many parent runs there may be.
        hint: what a line of it must match.
        killed: whether a process was: what it has left says so, if it is not there whole.
    """
    whole, client = undisturbed(server), MlflowClient(server)
    found = client.get_experiment_by_name(experiment)
    runs = client.search_runs([found.experiment_id], max_results=1000)
    children = [run for run in runs if "xorlab.key" in run.data.tags]
    parents = [run for run in runs if "xorlab.key" not in run.data.tags]
    finished = [run for run in children if run.info.status == "FINISHED"]
    keys = Counter(run.data.tags["xorlab.key"] for run in finished)
    endings = {"FINISHED", "KILLED"} if killed else {"FINISHED"}
    half = sum(run.info.status not in endings for run in runs)
    half += sum(content(client, run) != whole[run.data.tags["xorlab.key"]] for run in finished)
    half += sum(
        "report.html" not in artifacts(client, run.info.run_id)
        for run in parents
        if run.info.status == "FINISHED"
    )
    return Outcome(
        expected=RUNS,
        found=len(keys),
        twice=sum(keys.values()) - len(keys) + max(0, len(parents) - starts),
        half=half,
        message=next(
            (line for line in reversed(printed.splitlines()) if re.search(hint, line)), printed
        ),
        hint=hint,
    )


def undisturbed(server: str) -> dict[str, tuple[object, ...]]:
    """By key, what a sweep records on any server when nothing goes wrong."""
    if _WHOLE:
        return _WHOLE
    with tempfile.TemporaryDirectory() as folder:
        there = (
            f"tracking.uri={server}",
            "tracking.experiment=undisturbed",
            f"tracking.outbox={folder}",
        )
        code, printed = run(*SWEEP, *there)
        assert code == 0, printed
    client = MlflowClient(server)
    found = client.get_experiment_by_name("undisturbed")
    runs = client.search_runs([found.experiment_id], filter_string="tags.`xorlab.key` LIKE '%'")
    _WHOLE.update((run.data.tags["xorlab.key"], content(client, run)) for run in runs)
    assert len(_WHOLE) == RUNS
    return _WHOLE


def content(client: MlflowClient, run) -> tuple[object, ...]:
    """All that is the same whenever a run is trained."""
    curve = [(m.step, m.value) for m in client.get_metric_history(run.info.run_id, "loss")]
    files = {}
    with tempfile.TemporaryDirectory() as folder:
        for name in artifacts(client, run.info.run_id):
            path = Path(client.download_artifacts(run.info.run_id, name, folder))
            files[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    numbers = {key: value for key, value in run.data.metrics.items() if key != "seconds"}
    return run.info.run_name, run.data.params, numbers, sorted(curve), files


def artifacts(client: MlflowClient, run_id: str) -> list[str]:
    return sorted(artifact.path for artifact in client.list_artifacts(run_id))
