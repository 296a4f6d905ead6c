"""A user's trainer on clusters, and its results while a server is away."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

import xorlab
from tests.faults.server_faults import HURRY
from tests.helpers.clusters import cluster, missing
from tests.helpers.proxies import ERROR, PASS, proxied
from tests.trainers import coin
from xorlab.commands.outbox import main as outbox
from xorlab.errors import EngineError
from xorlab.trainers.find import find
from xorlab.trainers.reference import load

ENGINES = [
    pytest.param(name, marks=pytest.mark.xdist_group(name)) for name in ("slurm", "ray", "dask")
]
PLANE = (
    *("--trainer", "./coin.py:train", "landscape.x=chance", "landscape.x_low=0.1"),
    *("landscape.x_high=0.5", "landscape.width=4", "landscape.y=seed", "landscape.y_low=0"),
    *("landscape.y_high=4", "landscape.height=5"),
)
TRAINER = ("--trainer", "./coin.py:train", "-m", "chance=0.1,0.4")


@pytest.fixture(autouse=True)
def _loaded_anew(monkeypatch):
    """Each test loads its own copy of the file."""
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) and Path(module.__file__).name == "coin.py":
            monkeypatch.delitem(sys.modules, name)


def written(text: str) -> None:
    """The trainer's file, as a new process loads it."""
    Path("coin.py").write_text(text)
    for name, module in list(sys.modules.items()):
        if getattr(module, "__file__", None) == str(Path("coin.py").resolve()):
            del sys.modules[name]


def same_as_here(runs) -> None:
    curves = dict(iter(xorlab.load_curves(runs, "loss").groupby("run_id")))
    for row in runs.to_dict("records"):
        alone = coin.train(coin.Coin(row["seed"], row["chance"]))
        steps, values = alone.curves["loss"]
        assert row["outcome"] == alone.outcome
        assert curves[row["run_id"]]["step"].tolist() == steps.tolist()
        assert curves[row["run_id"]]["loss"].tolist() == values.tolist()


def test_a_process_that_has_an_earlier_version_of_a_file_loads_the_new_one():
    source = Path(coin.__file__).read_text()
    written(source)
    before = find("./coin.py:train")
    header = before.reference.header()
    assert load(header) is before
    Path("coin.py").write_text(source.replace("version=2", "version=3"))
    with pytest.raises(EngineError, match="this file was edited after the sweep began"):
        load(header)
    written(Path("coin.py").read_text())
    after = find("./coin.py:train")
    sys.modules["coin"] = sys.modules.pop(after.function.__module__)
    assert load(after.reference.header()).version == 3
    Path("coin.py").write_text(source)
    assert load(header).version == 2


@pytest.mark.slow
@pytest.mark.parametrize("engine", ENGINES)
def test_workers_of_a_cluster_load_it_and_refuse_another_version(
    engine, command, store_file, tmp_path_factory, monkeypatch
):
    if reason := missing(engine):
        pytest.skip(reason)
    monkeypatch.setenv("RAY_AUTH_MODE", "disabled")
    source = Path(coin.__file__).read_text()
    written(source)
    with cluster(engine, tmp_path_factory.mktemp(engine) / "cluster") as where:
        for name, value in where.environment.items():
            monkeypatch.setenv(name, value)
        ended = command(*TRAINER, "seed=range(0,10)", *where.options)
        assert (ended.code, ended.err) == (0, ""), ended.out
        runs = xorlab.load_runs()
        assert len(runs) == runs["key"].nunique() == 20
        same_as_here(runs)
        ended = command(*PLANE, *where.options)
        assert (ended.code, ended.err) == (0, ""), ended.out
        one = xorlab.load_landscape(trainer=find("./coin.py:train"))
        here = xorlab.landscape(one.config, one.trainer)
        assert one.numbers("hit").tolist() == here.numbers("hit").tolist()
        assert one.epochs_to_solve.tolist() == here.epochs_to_solve.tolist()
        edited = source.replace("loss=1 / step", "loss=2 / step").replace("version=2", "version=3")
        Path("coin.py").write_text(edited)
        ended = command(*TRAINER, "seed=range(10,15)", *where.options)
        assert ended.code == 1
        assert "coin.py: this file was edited after the sweep began" in ended.err
        assert "10 of 10 runs are missing" in ended.err
        assert len(xorlab.load_runs()) == 20
        written(edited)  # and the next command has the new file, and so have the same workers
        ended = command(*TRAINER, "seed=range(10,15)", *where.options)
        assert (ended.code, ended.err) == (0, ""), ended.out
    later = xorlab.load_runs().query("seed >= 10")
    first = xorlab.load_curves(later).groupby("run_id")["loss"].first()
    assert first.tolist() == [2.0] * 10


@pytest.mark.slow
def test_results_wait_for_a_server_that_is_away(server, command, monkeypatch, capfd):
    shutil.copy(coin.__file__, "coin.py")
    for name, value in HURRY.items():
        monkeypatch.setenv(name, value)
    options = ("tracking.experiment=coins", "hydra.launcher.executor=inline", "seed=range(0,4)")
    with proxied(server) as proxy:
        calls = 0

        def rule(number: int, method: str, path: str) -> str:
            nonlocal calls
            calls += path.endswith("runs/create")
            return PASS if calls < 4 else ERROR

        proxy.rule = rule
        ended = command(*TRAINER, *options, f"tracking.uri={proxy.address}")
        assert ended.code == 1
        assert "xorlab-outbox" in ended.out + ended.err
        proxy.rule = lambda number, method, path: PASS
        capfd.readouterr()
        assert outbox([]) == 0
        assert "delivered to" in capfd.readouterr().out
    runs = xorlab.load_runs(server, "coins")
    assert len(runs) == runs["key"].nunique() == 8
    assert set(runs["status"]) == {"FINISHED"}
    same_as_here(runs)
