"""The folder of the outbox: it has results before they are sent, and goes when it is empty."""

from __future__ import annotations

import os
import signal
import socket
import stat
import threading
from pathlib import Path

import pytest

import xorlab
from tests.helpers.away import OUTBOX
from tests.helpers.proxies import CUT, ERROR, PASS
from xorlab.commands.outbox import main
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.outbox.known_servers import known_servers
from xorlab.tracking.outbox.pending import PendingFile, PendingRun, PendingSweep
from xorlab.tracking.write.record import Record

RUNS = [
    PendingRun(id_, "http://host", "e", True, Record("r", "FINISHED", n, 2, {}, {"k": "v"}))
    for n, id_ in enumerate(("a" * 32, "b" * 32))
]
PIECE = PendingFile("http://host", "e", "c" * 32, "pieces", "0001.npz", b"a piece")
ENDING = PendingSweep("http://host", "e", "d" * 32, "FINISHED", ["k"], 1.5, 2, [], [])
SWEEP = ("-m", "seed=range(0,4)", "training.epochs=20", "hydra.launcher.executor=inline")


@pytest.fixture
def outbox(tmp_path) -> Outbox:
    return Outbox(tmp_path / "outbox")


def test_files_are_there_while_they_are_sent_and_for_their_sender_alone(outbox):
    with outbox.sending(RUNS) as paths:
        assert [outbox.read(path).id for path in paths] == [run.id for run in RUNS]
        assert [outbox.id_of(path) for path in paths] == [run.id for run in RUNS]
        assert Outbox(outbox.folder).paths() == []
        outbox.remove(paths[0])
    assert outbox.paths() == paths[1:]


def test_what_is_left_when_the_sender_is_killed_can_be_delivered(outbox):
    child = os.fork()
    if not child:
        with outbox.sending(RUNS):
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    assert len(list(outbox.folder.glob(".*.sending.lock"))) == 1
    assert len(outbox.paths(PendingRun)) == 2
    assert not list(outbox.folder.glob(".*.sending.lock"))


def test_files_are_delivered_in_an_order_that_serves_ends_last(outbox):
    for pending in (ENDING, *reversed(RUNS), PIECE):
        outbox.keep(pending)
    kinds = [type(outbox.read(path)) for path in outbox.paths()]
    assert kinds == [PendingFile, PendingRun, PendingRun, PendingSweep]
    assert [outbox.read(path) for path in outbox.paths(PendingSweep)] == [ENDING]
    assert outbox.paths(PendingRun) == sorted(outbox.paths(PendingRun))


def test_a_later_end_of_a_sweep_takes_the_place_of_an_earlier(outbox):
    outbox.folder.mkdir()
    (outbox.folder / f"{ENDING.run_id}.json").write_text("of format 1")
    outbox.keep(ENDING)
    outbox.keep(PendingSweep("http://host", "e", "d" * 32, "FAILED", ["k"], 1.5, 2, [], []))
    (path,) = outbox.paths()
    assert outbox.read(path).status == "FAILED"


def test_only_the_owner_reads_it(outbox):
    outbox.keep(RUNS[0])
    assert stat.S_IMODE(outbox.folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in outbox.folder.iterdir()} == {0o600}


def test_a_planted_file_writes_nowhere_and_reaches_no_server(tmp_path, capfd):
    OUTBOX.mkdir()
    planted = PendingRun("a" * 32, "sqlite:///theirs.db", "e", True, RUNS[0].record)
    (OUTBOX / f"{planted.name}.0123.run").write_bytes(planted.content())
    assert main([]) == 1
    assert "is left alone: it names no tracking server, but sqlite:" in capfd.readouterr().err
    with socket.create_server(("127.0.0.1", 0)) as theirs:
        theirs.settimeout(0.2)
        address = f"http://127.0.0.1:{theirs.getsockname()[1]}"
        planted = PendingRun("b" * 32, address, "e", True, RUNS[0].record)
        (OUTBOX / f"{planted.name}.4567.run").write_bytes(planted.content())
        assert main([]) == 2
        with pytest.raises(TimeoutError):
            theirs.accept()
    assert f"{address}, which no sweep of this user has kept results for" in capfd.readouterr().err
    assert not (tmp_path / "theirs.db").exists()


