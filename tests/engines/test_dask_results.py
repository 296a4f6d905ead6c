"""What a Dask worker returns is read as bytes: nothing in it runs here."""

from __future__ import annotations

import time
from concurrent.futures import Future
from pathlib import Path

import pytest

from tests.engines.test_local import runs_of, work_of
from tests.helpers.clusters import cluster, missing
from xorlab.config.launcher_keys import LauncherConfig
from xorlab.engines.work import WorkerDeathError
from xorlab.errors import EngineError

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("dask")]


def hostile(path: str) -> object:
    """What a worker returns that runs code when it is unpickled."""

    class Runs:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return eval, (f"open({path!r}, 'w')",)

    return Runs()


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
        finally:
            engine.close()
