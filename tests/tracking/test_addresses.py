"""Addresses and paths: a path is quoted into an address and unquoted out of it, in one place."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import xorlab
from xorlab.errors import ConfigError, StoreError
from xorlab.networks.tasks.table import Table
from xorlab.system.files import write_whole
from xorlab.tracking.outbox.folder import Outbox
from xorlab.tracking.store.address import database_file, resolve, sqlite_address
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.postgres import artifacts_address

NAMES = st.text("ab %?#&=+~:;@é20", min_size=1, max_size=12)


@given(names=st.lists(NAMES, min_size=1, max_size=3))
def test_a_path_comes_back_out_of_its_address_as_sqlalchemy_reads_it(names):
    from sqlalchemy.engine import make_url

    file = Path("/", *names)
    address = sqlite_address(file)
    assert database_file(address) == file
    assert make_url(address).database == str(file)
    assert resolve(address) == address


def test_an_address_that_is_typed_is_read_as_sqlalchemy_reads_it(tmp_path):
    assert resolve("sqlite:///run%20a.db") == f"sqlite:///{tmp_path}/run a.db"
    assert resolve("sqlite:////data/a%2525.db") == "sqlite:////data/a%2525.db"
    with pytest.raises(ConfigError, match=r"without options; in the name of a file, \? is %3F"):
        resolve("sqlite:///what?/mlflow.db")
    for path in ("runs.db", "/data/runs"):
        with pytest.raises(ConfigError, match=f"; for this file, sqlite:///{path}$"):
            resolve(path)


@pytest.mark.parametrize("name", ["run%20A", "what?", "a#b%"])
def test_a_folder_with_any_name_holds_its_own_store(
    name, command, empty_store, tmp_path, monkeypatch
):
    folder = tmp_path / name
    folder.mkdir()
    shutil.copy(empty_store, folder / "mlflow.db")
    monkeypatch.chdir(folder)
    ended = command("training.epochs=3", "seed=5")
    assert (ended.code, ended.err) == (0, "")
    (run,) = xorlab.load_runs().to_dict("records")
    assert run["seed"] == 5
    assert xorlab.load_weights(xorlab.load_runs())
    assert [path.name for path in tmp_path.iterdir()] == [name]
    assert (folder / "mlartifacts").is_dir()


def test_a_new_store_is_made_where_its_address_says_and_nowhere_else(tmp_path):
    store = open_store("sqlite:///a%25%3F/b%20c.db", "one")
    assert database_file(store.uri) == tmp_path / "a%?" / "b c.db"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a%?"]
    assert (tmp_path / "a%?" / "b c.db").is_file()


def test_a_tilde_is_the_home_folder_wherever_a_path_is_given(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "t.csv").write_text("0,1\n1,0\n")
    assert resolve("sqlite:///~/x.db", Path("/elsewhere")) == f"sqlite:///{tmp_path}/x.db"
    assert Outbox("~/out").folder == tmp_path / "out"
    assert artifacts_address("~/art") == (tmp_path / "art").as_uri()
    assert len(Table(path="~/t.csv").make().inputs) == 2
    with pytest.raises(ConfigError, match=r"tracking\.outbox=~nobody-at-all/x: must be a path"):
        Outbox("~nobody-at-all/x")


def test_a_tilde_that_the_shell_left_is_explained(command):
    ended = command("--config-dir=~/mine", "seed=1")
    assert (ended.code, ended.out) == (2, "")
    assert "write --config-dir ~/mine, with a blank" in ended.err


def test_a_dangling_link_is_not_replaced(tmp_path):
    link = tmp_path / "mlflow.db"
    link.symlink_to(tmp_path / "unmounted" / "mlflow.db")
    with pytest.raises(StoreError, match=r"symbolic link to .*unmounted/mlflow\.db, which is not"):
        open_store(None, "xorlab")
    assert link.is_symlink()
    report = tmp_path / "report.html"
    report.symlink_to("other.html")
    write_whole(report, b"text")
    assert report.is_symlink()
    assert (tmp_path / "other.html").read_bytes() == b"text"
