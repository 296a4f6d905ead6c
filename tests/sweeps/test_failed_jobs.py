"""Jobs that break off: recorded with their traceback, and retried when asked."""

from __future__ import annotations

import re
from pathlib import Path

import xorlab
from tests.helpers.commands import parents
from tests.helpers.recorded import INLINE
from tests.tracking.test_recording import record_of
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.write.bulk_recorder import BulkRecorder


def _breaking(monkeypatch, seeds):
    """Make training break off for some seeds, as a fault in a worker would."""
    import xorlab.networks.trainer as work

    true = work.train_chunk

    def breaks(configs, task):
        if any(config.seed in seeds for config in configs):
            raise MemoryError("no room for this one")
        return true(configs, task)

    monkeypatch.setattr(work, "train_chunk", breaks)


def test_a_failed_job_is_recorded_with_its_traceback_and_the_others_go_on(
    command, store_file, monkeypatch
):
    with monkeypatch.context() as patch:
        _breaking(patch, {2})
        ended = command("-m", "seed=range(0,5)", "training.epochs=20", INLINE)
    assert ended.code == 1
    assert "error in seed=2 training.epochs=20: MemoryError: no room for this one" in ended.out
    runs = xorlab.load_runs().set_index("seed")
    assert runs["status"].to_dict() == {n: "FAILED" if n == 2 else "FINISHED" for n in range(5)}
    client = open_store(None, "xorlab").client
    folder = Path(client.download_artifacts(runs.loc[2, "run_id"], ""))
    assert "MemoryError: no room for this one" in (folder / "traceback.txt").read_text()

    ended = command("-m", "seed=range(0,5)", "training.epochs=20", INLINE)
    assert ended.code == 1
    again = "(recorded before; tracking.existing=retry runs it again)"
    assert f"MemoryError: no room for this one {again}" in ended.out
    ended = command(
        "-m", "seed=range(0,5)", "training.epochs=20", INLINE, "tracking.existing=retry"
    )
    assert ended.code == 0
    assert (xorlab.load_runs()["status"] == "FINISHED").sum() == 5


def test_a_sweep_can_stop_at_the_first_failure(command, store_file, monkeypatch):
    sweep = (
        "-m",
        "seed=range(0,4)",
        "network.hidden=2,3,4",
        "training.epochs=20",
        INLINE,
        "tracking.failures=stop",
    )
    with monkeypatch.context() as patch:
        _breaking(patch, {0})
        ended = command(*sweep)
    assert ended.code == 1
    assert re.match(r"xorlab: tracking\.failures=stop: seed=0 ", ended.err)
    assert "MemoryError: no room for this one; what is recorded stays" in ended.err
    assert len(xorlab.load_runs()) < 12
    (parent,) = parents()
    assert parent.info.status == "FAILED"
    # What failed in an earlier start stops no later one.
    command(*sweep)
    assert xorlab.load_runs()["status"].value_counts().to_dict() == {"FINISHED": 11, "FAILED": 1}


def test_a_job_that_breaks_off_here_and_was_finished_elsewhere_has_not_failed(
    command, store_file, monkeypatch
):
    sweep = ("-m", "seed=range(0,4)", "training.epochs=20", INLINE)
    _breaking(monkeypatch, {1})
    record = BulkRecorder.record

    def and_another_has_it(self, records, skip_existing):
        record(self, [record_of("seed=1", "training.epochs=20")], skip_existing=True)
        return record(self, records, skip_existing)

    monkeypatch.setattr(BulkRecorder, "record", and_another_has_it)
    ended = command(*sweep)
    assert (ended.code, "error in" in ended.out) == (0, False), ended.out
    assert {parent.info.status for parent in parents()} == {"FINISHED"}
    assert len(xorlab.load_runs()) == 4
