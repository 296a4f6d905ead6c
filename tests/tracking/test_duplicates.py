"""The same run recorded twice at the same instant: one stays, whichever process
looks, and however often.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

import xorlab
from tests.tracking.test_recording import record_of
from xorlab.system.git import provenance
from xorlab.tracking.names import OWNER_TAG, PARENT_TAG, RECORD_TAG, SWEEP_TAG
from xorlab.tracking.outbox.delivery import deliver
from xorlab.tracking.outbox.folder import Outbox, address_key
from xorlab.tracking.outbox.pending import PendingRun, PendingSweep
from xorlab.tracking.read.search import finished_runs
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.bulk_recorder import BulkRecorder
from xorlab.tracking.write.client_recorder import (
    ClientRecorder,
    finished_keys,
    names_of,
    record_run,
)
from xorlab.tracking.write.duplicates import without_duplicates
from xorlab.tracking.write.record import Record
from xorlab.tracking.write.sweep_run import SweepIdentity, close_abandoned, open_parent

RECORD = record_of("seed=1", "training.epochs=5")


@pytest.fixture(params=["sqlite", "server", "postgres"])
def store(request, tmp_path) -> Store:
    """An experiment of its own in each kind of store."""
    if request.param == "sqlite":
        request.getfixturevalue("store_file")
        return open_store(None, "xorlab")
    if request.param == "server":
        return open_store(request.getfixturevalue("server"), request.node.name)
    uri = request.getfixturevalue("uri")
    return open_store(uri, "xorlab", artifacts=str(tmp_path / "shared"))


def there(store: Store) -> list[str]:
    """Ids of the runs that are to be seen."""
    runs = xorlab.load_runs(store.uri, store.experiment)
    return runs.loc[runs["key"] == RECORD.tags["xorlab.key"], "run_id"].tolist()


def of_sweep(sweep: str, record: Record = RECORD) -> Record:
    return replace(record, tags=record.tags | {SWEEP_TAG: sweep, PARENT_TAG: sweep})


def test_the_one_that_was_made_first_stays_whoever_looks(store):
    first, *others = [record_run(store, RECORD, skip_existing=True) for _ in range(3)]
    other = record_run(store, record_of("seed=2", "training.epochs=5"), skip_existing=True)
    assert without_duplicates(store, names_of([RECORD])) == set(others)
    assert there(store) == [first]
    assert without_duplicates(store, names_of([RECORD])) == set()
    assert other in xorlab.load_runs(store.uri, store.experiment)["run_id"].tolist()


def test_a_sweep_gives_way_to_another_and_to_a_run_by_itself_and_its_own_are_not_read(store):
    others = [record_of(f"seed={n}", "training.epochs=5") for n in (2, 3)]
    tags = {key: tag for key, tag in others[0].tags.items() if key not in (SWEEP_TAG, PARENT_TAG)}
    alone = replace(others[0], tags=tags | {OWNER_TAG: "elsewhere:1:1"})
    theirs = [record_run(store, one, skip_existing=True) for one in (alone, of_sweep("theirs"))]
    records = [of_sweep("ours", record) for record in (RECORD, *others)]
    ours = [record_run(store, record, skip_existing=True) for record in records]
    found = finished_runs(store, names_of(records), but="ours")
    assert {run.info.run_id for run in found} == set(theirs)
    assert finished_keys(store, records) == {record.tags["xorlab.key"] for record in records[:2]}
    assert without_duplicates(store, names_of(records), "ours") == set(ours[:2])


def test_what_is_recorded_again_on_purpose_stays(store):
    record_run(store, RECORD, skip_existing=True)
    again = [record_run(store, RECORD, skip_existing=False) for _ in range(2)]
    without_duplicates(store, names_of([RECORD]))
    assert sorted(there(store)) == sorted(again)


def test_what_failed_or_is_not_ended_gives_way_to_nothing_and_nothing_to_it(store):
    whole = record_run(store, RECORD, skip_existing=True)
    for status in ("FAILED", "RUNNING"):
        record_run(store, replace(RECORD, status=status), skip_existing=True)
    assert without_duplicates(store, names_of([RECORD])) == set()
    assert whole in there(store)


def test_what_a_killed_sweep_did_not_look_over_the_next_start_does(store):
    parent = open_parent(store, SweepIdentity(["k"], {}, "sweep"), provenance(None), reuse=False)
    store.client.set_tag(parent.run_id, OWNER_TAG, "elsewhere:1:1")
    store.client.set_tag(parent.run_id, "xorlab.heartbeat", "0")
    record_run(store, of_sweep("another"), skip_existing=True)
    record_run(store, of_sweep(parent.run_id), skip_existing=True)
    assert close_abandoned(store) == 1
    assert len(there(store)) == 1


@pytest.mark.slow
def test_two_starts_that_went_on_with_one_sweep_at_once_leave_each_run_once(server, command):
    sweep = (
        "-m",
        "seed=1,2",
        "training.epochs=5",
        f"tracking.uri={server}",
        "tracking.experiment=twins",
        "hydra.launcher.executor=inline",
    )
    assert command(*sweep).code == 0
    runs = xorlab.load_runs(server, "twins").set_index("seed")
    twin = of_sweep(runs.loc[1, "sweep"])
    store = open_store(server, "twins")
    younger = record_run(store, twin, skip_existing=True)
    assert set(there(store)) == {runs.loc[1, "run_id"], younger}
    assert command(*sweep).code == 0
    assert there(store) == [runs.loc[1, "run_id"]]


def test_a_delivery_that_was_broken_off_before_it_looked_looks_again(server, tmp_path):
    store, outbox = open_store(server, "broken off"), Outbox(tmp_path / "outbox")
    record = replace(RECORD, tags=RECORD.tags | {RECORD_TAG: "0" * 32})
    (first,) = ClientRecorder(store).record([RECORD], skip_existing=True)
    record_run(store, record, skip_existing=True)
    outbox.keep(PendingRun("0" * 32, address_key(store.uri), store.experiment, True, record))
    done = deliver(store, outbox)
    assert (done.delivered, done.present, outbox.paths()) == (0, 1, [])
    assert there(store) == [first]


def test_what_a_sweep_could_not_look_over_before_the_server_went_its_delivery_does(
    server, tmp_path
):
    store, outbox = open_store(server, "not looked over"), Outbox(tmp_path / "outbox")
    record_run(store, of_sweep("another"), skip_existing=True)
    record_run(store, of_sweep("ours"), skip_existing=True)
    key = RECORD.tags["xorlab.key"]
    outbox.keep(
        PendingSweep(
            address_key(store.uri), store.experiment, "ours", "FINISHED", [key], 0.0, 0, [], []
        )
    )
    deliver(store, outbox, finish=lambda store, ending: None)
    assert len(there(store)) == 1


def at_once(*tasks: Callable[[], object]) -> list[object]:
    """What each gives back, all begun together."""
    barrier = threading.Barrier(len(tasks))

    def begun(task: Callable[[], object]) -> object:
        barrier.wait()
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(begun, tasks))


@pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)
def test_bulk_transactions_exclude_each_other(store):
    records = [record_of(f"seed={n}", "training.epochs=5") for n in range(20)]
    tasks = [lambda: BulkRecorder(store).record(records, skip_existing=True) for _ in range(4)]
    found = at_once(*tasks)
    assert sorted(sum(one is not None for one in ids) for ids in found) == [0, 0, 0, 20]
    assert len(xorlab.load_runs(store.uri)) == 20


@pytest.mark.parametrize("store", ["sqlite", "postgres"], indirect=True)
def test_a_run_that_ends_while_a_transaction_is_open_gives_way_to_what_it_writes(
    store, monkeypatch
):
    written, ready = threading.Event(), threading.Event()

    def before_commit(_store: Store) -> None:
        written.set()
        # Long enough for the other to end its run and to look, if nothing keeps it from that.
        time.sleep(1)

    def before_the_end(_store: Store) -> None:
        ready.set()
        assert written.wait(60)

    def in_bulk() -> list[str | None]:
        assert ready.wait(60)
        return BulkRecorder(store).record([of_sweep("another")], skip_existing=True)

    monkeypatch.setattr("xorlab.tracking.write.bulk_recorder.check_there", before_commit)
    monkeypatch.setattr("xorlab.tracking.write.client_recorder.check_there", before_the_end)
    (bulk,), (client,) = at_once(
        in_bulk, lambda: ClientRecorder(store).record([RECORD], skip_existing=True)
    )
    assert client is None
    assert there(store) == [bulk]
