"""Tracking servers that go away: a real one behind a proxy, and a real one killed and restarted."""

from __future__ import annotations

import atexit
import contextlib
import hashlib
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path
from random import Random
from unittest.mock import patch

from mlflow import MlflowClient

from tests.faults.fault import Fault, Outcome
from tests.helpers.proxies import CUT, CUT_AFTER, ERROR, LATE, LATE_AFTER, PASS, Proxy, proxied
from tests.helpers.servers import serving_store

SWEEP = (
    "-m",
    "seed=1,2",
    "network.hidden=2,3,4",
    "training.epochs=20",
    "hydra.launcher.executor=inline",
)
RUNS = 6
REQUESTS = 84  # that such a sweep makes
BEFORE_TRAINING = 10  # requests
# So that an injection takes a second where a user would wait for a minute.
HURRY = {
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR": "0",
    "MLFLOW_HTTP_REQUEST_BACKOFF_JITTER": "0",
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
}
BRIDGED = "a repeated call has bridged it"
_WHOLE: dict[str, tuple[object, ...]] = {}
HINT = f"does not answer \\(.+\\).*(xorlab-outbox --folder /|repeat the command)|{BRIDGED}"


# Sets a proxy up to go wrong at a moment; what it returns ends that.
Injection = Callable[[Proxy, Random], Callable[[], None]]


def failing(kinds: tuple[str, ...], proxy: Proxy, rng: Random) -> Callable[[], None]:
    """From one request on, for a few of them or until it is repaired."""
    first = rng.randrange(REQUESTS)
    last = first + rng.choice([0, 1, 2, 5, 10, REQUESTS])
    kind = rng.choice(kinds)
    proxy.rule = lambda number, method, path: kind if first <= number <= last else PASS

    def repair() -> None:
        proxy.rule = lambda number, method, path: PASS

    return repair


def refusing(proxy: Proxy, rng: Random) -> Callable[[], None]:
    """The port is closed, and open again after a while or when it is repaired."""
    first, seconds = rng.randrange(REQUESTS), rng.choice([0.3, 1.0, 2.0, None])
    timers: list[threading.Timer] = []

    def rule(number: int, method: str, path: str) -> str:
        if number != first:
            return PASS
        proxy.refuse()
        if seconds is not None:
            timers.append(threading.Timer(seconds, proxy.accept))
            timers[0].start()
        return CUT

    def repair() -> None:
        for timer in timers:
            timer.join()
        proxy.rule = lambda number, method, path: PASS
        proxy.accept()

    proxy.rule = rule
    return repair


def swept_through(injection: Injection, server: str, folder: Path, rng: Random) -> Outcome:
    """A sweep through a proxy that goes wrong, and then what its message asks for."""
    experiment = uuid.uuid4().hex
    with proxied(server) as proxy, patch.dict(os.environ, HURRY):
        there = places(proxy, experiment, folder)
        repair = injection(proxy, rng)
        code, printed = started(*SWEEP, *there)
        repair()
        proxy.idle()
        if code:
            recover(folder, printed, *SWEEP, *there)
    return outcome(server, experiment, printed if code else went_away(printed))


def delayed(server: str, folder: Path, rng: Random) -> Outcome:
    """As `swept_through`; what arrives later than the sweep's end the next start puts in order."""
    experiment = uuid.uuid4().hex
    with proxied(server) as proxy, patch.dict(os.environ, HURRY):
        there = places(proxy, experiment, folder)
        repair = failing((LATE, LATE_AFTER), proxy, rng)
        code, printed = started(*SWEEP, *there)
        repair()
        proxy.idle()
        if code:
            recover(folder, printed, *SWEEP, *there)
        again(*SWEEP, *there)
    return outcome(server, experiment, printed if code else went_away(printed))


def filled(proxy: Proxy, experiment: str, folder: Path, rng: Random) -> str:
    """A sweep whose server goes away after training began; returns what it printed."""
    first = rng.randrange(BEFORE_TRAINING + 1, REQUESTS - 30)
    proxy.rule = lambda number, method, path: PASS if number < first else ERROR
    code, printed = run(*SWEEP, *places(proxy, experiment, folder))
    proxy.rule = lambda number, method, path: PASS
    assert code == 1, printed
    assert list((folder / "outbox").glob("*.run")), printed
    return printed


def delivered_twice_at_once(server: str, folder: Path, rng: Random) -> Outcome:
    experiment = uuid.uuid4().hex
    with proxied(server) as proxy, patch.dict(os.environ, HURRY):
        printed = filled(proxy, experiment, folder, rng)
        deliverers = [deliverer(folder) for _ in range(2)]
        codes = [child.wait() for child in deliverers]
    assert codes == [0, 0]
    return outcome(server, experiment, printed)


