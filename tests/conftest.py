"""What tests share."""

from __future__ import annotations

import gc
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import pytest
from hypothesis import HealthCheck, settings

from tests.helpers.commands import isolate, without_report

settings.register_profile(
    "xorlab",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    print_blob=True,
)
settings.register_profile("thorough", settings.get_profile("xorlab"), max_examples=500)
settings.load_profile("xorlab")

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # Shells start jobs in the background so, and every command started here would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Refuse to start clusters once in every process, and collect garbage without the imports."""
    if session.config.getoption("loadgroup", default=False):
        shared = [item for item in session.items if item.get_closest_marker("xdist_group")]
        apart = [item.nodeid for item in shared if "@" not in item.nodeid.rpartition("]")[2]]
        if apart:
            raise pytest.UsageError(f"pytest-xdist does not keep groups together: {apart[0]}")
    # Half a million objects, which later collections need not walk.
    gc.collect()
    gc.freeze()


ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """All tests of a session, and the processes that they start, share a new folder for caches."""
    base = tmp_path_factory.getbasetemp()
    parallel = "PYTEST_XDIST_WORKER" in os.environ
    with pytest.MonkeyPatch.context() as patch:
        # Otherwise matplotlib would list the fonts of the machine again.
        patch.setenv("MPLCONFIGDIR", mpl.get_cachedir())
        patch.setenv("XDG_CACHE_HOME", str((base.parent if parallel else base) / "cache"))
        yield


@pytest.fixture(autouse=True)
def _own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test runs in its own folder, with no address or setting from outside."""
    isolate(monkeypatch, tmp_path)


@dataclass(frozen=True)
class Ended:
    """How a command ended and what it printed."""

    code: int
    out: str
    err: str


@pytest.fixture
def command(monkeypatch: pytest.MonkeyPatch, capfd) -> Callable[..., Ended]:
    """Runs the command line in this process; sweeps draw no report unless asked to."""
    from xorlab.commands.built_in import main

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["xorlab", *without_report(arguments)])
        capfd.readouterr()
        try:
            code = main()
        except SystemExit as ending:
            code = ending.code if isinstance(ending.code, int) else 1
        printed = capfd.readouterr()
        return Ended(code, printed.out, printed.err)

    return run


@pytest.fixture
def process() -> Callable[..., subprocess.Popen[str]]:
    """Starts the command line in another process; sweeps draw no report unless asked to."""
    started: list[subprocess.Popen[str]] = []

    def start(*arguments: str, **options) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-m", "xorlab", *without_report(arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
            **options,
        )
        started.append(child)
        return child

    yield start
    for child in started:
        if child.poll() is None:
            child.kill()
        child.communicate()


@pytest.fixture(scope="session")
def empty_store(tmp_path_factory) -> Path:
    """A new store without runs; making one takes MLflow seconds, copying it does not."""
    from xorlab.tracking.store.opening import open_store

    folder = tmp_path_factory.mktemp("store")
    open_store(f"sqlite:///{folder / 'mlflow.db'}", "template")
    return folder / "mlflow.db"


@pytest.fixture
def store_file(empty_store: Path, tmp_path: Path) -> Path:
    """A store without runs in the test's folder, at the default address."""
    return Path(shutil.copy(empty_store, tmp_path / "mlflow.db"))


@pytest.fixture(scope="session")
def server(tmp_path_factory) -> Iterator[str]:
    """The address of an mlflow server that all tests share; each takes its own experiment."""
    from tests.helpers.servers import serving_store

    folder: Path = tmp_path_factory.mktemp("server")
    with serving_store(folder, folder / "mlflow.db") as address:
        yield address
