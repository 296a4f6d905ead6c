"""A table that changes while a sweep trains: recorded is what was trained, and nothing is lost."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pandas as pd
import pytest

import xorlab
from xorlab import train
from xorlab.analysis.statistics.repeats import RepeatedSeedsWarning
from xorlab.engines.work import Work
from xorlab.networks.spec import run_key

TABLE = Path("table.csv")
XOR, AND = ("a,b,y\n0,0,0\n0,1,1\n1,0,1\n1,1,0\n", "a,b,y\n0,0,0\n0,1,0\n1,0,0\n1,1,1\n")
SETTING = ("task=table", "task.path=table.csv", "init=uniform", "training.epochs=50")
SWEEP = ("-m", "seed=range(0,4)", *SETTING, "hydra.launcher.executor=inline")


@pytest.fixture
def when_training_begins(monkeypatch):
    """Does something to the table when the first shard is about to be trained."""

    def arrange(action) -> None:
        work = Work.run

        def run(self):
            monkeypatch.setattr(Work, "run", work)
            action()
            return work(self)

        monkeypatch.setattr(Work, "run", run)

    return arrange


def trained_on(content: str) -> dict[str, list[float]]:
    """Keys and curves of the sweep's runs where the table has this content."""
    before = TABLE.read_text() if TABLE.exists() else None
    TABLE.write_text(content)
    configs = [xorlab.configure(*SETTING, f"seed={seed}") for seed in range(4)]
    curves = {run_key(config): train(config).loss.tolist() for config in configs}
    TABLE.unlink() if before is None else TABLE.write_text(before)
    return curves


def recorded(runs: pd.DataFrame) -> dict[str, list[float]]:
    curves = xorlab.load_curves(runs)
    return {
        key: curves.loc[curves["run_id"] == run, "loss"].tolist()
        for run, key in zip(runs["run_id"], runs["key"], strict=True)
    }


def tables(runs: pd.DataFrame) -> set[str]:
    """Digests of the tables that runs were trained on, as recorded."""
    from xorlab.tracking.store.opening import open_store
    from xorlab.trainers.trainer import TABLE_TAG

    client = open_store(None, "xorlab").client
    return {client.get_run(run).data.tags[TABLE_TAG] for run in runs["run_id"]}


def test_an_edited_table_is_recorded_as_it_was_trained(command, store_file, when_training_begins):
    TABLE.write_text(XOR)
    when_training_begins(lambda: TABLE.write_text(AND))
    ended = command(*SWEEP)
    assert (ended.code, ended.err) == (0, "")
    assert TABLE.read_text() == AND
    runs = xorlab.load_runs()
    assert recorded(runs) == trained_on(XOR)
    assert tables(runs) == {hashlib.sha256(XOR.encode()).hexdigest()}

    again = command(*SWEEP)  # the edited table is other data: nothing of it is finished yet
    assert (again.code, again.err) == (0, "")
    assert "4 runs in" in again.out
    runs = xorlab.load_runs()
    assert len(runs) == 8
    assert recorded(runs) == trained_on(XOR) | trained_on(AND)
    digests = [hashlib.sha256(content.encode()).hexdigest()[:12] for content in (XOR, AND)]
    assert runs["table"].tolist() == [digests[0]] * 4 + [digests[1]] * 4
    assert runs["started"].is_monotonic_increasing
    assert str(runs["started"].dt.tz) == "UTC"
    with pytest.warns(RepeatedSeedsWarning, match=r"differ in table\. Runs"):
        xorlab.convergence(runs, by="task.path")  # two versions of one file


@pytest.mark.slow
@pytest.mark.parametrize("edit", [lambda: TABLE.write_text(AND), TABLE.unlink])
def test_reports_of_runs_whose_table_changed_say_what_cannot_be_known(edit, command, store_file):
    from xorlab.commands.report import main

    TABLE.write_text(XOR)
    assert command(*SWEEP).code == 0
    edit()
    assert main(["latest", "--out", "sweep"]) == 0
    page = Path("sweep/report.html").read_text()
    assert "They are not diagnosed: " in page
    assert "table.csv" in page.partition("They are not diagnosed: ")[2][:200]
    run = xorlab.load_runs()["run_id"][0]
    assert main([run, "--out", "run"]) == 0
    (page_of_run,) = Path("run").glob("run-*.html")
    assert "table.csv" in page_of_run.read_text()


def test_a_table_that_is_deleted_meanwhile_loses_no_result(
    command, store_file, when_training_begins
):
    TABLE.write_text(XOR)
    when_training_begins(TABLE.unlink)
    ended = command(*SWEEP)
    assert (ended.code, ended.err) == (0, "")
    assert not TABLE.exists()
    runs = xorlab.load_runs()
    assert (runs["status"] == "FINISHED").all()
    assert recorded(runs) == trained_on(XOR)

    TABLE.write_text(XOR)
    again = command(*SWEEP)
    assert (again.code, again.err) == (0, "")
    assert len(xorlab.load_runs()) == 4  # all of them were finished


def test_a_table_is_read_once_for_all_runs_of_a_sweep(
    command, store_file, monkeypatch, when_training_begins
):
    from xorlab.networks.tasks import table_file

    TABLE.write_text(XOR)
    read, count, before = table_file.read_file, [], []
    monkeypatch.setattr(table_file, "read_file", lambda *given: (count.append(1), read(*given))[1])
    # Why runs failed is looked at in the end, for which the table would be read again.
    when_training_begins(lambda: (before.append(len(count)), TABLE.unlink()))
    assert command(*SWEEP, "optimizer.lr=1,2").code == 0
    assert len(xorlab.load_runs()) == 8
    assert before == [1]
