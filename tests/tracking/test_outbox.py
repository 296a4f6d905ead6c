"""Results that wait while a tracking server is away, and how they get there."""

from __future__ import annotations

import pytest

import xorlab
from tests.helpers.away import OUTBOX, goes_away_at, is_back, there
from tests.helpers.proxies import CUT_AFTER, ERROR, PASS, proxied
from xorlab.commands.outbox import main
from xorlab.tracking.store import server as server_module
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.server import ServerAwayError

SECRET = "hunter2XYZ"
SWEEP = (
    "-m",
    "seed=1,2",
    "network.hidden=2,3",
    "training.epochs=20",
    "hydra.launcher.executor=inline",
)


def test_a_server_that_comes_back_gets_what_waited_and_all_that_follows(
    proxy, server, command, monkeypatch
):
    monkeypatch.setattr(server_module, "_FIRST", 0.0)  # is asked at every opportunity
    away = range(25, 31)
    proxy.rule = lambda number, method, path: ERROR if number in away else PASS
    result = command(*SWEEP, "network.hidden=2,3,4,5", *there(proxy, "back"))
    assert (result.code, result.err) == (0, "")
    assert result.out.count("does not answer (it answers 500). Training goes on") == 1
    assert result.out.count(f"delivered from {OUTBOX.absolute()}") == 1
    back = next(n for n, (_, path) in enumerate(proxy.seen) if n > 31 and path.endswith("create"))
    assert len([path for _, path in proxy.seen[back:] if path.endswith("create")]) > 2
    runs = xorlab.load_runs(server, "back")
    assert (len(runs), runs["key"].nunique(), set(runs["status"])) == (8, 8, {"FINISHED"})
    recorded = xorlab.load_runs(server, sweep=runs["sweep"].iloc[0])
    assert set(recorded["run_id"]) == set(runs["run_id"])  # the sweep's own table knows their ids
    assert not list(OUTBOX.glob("*.run"))


@pytest.mark.slow
def test_the_next_start_delivers_and_trains_nothing_again(proxy, server, command):
    goes_away_at(proxy, "runs/create", 3)
    result = command(*SWEEP, *there(proxy, "next"))
    assert result.code == 1
    assert result.err.startswith(f"xorlab: the tracking server {proxy.address} does not answer")
    assert f"3 results are safe in {OUTBOX.absolute()}, not delivered" in result.err
    assert "4 runs in" in result.out
    is_back(proxy)
    again = command(*SWEEP, *there(proxy, "next"))
    assert again.code == 0
    assert "3 results delivered from" in again.out
    assert "4 skipped" in again.out
    assert len(xorlab.load_runs(server, "next")) == 4


@pytest.mark.slow
def test_the_outbox_command_also_ends_the_sweep(proxy, server, command, capfd):
    goes_away_at(proxy, "runs/create", 4)
    result = command(
        "-m",
        "network.hidden=2,3",
        "training.epochs=20",
        "hydra/sweeper=precision",
        "hydra.sweeper.max_seeds=3",
        "hydra.sweeper.first_round=2",
        "hydra.launcher.executor=inline",
        "tracking.report=true",
        *there(proxy, "ended"),
    )
    assert "6 runs in" in result.out  # both rounds, although the second began without a server
    assert "4 results are safe in" in result.err
    assert main([]) == 1
    assert "does not answer (it answers 500)" in capfd.readouterr().err
    is_back(proxy)
    assert main(["--folder", str(OUTBOX)]) == 0
    assert "results delivered to" in capfd.readouterr().out
    store = open_store(server, "ended")
    runs = xorlab.load_runs(server, "ended")
    parent = store.client.get_run(runs["sweep"].iloc[0])
    assert parent.info.status == "FINISHED"
    assert "stopped because it has max_seeds=3" in parent.data.tags["mlflow.note.content"]
    assert parent.data.metrics["runs"] == len(runs) == 6
    names = {artifact.path for artifact in store.client.list_artifacts(parent.info.run_id)}
    assert {"report.html", "runs.parquet", "curves.parquet"} <= names
    assert main([]) == 0
    assert "nothing waits in" in capfd.readouterr().out


@pytest.mark.slow
def test_a_server_that_is_away_holds_up_no_other(proxy, server, command, capfd):
    with proxied(server) as other:
        for one, experiment in ((proxy, "one"), (proxy, "two"), (other, "one"), (other, "two")):
            goes_away_at(one, "runs/create")
            assert command("training.epochs=20", *there(one, experiment)).code == 1
        first, second = sorted((proxy, other), key=lambda one: one.address)
        is_back(second)
        capfd.readouterr()
        assert main([]) == 1
        found = capfd.readouterr()
        for experiment in ("one", "two"):
            assert f"1 result delivered to {second.address}, experiment '{experiment}'" in found.out
        assert found.err.count("\n") == 1
        assert f"the tracking server {first.address} does not answer (it answers 500)" in found.err
        assert f"stays in {OUTBOX.absolute()}; repeat the command when it answers" in found.err
        is_back(first)
        assert main([]) == 0
        assert not list(OUTBOX.glob("*.run"))


@pytest.mark.slow
def test_an_experiment_that_was_deleted_holds_up_no_other(proxy, server, command, capfd):
    for experiment in ("deleted", "kept"):
        is_back(proxy)
        store = open_store(proxy.address, experiment)
        goes_away_at(proxy, "runs/create", 1)
        assert command("training.epochs=20", *there(proxy, experiment)).code == 1
    is_back(proxy)
    client = open_store(server, "deleted").client
    client.delete_experiment(client.get_experiment_by_name("deleted").experiment_id)
    capfd.readouterr()
    assert main([]) == 1
    found = capfd.readouterr()
    assert f"1 result delivered to {store.uri}, experiment 'kept'" in found.out
    assert "experiment 'deleted' was deleted; restore it with" in found.err
    assert len(list(OUTBOX.glob("*.run"))) == 1


