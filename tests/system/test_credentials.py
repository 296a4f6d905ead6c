"""User names and passwords: in no error, no table, no print."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

import xorlab
from xorlab.errors import ConfigError, StoreError, UsageError
from xorlab.sweeps.parent_run import typed_command as typed
from xorlab.system.credentials import without_credentials, without_those_of
from xorlab.tracking.store.address import public_address, resolve

SECRET = "hunter2XYZ"
LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)


@given(
    scheme=st.sampled_from(["http", "https", "postgresql+psycopg2", "ftp"]),
    before=LETTERS,
    after=LETTERS,
)
@example(scheme="http", before="me:a/", after="b c#?@")
def test_no_letter_in_a_password_lets_it_through(scheme, before, after):
    address = f"{scheme}://{before}{SECRET}{after}@host/db"
    assert SECRET not in public_address(address)
    assert SECRET not in without_credentials(f"cannot open {address}: no")
    for kind in (UsageError, StoreError):
        assert SECRET not in str(kind(f"{address} is wrong"))
    assert SECRET not in str(ConfigError("tracking.uri", address, "another"))


@given(text=LETTERS, path=st.sampled_from(["sqlite:////data/a@b.db", "http://localhost:5000/x"]))
def test_what_hides_nothing_is_shown_as_it_is(text, path):
    assert without_credentials(path) == public_address(path) == path
    if "://" not in text:
        assert without_credentials(text) == text


@pytest.mark.parametrize(
    "query", ["password", "PWD", "sslpassword", "token", "user", "db_secret", "api_key", "sig"]
)
def test_a_secret_after_the_question_mark_is_hidden(query):
    found = public_address(f"postgresql://host/db?a=1&{query}={SECRET}&b=2")
    assert found == f"postgresql://host/db?a=1&{query}=***&b=2"


def test_a_drivers_own_words_are_hidden_too():
    address = f"postgresql://anna:{SECRET}@host/db"
    said = f'FATAL: password authentication failed for user "anna" ({SECRET})'
    assert without_those_of(address, said) == (
        'FATAL: password authentication failed for user "***" (***)'
    )


def test_an_address_that_was_hidden_opens_again_in_this_process_alone():
    address = f"http://me:{SECRET}@somewhere/tracking"
    assert resolve(public_address(address)) == address
    with pytest.raises(ConfigError, match="the whole address"):
        resolve("http://***@where-nobody-was")


def test_tables_keep_no_address_that_they_would_write_into_files(command, store_file, monkeypatch):
    command("-m", "seed=1,2", "training.epochs=5", "hydra.launcher.executor=inline")
    runs = xorlab.load_runs()
    file = io.BytesIO()
    runs.to_parquet(file)
    assert b"mlflow.db" in file.getvalue()  # as pandas does, for an address without secrets
    from xorlab.analysis.report.summary import summarise
    from xorlab.networks.identity import SETTING_KEYS

    summary = summarise(runs, xorlab.load_curves(runs), "a headline", SETTING_KEYS)
    assert all(b"mlflow.db" not in content for content in summary.files().values())
    pd.testing.assert_frame_equal(
        pd.read_parquet(io.BytesIO(summary.files()["runs.parquet"])), runs
    )


@pytest.mark.slow
def test_runs_of_a_server_with_a_password_are_read_without_keeping_it(command, server):
    address = server.replace("://", f"://me:{SECRET}@")
    there = [f"tracking.uri={address}", "tracking.experiment=guarded"]
    result = command("-m", "seed=1,2", "training.epochs=5", *there)
    assert result.code == 0
    assert SECRET not in result.out + result.err
    runs = xorlab.load_runs(address, "guarded")
    assert SECRET not in repr(runs.attrs)
    assert len(xorlab.load_curves(runs)["run_id"].unique()) == 2
    assert len(xorlab.load_weights(runs)) == 2
    from xorlab.tracking.store.opening import open_store

    client = open_store(server, "guarded").client
    for run in (*runs["run_id"], runs["sweep"].iloc[0]):
        recorded = client.get_run(run)
        assert SECRET not in repr(recorded.to_dictionary())
        for artifact in client.list_artifacts(run):
            path = Path(client.download_artifacts(run, artifact.path))
            assert SECRET.encode() not in path.read_bytes()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--cfg", "job"],
        ["--info", "config"],
        ["seed=["],
        ["optimizer.rate=1"],
        ["-m", "seed=1,2", "optimizer.lr=-1"],
    ],
)
@pytest.mark.parametrize("full", [False, True])
def test_no_command_prints_a_password(arguments, full, command, monkeypatch):
    if full:
        monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    result = command(f"tracking.uri=http://me:{SECRET}@127.0.0.1:9", *arguments)
    assert SECRET not in result.out + result.err
    assert result.out + result.err


def test_the_command_that_goes_on_is_told_without_it(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["xorlab", "-m", f"tracking.uri=http://a:{SECRET}@h"])
    assert typed() == "xorlab -m 'tracking.uri=http://***@h'"
