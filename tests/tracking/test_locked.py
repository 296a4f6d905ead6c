"""A store locked by another process: waiting for it can be interrupted, and ends with an error."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from contextlib import closing

import pytest

from xorlab.tracking.store import database as database_module
from xorlab.tracking.store.database import SqliteDatabase


@pytest.fixture
def locked(store_file):
    """A store that another connection has locked for writing."""
    with closing(sqlite3.connect(store_file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield store_file


def test_ctrl_c_ends_the_wait(locked):
    threading.Timer(0.6, os.kill, [os.getpid(), signal.SIGINT]).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt), SqliteDatabase(locked).writing():
        pass
    assert time.monotonic() - began < 20


def test_reading_does_not_wait(locked):
    with SqliteDatabase(locked).reading() as transaction:
        assert list(transaction.rows("SELECT count(*) FROM runs")) == [(0,)]


@pytest.mark.parametrize(
    "arguments", [("seed=1",), ("-m", "seed=1,2", "hydra.launcher.executor=inline")]
)
def test_a_timeout_is_an_error_of_one_line(locked, command, monkeypatch, arguments):
    monkeypatch.setattr(database_module, "_PATIENCE", 0.5)
    ended = command(*arguments, "training.epochs=5")
    assert ended.code == 1
    assert "locked" in ended.err
    assert ended.err.count("\n") == 1


def test_a_wait_ends_when_the_lock_is_released(store_file):
    with closing(
        sqlite3.connect(store_file, isolation_level=None, check_same_thread=False)
    ) as other:
        other.execute("BEGIN IMMEDIATE")
        threading.Timer(0.7, other.execute, ["COMMIT"]).start()
        with SqliteDatabase(store_file).writing() as transaction:
            assert list(transaction.rows("SELECT count(*) FROM runs")) == [(0,)]
