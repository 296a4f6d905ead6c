"""Trainers of installed packages, by the short names that they offer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import xorlab
from tests.trainers import coin
from xorlab.commands.main import run_named
from xorlab.trainers.find import find, names
from xorlab.trainers.spec import spec_of

ENTRY_POINTS = """\
[xorlab.trainers]
toss = tossing.coins:train
gone = tossing.gone:train
odd = tossing.coins:BREAKS
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """A package as pip leaves it: its files, and a folder with its metadata."""
    site = tmp_path / "site"
    (site / "tossing").mkdir(parents=True)
    (site / "tossing" / "__init__.py").touch()
    (site / "tossing" / "coins.py").write_text(Path(coin.__file__).read_text())
    (site / "tossing-1.0.dist-info").mkdir()
    metadata = "Metadata-Version: 2.1\nName: tossing\nVersion: 1.0\n"
    (site / "tossing-1.0.dist-info" / "METADATA").write_text(metadata)
    (site / "tossing-1.0.dist-info" / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(str(site))
    yield site
    for name in [name for name in sys.modules if name.partition(".")[0] == "tossing"]:
        del sys.modules[name]


@pytest.mark.slow
def test_a_short_name_is_listed_without_loading_and_trains_in_other_processes(
    installed, store_file, monkeypatch, capfd
):
    assert names()["toss"] == "tossing.coins:train"
    assert run_named(["--trainers"]) == 0
    assert "toss             tossing.coins:train\n" in capfd.readouterr().out
    assert "tossing.coins" not in sys.modules
    sweep = ("-m", "seed=range(0,4)", "chance=0.3", "hydra.launcher.workers=1")
    monkeypatch.setattr("sys.argv", ["xorlab", "--trainer", "toss", *sweep])
    assert run_named(["--trainer", "toss", *sweep]) == 0
    runs = xorlab.load_runs()
    assert len(runs) == 4
    assert runs["name"].str.startswith("coins ").all()
    named = find("tossing.coins:train")
    config = named.schema.kind()
    config.chance = 0.3
    assert set(runs["key"]) == {spec_of(named, config).key(seed) for seed in range(4)}
    assert spec_of(find("toss"), config).key(1) in set(runs["key"])


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("gone", "--trainer gone: tossing.gone:train cannot be loaded: No module named"),
        ("odd", "--trainer odd: this is a list, not a trainer"),
        ("tos", "there is no such trainer; one of network, gone, odd, toss,"),
    ],
)
def test_names_that_lead_nowhere_are_refused(installed, name, message, capfd):
    assert run_named(["--trainer", name]) == 2
    assert message in capfd.readouterr().err