def delivery_killed(server: str, folder: Path, rng: Random) -> Outcome:
    """SIGKILL at a request of the deliverer's, which the server then answers or does not see."""
    experiment = uuid.uuid4().hex
    with proxied(server) as proxy, patch.dict(os.environ, HURRY):
        printed = filled(proxy, experiment, folder, rng)
        moment, kind = len(proxy.seen) + rng.randrange(2, 25), rng.choice([CUT, CUT_AFTER])
        started: list[subprocess.Popen[bytes]] = []

        def rule(number: int, method: str, path: str) -> str:
            if number == moment:
                started[0].send_signal(signal.SIGKILL)
            return kind if number == moment else PASS

        proxy.rule = rule
        started.append(deliverer(folder))
        started[0].wait()
        proxy.idle()
        recover(folder, printed)
    return outcome(server, experiment, printed)


class Restartable:
    """A server that can be killed, and comes back with its database on its port."""

    def __init__(self, folder: Path, database: Path) -> None:
        self.folder, self.database = folder, database
        self._stack = contextlib.ExitStack()
        self.address = self._stack.enter_context(serving_store(folder, database))

    def kill(self) -> None:
        self._stack.close()

    def start(self) -> None:
        port = int(self.address.rpartition(":")[2])
        self._stack.enter_context(serving_store(self.folder, self.database, port))


def restarted(server: Restartable, folder: Path, rng: Random) -> Outcome:
    """Killed with SIGKILL at one request, and started again at once."""
    experiment = uuid.uuid4().hex
    first = rng.randrange(BEFORE_TRAINING, REQUESTS)
    starting = threading.Thread(target=server.start)
    with proxied(server.address) as proxy, patch.dict(os.environ, HURRY):

        def rule(number: int, method: str, path: str) -> str:
            if number == first:
                server.kill()
                starting.start()
            return PASS

        proxy.rule = rule
        there = places(proxy, experiment, folder)
        code, printed = started(*SWEEP, *there)
        starting.join()
        proxy.idle()
        if code:
            recover(folder, printed, *SWEEP, *there)
    return outcome(server.address, experiment, printed if code else went_away(printed))


def places(proxy: Proxy, experiment: str, folder: Path) -> tuple[str, ...]:
    return (
        f"tracking.uri={proxy.address}",
        f"tracking.experiment={experiment}",
        f"tracking.outbox={folder / 'outbox'}",
    )


def run(*arguments: str) -> tuple[int, str]:
    """The command line in this process: exit code and what it printed."""
    from xorlab.__main__ import main

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


@cache
def shared() -> str:
    """The address of a server for all faults that leave it alone; it ends with this process."""
    return _kept(serving_store)


def _kept(serving) -> str:
    folder = Path(tempfile.mkdtemp(prefix="xorlab-server-"))
    stack = contextlib.ExitStack()
    stack.callback(shutil.rmtree, folder, ignore_errors=True)
    atexit.register(stack.close)
    return stack.enter_context(serving(folder, folder / "mlflow.db"))


@contextlib.contextmanager
def restartable(folder: Path, database: Path) -> Iterator[Restartable]:
    """Within: a server of this database alone."""
    server = Restartable(folder, database)
    try:
        yield server
    finally:
        server.kill()


def with_shared(scenario: Callable[[str, Path, Random], Outcome]):
    return lambda folder, rng: scenario(shared(), folder, rng)


def with_own(folder: Path, rng: Random) -> Outcome:
    (folder / "server").mkdir(parents=True)
    with restartable(folder / "server", folder / "server" / "mlflow.db") as server:
        return restarted(server, folder, rng)


# By name: what goes wrong, on which server, and how often the table has it.
SCENARIOS: dict[str, tuple[Callable[[str, Path, Random], Outcome], int]] = {
    "server refuses connections": (partial(swept_through, refusing), 12),
    "server answers 500": (partial(swept_through, partial(failing, (ERROR,))), 12),
    "server is slow": (delayed, 6),
    "connection cut before the work": (partial(swept_through, partial(failing, (CUT,))), 8),
    "connection cut after the work": (partial(swept_through, partial(failing, (CUT_AFTER,))), 12),
    "two deliver at once": (delivered_twice_at_once, 4),
    "delivery killed": (delivery_killed, 6),
}
FAULTS: list[Fault] = [
    *(Fault(name, with_shared(scenario), times) for name, (scenario, times) in SCENARIOS.items()),
    Fault("server killed and restarted", with_own, 4),
]