def test_a_single_run_waits_too(proxy, server, command, capfd):
    goes_away_at(proxy, "runs/create", fault=CUT_AFTER)
    result = command("training.epochs=20", *there(proxy, "alone"))
    assert result.code == 1
    assert "Predictions after training:" in result.out
    assert "1 result is safe in" in result.err
    is_back(proxy)
    assert main([]) == 0
    (run,) = open_store(server, "alone").client.search_runs(
        [open_store(server, "alone").experiment_id]
    )
    assert run.info.status == "FINISHED"


@pytest.mark.slow
def test_jobs_of_another_launcher_wait_too(proxy, server, command):
    goes_away_at(proxy, "runs/update", 2)
    result = command(
        "-m", "seed=1,2", "training.epochs=20", "hydra/launcher=basic", *there(proxy, "basic")
    )
    assert result.code == 1
    assert "1 result is safe in" in result.err
    is_back(proxy)
    assert main([]) == 0
    runs = xorlab.load_runs(server, "basic")
    assert (len(runs), set(runs["status"])) == (2, {"FINISHED"})


@pytest.mark.slow
def test_a_refusal_is_no_outage(proxy, server, command, capfd):
    proxy.rule = lambda number, method, path: "403" if path.endswith("log-batch") else PASS
    result = command(*SWEEP, *there(proxy, "refused"))
    assert result.code == 1
    assert "does not answer" not in result.out + result.err
    assert "does not let this user in (it answers 403: the proxy says so). Check" in result.err
    assert f"the results are kept in {OUTBOX.absolute()}" in result.err
    waiting = len(list(OUTBOX.glob("*.run")))
    assert main([]) == 1  # it refuses still
    assert capfd.readouterr().err.count("does not let this user in") == waiting
    is_back(proxy)
    assert main([]) == 0
    assert len(xorlab.load_runs(server, "refused")) == waiting
    assert command(*SWEEP, *there(proxy, "refused")).code == 0
    assert len(xorlab.load_runs(server, "refused")) == 4


@pytest.mark.slow
def test_a_damaged_file_is_named_and_left_alone(proxy, server, command, capfd):
    goes_away_at(proxy, "runs/create", 2)
    command(*SWEEP, *there(proxy, "damaged"))
    first, *_ = sorted(OUTBOX.glob("*.run"))
    damaged = first.read_bytes()[:-100]
    first.write_bytes(damaged)
    is_back(proxy)
    capfd.readouterr()
    assert main([]) == 1
    assert f"{first.absolute()} is left alone: it is damaged" in capfd.readouterr().err
    assert first.read_bytes() == damaged
    assert len(xorlab.load_runs(server, "damaged")) == 3
    result = command(*SWEEP, *there(proxy, "damaged"))
    assert (result.code, f"{first.absolute()} is left alone" in result.out) == (0, True)
    assert len(xorlab.load_runs(server, "damaged")) == 4


@pytest.mark.slow
def test_one_run_that_the_server_cannot_take_holds_up_no_other(proxy, server, command, capfd):
    goes_away_at(proxy, "runs/create", 2)
    command(*SWEEP, *there(proxy, "poison"))
    poisoned: list[str] = []

    def rule(number: int, method: str, path: str) -> str:
        if method == "PUT" and not poisoned:
            poisoned.append(path.split("/")[-3])
        return ERROR if method == "PUT" and poisoned[0] in path else PASS

    proxy.rule = rule
    capfd.readouterr()
    assert main([]) == 1
    assert "does not answer (it answers 500)" in capfd.readouterr().err
    assert len(list(OUTBOX.glob("*.run"))) == 1
    is_back(proxy)
    assert main([]) == 0
    assert xorlab.load_runs(server, "poison")["key"].nunique() == 4


@pytest.mark.slow
def test_no_password_waits_in_a_file(proxy, server, command, capfd, monkeypatch):
    address = proxy.address.replace("://", f"://me:{SECRET}@")
    goes_away_at(proxy, "runs/create", 2)
    result = command(*SWEEP, f"tracking.uri={address}", "tracking.experiment=secret")
    assert result.code == 1
    assert SECRET not in result.out + result.err
    for path in OUTBOX.iterdir():
        assert SECRET.encode() not in path.read_bytes()
    is_back(proxy)
    assert main([]) == 2
    assert "give the whole address with --uri" in capfd.readouterr().err
    assert main(["--uri", f"http://me:{SECRET}@elsewhere"]) == 2
    assert main(["--uri", address]) == 0
    result = capfd.readouterr()
    assert SECRET not in result.out + result.err
    assert len(xorlab.load_runs(server, "secret")) == 4


def test_a_server_that_is_away_keeps_nobody_waiting(proxy, monkeypatch):
    monkeypatch.setattr(server_module, "_FIRST", 3600.0)
    client = open_store(proxy.address, "patient").client
    proxy.rule = lambda number, method, path: ERROR
    with pytest.raises(ServerAwayError, match="it answers 500"):
        client.get_experiment("0")
    asked = len(proxy.seen)
    for _ in range(5):
        with pytest.raises(ServerAwayError):
            client.get_experiment("0")
    assert len(proxy.seen) == asked
    is_back(proxy)
    assert client.answers(now=True)
    assert client.get_experiment("0").name == "Default"


def test_wrong_usage_of_the_command_is_told(capfd):
    assert main(["--folder", "nowhere"]) == 2
    assert "there is no such folder" in capfd.readouterr().err
