"""What a Dask worker returns is read as bytes: nothing in it runs here."""

from __future__ import annotations

import os
import pickle
import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.engines.test_local import runs_of, work_of
from tests.helpers.clusters import cluster, missing
from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines.dask_client import error_text
from xorlab.engines.work import WorkerDeathError
from xorlab.errors import EngineError

pytestmark = pytest.mark.xdist_group("dask")


def hostile(path: str) -> object:
    """What a worker returns that runs code when it is unpickled."""

    class Runs:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, (f"open({path!r}, 'w')",)

    return Runs()


class HostileError(Exception):
    """An error that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return eval, (f"open({self.args[0]!r} + str(__import__('os').getpid()), 'w')",)


def raises(path: str) -> None:
    raise HostileError(path)


def warns(path: str) -> None:
    """Have every client warned, by a warning that runs code when it is unpickled."""
    from distributed import get_worker

    get_worker().log_event("warn", {"message": pickle.dumps(HostileError(path))})


def missing_module() -> None:
    raise ModuleNotFoundError("No module named 'theirs'")


def test_an_error_is_read_without_unpickling_it(tmp_path):
    error = HostileError(str(tmp_path / "ran"))
    assert "open(" in error_text(pickle.dumps(error))
    assert error_text(b"no pickle") == "it cannot be read"
    assert error_text(pickle.dumps(ValueError("seven"), 0)) == "ValueError: seven"
    assert error_text(pickle.dumps(ValueError("seven"))) == "ValueError: seven"
    assert error_text("seven") == "seven"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_result_that_would_run_when_it_is_unpickled_does_not(tmp_path):
    if missing("dask") is not None:
        pytest.skip(str(missing("dask")))
    from xorlab.engines.clusters.dask import make

    ran = tmp_path / "ran"
    with cluster("dask", tmp_path / "cluster") as made:
        address = made.options[1].partition("=")[2]
        engine = make(LauncherConfig(engine="dask", address=address))
        try:
            engine.start()
            assert len(runs_of(engine.submit(work_of(3, 20)).result(timeout=60))) == 3
            sent = engine._client.submit(hostile, str(ran), pure=False)
            future: Future[object] = Future()
            sent.add_done_callback(lambda ended: engine._settle(ended, future))
            with pytest.raises((EngineError, WorkerDeathError)):
                future.result(timeout=60)
            time.sleep(0.2)
            # The worker itself may have tried to send it, but did not unpickle it either.
            assert not Path(ran).exists()
            for task in (raises, warns, missing_module):
                arguments = () if task is missing_module else (str(ran),)
                sent = engine._client.submit(task, *arguments, pure=False)
                future = Future()
                sent.add_done_callback(lambda ended, future=future: engine._settle(ended, future))
                with pytest.raises((EngineError, WorkerDeathError)) as caught:
                    future.result(timeout=60)
            assert "on a Dask worker: ModuleNotFoundError: No module named" in str(caught.value)
            time.sleep(0.5)
            assert not Path(f"{ran}{os.getpid()}").exists()
        finally:
            engine.close()
