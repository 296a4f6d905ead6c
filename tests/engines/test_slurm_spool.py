"""The spool: shards pass through a folder, each to one worker, and to another if that one dies."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import pytest

from tests.engines.test_local import work_of
from tests.engines.test_wire import content
from xorlab.engines.slurm_spool import Spool, serve
from xorlab.engines.wire import from_npz
from xorlab.engines.worker import pack_request


@pytest.fixture
def spool(tmp_path):
    made = Spool(tmp_path / "spool")
    yield made
    made.remove()


@pytest.fixture
def worker(spool):
    started = []

    def start(name: str, silence: float) -> subprocess.Popen:
        program = (
            "import sys; from xorlab.engines.slurm_spool import serve; "
            f"sys.exit(serve({str(spool.folder)!r}, {name!r}, {silence}))"
        )
        started.append(subprocess.Popen([sys.executable, "-c", program]))
        return started[-1]

    yield start
    for child in started:
        child.kill()
        child.wait()


def packed(count: int, epochs: int = 50) -> bytes:
    return pack_request(work_of(count, epochs))


def outcomes(data: bytes) -> list:
    (result,) = from_npz(data)
    return content(result)


def test_workers_share_what_there_is_and_leave_when_told(spool):
    for number in range(5):
        spool.put(number, packed(number + 1))
    spool.stop()
    assert serve(str(spool.folder), "one", 9.0) == 0  # nothing more is begun
    (spool.folder / "stop").unlink()
    serve(str(spool.folder), "two", 0.2)
    done = spool.done()
    assert {n: len(outcomes(data)) for n, data in done.items()} == {n: n + 1 for n in range(5)}
    assert outcomes(done[2]) == content(work_of(3, 50).run()[0])
    assert spool.done() == {}


def test_a_worker_leaves_a_sweep_that_has_fallen_silent_and_stays_with_one_that_has_not(
    spool, worker
):
    stays, leaves = worker("stays", 60.0), worker("leaves", 0.5)
    began = time.monotonic()
    while leaves.poll() is None:
        assert time.monotonic() - began < 30
        time.sleep(0.05)
    assert stays.poll() is None
    spool.stop()
    assert stays.wait(10) == 0


def test_what_a_killed_worker_had_goes_to_another(spool, worker):
    spool.put(1, packed(2, 50_000_000))
    doomed = worker("doomed", 60.0)
    while not spool.claims():
        time.sleep(0.02)
    doomed.send_signal(signal.SIGKILL)
    doomed.wait()
    assert spool.claims() == {1: "doomed"}
    spool.take_back(1, "doomed", requeue=True)
    assert spool.claims() == {}
    assert (spool.folder / "waiting" / "1").exists()
    (spool.folder / "waiting" / "1").replace(spool.folder / "taken" / "1.again")
    spool.take_back(1, "again", requeue=False)
    assert list((spool.folder / "taken").iterdir()) == []


def test_a_job_that_its_queue_begins_anew_takes_up_what_it_had(spool):
    spool.put(7, packed(2))
    (spool.folder / "waiting" / "7").replace(spool.folder / "taken" / "7.same")
    serve(str(spool.folder), "same", 0.2)
    assert list(spool.done()) == [7]


def test_a_folder_that_is_gone_ends_its_workers(spool, worker):
    child = worker("one", 60.0)
    spool.put(1, packed(1))
    while not spool.done():
        time.sleep(0.02)
    spool.remove()
    assert child.wait(10) == 1  # how many shards it has done
