"""Executors: the same results wherever a shard runs, and a killed worker costs one more try."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
import time
from concurrent.futures import Future
from dataclasses import replace
from multiprocessing import forkserver

import pytest

from tests.faults.process_faults import gone, memory_group, no_groups
from tests.networks.test_train import bits
from tests.trainers import coin
from xorlab import configure
from xorlab.config.launcher_keys import EXECUTORS
from xorlab.engines.dispatch import completed
from xorlab.engines.local import Processes, make_executor, worker_count
from xorlab.engines.work import ShardGroup, Work, WorkerDeathError
from xorlab.errors import EngineError
from xorlab.networks.result import NetworkResult
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.trainer import TRAINER
from xorlab.trainers.result import Result
from xorlab.trainers.shard_result import Failure, ShardResult


def work_of(count: int, epochs: int) -> ShardGroup:
    configs = [configure(f"seed={n}", f"training.epochs={epochs}") for n in range(count)]
    return ShardGroup((Work(configs, make_task(configs[0].task), TRAINER),))


def runs_of(results: list[ShardResult]) -> list:
    (result,) = results
    return result.runs(NetworkResult)


@pytest.fixture
def processes():
    executor = Processes(2)
    yield executor
    executor.close()


def kill_workers(executor: Processes, times: int) -> threading.Thread:
    """SIGKILL, as the system's out-of-memory killer sends it, for so many workers in turn."""

    def kill() -> None:
        killed: set[int] = set()
        while len(killed) < times:
            for process in [one.process for one in list(executor._alive)]:
                if process.pid is not None and process.pid not in killed:
                    time.sleep(0.3)
                    os.kill(process.pid, signal.SIGKILL)
                    killed.add(process.pid)
            time.sleep(0.01)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.parametrize("name", EXECUTORS)
def test_every_executor_gives_the_same_bits_in_the_same_order(name):
    executor = make_executor(name, 2)
    try:
        futures = [executor.submit(work_of(count, 60)) for count in (3, 1, 5)]
        outcomes = [[bits(r) for r in runs_of(future.result())] for future in futures]
    finally:
        executor.close()
    here = [[bits(r) for r in runs_of(work_of(n, 60).run())] for n in (3, 1, 5)]
    assert outcomes == here


def test_a_killed_worker_costs_its_shard_one_more_try(processes):
    killing = kill_workers(processes, 1)
    future = processes.submit(work_of(40, 30_000))
    outcomes = runs_of(future.result(timeout=60))
    killing.join()
    assert [bits(result) for result in outcomes] == [
        bits(result) for result in runs_of(work_of(40, 30_000).run())
    ]


def test_work_whose_workers_are_all_killed_fails_alone(processes):
    killing = kill_workers(processes, 2)
    doomed = processes.submit(work_of(2, 1_000_000))
    with pytest.raises(WorkerDeathError, match=r"ended 2 times .exit code -9: it was killed"):
        doomed.result(timeout=60)
    killing.join()
    assert len(runs_of(processes.submit(work_of(3, 20)).result(timeout=60))) == 3


@pytest.mark.skipif(no_groups() is not None, reason=str(no_groups()))
def test_a_worker_that_the_system_ends_for_want_of_memory_says_so(processes):
    processes.submit(work_of(1, 5)).result(timeout=60)  # starts the server that forks workers
    server = str(forkserver._forkserver._forkserver_pid)
    config = configure("training.epochs=50000", "training.record_every=1")
    hungry = Work([replace(config, seed=n) for n in range(500)], make_task(config.task), TRAINER)
    with memory_group() as group:
        (group / "memory.limit_in_bytes").write_text(str(64 << 20))
        for process in (server, *(str(one.process.pid) for one in processes._alive)):
            (group / "cgroup.procs").write_text(process)
        try:
            with pytest.raises(WorkerDeathError) as death:
                processes.submit(ShardGroup((hungry,))).result(timeout=60)
        finally:
            (group.parent / "cgroup.procs").write_text(server)
    assert "the system ended it because memory ran out" in str(death.value)
    assert "use fewer hydra.launcher.workers" in str(death.value)


def test_runs_that_end_their_worker_cost_only_themselves(processes):
    def work(seeds: range, breaks: str | None) -> Work:
        configs = [coin.train.whole(coin.Coin(seed, breaks=breaks)) for seed in seeds]
        return Work(configs, None, coin.train)

    groups = {
        "some": ShardGroup(
            (work(range(5), None), work(range(9), "quit"), work(range(2, 4), "quit"))
        ),
        "one": ShardGroup((work(range(3, 4), "quit"),)),
        "none": ShardGroup((work(range(4), None),)),
    }
    found = dict(completed(iter(groups.items()), processes, lambda: None))
    assert {name: [len(one) for one in results] for name, results in found.items()} == {
        "some": [5, 9, 2],
        "one": [1],
        "none": [4],
    }
    assert [list(one.failures) for one in found["some"]] == [[], [3], [1]]
    for results in found.values():
        for result in results:
            for text in result.failures.values():
                assert text == "the worker process was ended 2 times (exit code 7)"
    first, alone = found["some"][1], work(range(9), None).run()
    assert first.ended >= first.started > 0
    for number in (0, 2, 4, 8):
        assert first.run(number, Result).numbers() == alone.run(number, Result).numbers()


