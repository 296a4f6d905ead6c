"""An engine is one file: it is chosen by the file's name."""

from __future__ import annotations

from pathlib import Path

import pytest

import xorlab

ENGINE = '''
"""Trains in one thread, as a worker of a cluster would."""

from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from xorlab.engines.engine import Engine
from xorlab.engines.worker import pack_request, run_packed

KEYS = ("start_timeout",)
REQUIRED = {"workers": "1"}


def make(options):
    return Thread(options)


class Thread(Engine):
    def __init__(self, options):
        super().__init__(options, "a thread")
        self.workers, self.slots = options.workers, 2
        self._pool = ThreadPoolExecutor(1)
        self._count = 0

    def submit(self, work):
        self._count += 1
        future = Future()
        sent = self._pool.submit(run_packed, pack_request(work))
        sent.add_done_callback(lambda ended: self.resolve(future, ended.result()))
        return future

    def has_workers(self):
        return True

    def close(self):
        self._stop_watching()
        self._pool.shutdown()
        Path("submitted").write_text(str(self._count))
'''


@pytest.mark.slow
def test_an_engine_trains_a_sweep(extended):
    extended(
        "engines/clusters/thread.py",
        ENGINE,
        *("-m", "seed=range(0,4)", "optimizer.lr=2,4", "training.epochs=300"),
        *("hydra.launcher.engine=thread", "hydra.launcher.workers=1"),
    )
    runs = xorlab.load_runs()
    assert (runs["status"] == "FINISHED").all()
    configs = [
        xorlab.configure(f"seed={run.seed}", f"optimizer.lr={lr}", "training.epochs=300")
        for run, lr in zip(runs.itertuples(), runs["optimizer.lr"], strict=True)
    ]
    assert runs["final_loss"].tolist() == [
        result.final_loss for result in xorlab.train_many(configs)
    ]
    assert len(runs) == 8
    assert int(Path("submitted").read_text()) > 0