def test_a_server_is_known_once_a_sweep_has_kept_results_for_it(outbox):
    assert "http://elsewhere" not in known_servers()
    outbox.keep(PendingFile("http://elsewhere", "e", "c" * 32, "pieces", "1.npz", b""))
    assert "http://elsewhere" in known_servers()


def test_a_folder_that_xorlab_made_goes_when_it_is_empty(outbox):
    for made_by_the_user in (False, True):
        if made_by_the_user:
            outbox.folder.mkdir()
        outbox.keep(RUNS[0])
        outbox.tidy()
        (path,) = outbox.paths()
        outbox.remove(path)
        outbox.tidy()
        assert outbox.folder.exists() == made_by_the_user


def test_a_second_that_delivers_waits_for_the_first_which_removes_the_folder(outbox):
    outbox.keep(RUNS[0])
    found: list[list[Path]] = []

    def deliver() -> None:
        with Outbox(outbox.folder).delivering() as paths:
            found.append(paths)

    second = threading.Thread(target=deliver)
    with outbox.delivering() as (path,):
        second.start()
        second.join(0.2)
        assert second.is_alive()
        outbox.remove(path)
        outbox.tidy()
    second.join()
    assert found == [[]]


def test_what_a_killed_process_was_writing_holds_up_nothing(outbox):
    outbox.keep(RUNS[0])
    (outbox.folder / ".1-2.0123.run.abcd").write_bytes(b"half a run")
    (outbox.folder / ".0123.sending.lock").touch()
    (path,) = outbox.paths()
    outbox.remove(path)
    outbox.tidy()
    assert not outbox.folder.exists()


def test_a_folder_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(xorlab.StoreError, match="name a folder that can be written"):
        Outbox(tmp_path / "file").keep(RUNS[0])


@pytest.mark.slow
def test_without_a_folder_a_server_that_answers_gets_everything(proxy, command):
    Path("file").write_text("")
    there = (f"tracking.uri={proxy.address}", "tracking.outbox=file")
    sweep = command(*SWEEP, *there, "tracking.experiment=no folder")
    assert (sweep.code, sweep.err) == (0, "")
    assert len(xorlab.load_runs(proxy.address, "no folder")) == 4
    created: list[str] = []

    def rule(number: int, method: str, path: str) -> str:
        created.extend([path] if path.endswith("runs/create") else [])
        return PASS if len(created) < 3 else ERROR

    proxy.rule = rule
    away = command(*SWEEP, *there, "tracking.experiment=no folder and no server")
    assert away.code == 1
    assert "does not answer (it answers 500)" in away.err
    assert "results cannot be kept in" in away.err


@pytest.mark.slow
def test_a_sweep_that_goes_well_leaves_no_folder(server, command):
    there = (f"tracking.uri={server}", "tracking.experiment=tidy")
    assert command(*SWEEP, *there).code == 0
    assert command("training.epochs=20", *there).code == 0
    assert not OUTBOX.exists()


@pytest.mark.slow
def test_a_sweep_that_is_killed_while_it_sends_has_lost_nothing(proxy, server, process, capfd):
    created: list[str] = []

    def rule(number: int, method: str, path: str) -> str:
        if path.endswith("runs/create"):
            created.append(path)
        if len(created) < 4:
            return PASS
        child.kill()
        return CUT

    proxy.rule = rule
    there = (f"tracking.uri={proxy.address}", "tracking.experiment=killed")
    child = process(*SWEEP, *there)
    child.communicate()
    proxy.idle()
    proxy.rule = lambda number, method, path: PASS
    assert len(list(OUTBOX.glob("*.run"))) == 2
    assert main([]) == 0
    assert "2 results delivered to" in capfd.readouterr().out
    assert not OUTBOX.exists()
    runs = xorlab.load_runs(server, "killed")
    assert (len(runs), runs["key"].nunique(), set(runs["status"])) == (4, 4, {"FINISHED"})
    again = process(*SWEEP, *there)
    out, err = again.communicate()
    assert (again.returncode, err) == (0, "")
    assert "4 skipped" in out