def test_halves_end_where_too_many_workers_have_died():
    class Deadly:
        """Ends every worker."""

        workers = slots = 2
        deaths = 0

        def submit(self, work):
            self.deaths += 1
            future = Future()
            future.set_exception(WorkerDeathError("gone"))
            return future

        def check(self):
            """Nothing to find."""

    configs = [coin.train.whole(coin.Coin(seed)) for seed in range(500)]
    executor = Deadly()
    work = ShardGroup((Work(configs, None, coin.train),))
    ((_, (result,)),) = completed(iter([("all", work)]), executor, lambda: None)
    assert len(result) == len(result.failures) == 500
    assert executor.deaths < 150


def test_closing_does_not_wait_for_what_runs(processes):
    future = processes.submit(work_of(2, 50_000_000))
    time.sleep(1)
    began = time.monotonic()
    processes.close()
    assert time.monotonic() - began < 10
    assert future.done()


def test_a_fault_in_one_job_does_not_touch_the_others(monkeypatch):
    import xorlab.networks.trainer as module

    true = module.train_chunk

    def breaks(configs, task):
        if any(config.seed == 1 for config in configs):
            raise FloatingPointError("odd one")
        return true(configs, task)

    monkeypatch.setattr(module, "train_chunk", breaks)
    outcomes = runs_of(work_of(3, 10).run())
    assert [isinstance(outcome, Failure) for outcome in outcomes] == [False, True, False]
    assert outcomes[1].reason == "FloatingPointError: odd one"


def test_workers_default_to_the_cores_this_process_may_use():
    assert worker_count(None) == len(os.sched_getaffinity(0))
    assert worker_count(3) == 3


def fork_server() -> int:
    return int(forkserver._forkserver._forkserver_pid)


@pytest.fixture
def own_fork_server():
    """A fork server that no other test has used, and that none will use."""
    forkserver._forkserver._stop()
    yield
    with contextlib.suppress(ProcessLookupError):
        os.kill(fork_server(), signal.SIGKILL)


def gone_within(seconds: float, pids: list[int]) -> bool:
    """Whether processes end in time; after a kill of their server they take a moment."""
    limit = time.monotonic() + seconds
    while not gone(pids) and time.monotonic() < limit:
        time.sleep(0.05)
    return gone(pids)


def ended_within(executor: Processes, seconds: float) -> bool:
    began = time.monotonic()
    executor.close()
    return time.monotonic() - began < seconds


def test_a_stopped_fork_server_holds_up_no_exit_and_leaves_no_process(own_fork_server):
    executor = Processes(3)
    executor.submit(work_of(1, 5)).result(timeout=60)
    workers = [one.process.pid for one in executor._alive]
    os.kill(fork_server(), signal.SIGSTOP)
    futures = [executor.submit(work_of(2, 1_000_000)) for _ in range(3)]
    time.sleep(0.2)
    assert ended_within(executor, 3.5)
    assert all(future.done() for future in futures)
    assert gone_within(5, [*workers, fork_server()])


def test_a_fork_server_that_is_killed_is_started_again(own_fork_server):
    executor = Processes(2)
    try:
        executor.submit(work_of(1, 5)).result(timeout=60)
        os.kill(fork_server(), signal.SIGKILL)
        futures = [executor.submit(work_of(2, 20)) for _ in range(4)]
        assert [len(runs_of(future.result(timeout=60))) for future in futures] == [2] * 4
        doomed = executor.submit(work_of(2, 1_000_000))
        time.sleep(0.2)
        workers = [one.process.pid for one in executor._alive]
    finally:
        assert ended_within(executor, 5)
    assert doomed.done()
    assert gone_within(5, workers)


def test_a_fork_server_that_dies_whenever_it_starts_is_named(own_fork_server, monkeypatch):
    start = forkserver.ensure_running

    def dies() -> None:
        start()
        os.kill(fork_server(), signal.SIGKILL)

    monkeypatch.setattr(forkserver._forkserver, "ensure_running", dies)
    executor = Processes(1)
    try:
        with pytest.raises(EngineError, match="forked from was ended 3 times"):
            executor.submit(work_of(1, 5)).result(timeout=60)
    finally:
        executor.close()


def test_a_folder_for_temporary_files_with_a_long_name_is_no_hindrance(tmp_path, monkeypatch):
    folder = tmp_path / ("x" * 120)
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    executor = Processes(1)
    try:
        assert len(runs_of(executor.submit(work_of(3, 20)).result(timeout=60))) == 3
    finally:
        executor.close()


def test_ctrl_c_while_the_fork_server_starts_prints_nothing(own_fork_server, capfd):
    executor = Processes(1)
    future = executor.submit(work_of(1, 5))
    deadline = time.monotonic() + 30
    while forkserver._forkserver._forkserver_pid is None and time.monotonic() < deadline:
        time.sleep(0.001)
    for _ in range(20):
        os.kill(fork_server(), signal.SIGINT)
        time.sleep(0.02)
    try:
        assert len(runs_of(future.result(timeout=60))) == 1
    finally:
        executor.close()
    assert "Traceback" not in capfd.readouterr().err
