"""PostgreSQL that goes away under a sweep which records directly into it."""

from __future__ import annotations

import atexit
import contextlib
import itertools
import os
import signal
import tempfile
import time
import uuid
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from random import Random

from tests.faults import sweeps
from tests.faults.fault import Fault, Outcome
from tests.faults.stored import Found, found_by
from tests.faults.sweeps import (
    EXPECTED,
    INLINE,
    SWEEP,
    Child,
    compared,
    ended,
    message,
    sweeping,
    until,
)
from tests.helpers.postgres import Postgres, no_postgres, serving_postgres

GO_ON = (
    r"the database server does not answer \(.*\)\. Check that it runs, then start the same command"
)
# Never collected: sweeps are forked from this process, and would end the server as they let go.
_STACK = contextlib.ExitStack()


@cache
def server() -> Postgres:
    """One for all of them; it ends with this process."""
    atexit.register(_close, os.getpid())
    return _STACK.enter_context(serving_postgres())


def _close(owner: int) -> None:
    if os.getpid() == owner:
        _STACK.close()


@cache
def template() -> str:
    """A database with a store in it; making one takes MLflow seconds, copying it none."""
    uri = server().create("template_store")
    with tempfile.TemporaryDirectory(prefix="xorlab-faults-") as name:
        folder = Path(name, "work")
        folder.mkdir()
        options = (f"tracking.uri={uri}", f"tracking.artifacts={name}", "tracking.experiment=t")
        child = ended(folder, "-m", "seed=0", "training.epochs=1", INLINE, *options)
        assert child.code == 0, child.printed()
    return "template_store"


def _new_store(folder: Path) -> tuple[str, tuple[str, ...]]:
    """The name of a database for runs, and the overrides of a sweep into it; a new folder."""
    folder.mkdir()
    database = f"db{uuid.uuid4().hex}"
    uri = server().create(database, template())
    return database, (f"tracking.uri={uri}", f"tracking.artifacts={folder / 'shared'}", INLINE)


def goes_away(folder: Path, rng: Random) -> Outcome:
    """As by `pg_ctl stop -m immediate`, or by SIGKILL; and started again after the sweep's end."""
    database, options = _new_store(folder)

    def there() -> Found:
        return found_by(lambda query: server().ask(database, query))

    def recorded() -> int:
        return sum(map(len, there().whole.values()))

    messages = []
    for _ in range(sweeps.ROW):
        have = recorded()
        some = have + rng.randrange(max(1, (EXPECTED - have) // 3))
        with sweeping(folder, *SWEEP, *options) as child:
            until(partial(_got_on, child, recorded, some), "the sweep does not get on", child)
            time.sleep(rng.uniform(0, 0.1))
            server().stop(rng.choice([signal.SIGQUIT, signal.SIGKILL]))
            code = child.wait()
            server().start()
        if code:
            assert code == 1, child.printed()
            messages.append(message(child))
    assert messages, "nothing was injected"
    last = ended(folder, *SWEEP, *options)
    assert last.code == 0, last.printed()
    return compared(there(), messages, GO_ON)


def suspended(folder: Path, rng: Random) -> Outcome:
    """Stopped while it locks the table of runs: another one waits for a moment, and goes on."""
    database, options = _new_store(folder)

    def locks() -> bool:
        return server().ask(database, _LOCKS) != [(0,)]

    with sweeping(folder, *SWEEP, *options, limit=_soon) as child:
        while not locks():
            child.kill(signal.SIGCONT)
            time.sleep(rng.uniform(0, 0.1))
            until(lambda: child.poll() is not None or locks(), "nothing is recorded", child)
            child.kill(signal.SIGSTOP)
            assert child.poll() is None, child.printed()
        _another(folder, options)
        child.kill(signal.SIGCONT)
        assert child.wait() == 0, child.printed()
    lines = child.printed().splitlines()
    line = next((line for line in lines if "suspended" in line), child.printed())
    there = found_by(lambda query: server().ask(database, query))
    return compared(there, [line], "^this process was suspended .*; it is recorded now$")


def suspended_in_copy(folder: Path, rng: Random) -> Outcome:
    """Stopped while PostgreSQL waits for its rows, and ends no session: it locks nothing then."""
    database, options = _new_store(folder)
    limit = partial(_stops_in_copy, rng.randrange(40))
    with sweeping(folder, *SWEEP, *options, limit=limit) as child:
        until(lambda: _is_stopped(child), "it did not stop", child)
        assert server().ask(database, _COPIES) == [(1,)]
        _another(folder, options)
        assert server().ask(database, _COPIES) == [(1,)]
        child.kill(signal.SIGCONT)
        assert child.wait() == 0, child.printed()
    there = found_by(lambda query: server().ask(database, query))
    return compared(there, [message(child)], "then open http")


def _another(folder: Path, options: tuple[str, ...]) -> None:
    """The same sweep at the same time: it comes to its end."""
    other = folder / "other"
    other.mkdir()
    last = ended(other, *SWEEP, *options)
    assert last.code == 0, last.printed()


_LOCKS = (
    "SELECT count(*) FROM pg_locks WHERE relation = to_regclass('runs') "
    "AND granted AND mode = 'ShareRowExclusiveLock'"
)
_COPIES = (
    "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'COPY %' "
    "AND datname = current_database()"
)


def _soon() -> None:
    from xorlab.tracking.store import postgres_locks

    postgres_locks._SUSPENDED = 2.0  # in the process that is suspended; a minute otherwise


def _stops_in_copy(number: int) -> None:
    """Stop this process within one of its COPY statements, by number."""
    import psycopg

    write, numbers = psycopg.Copy.write, itertools.count()

    def stopping(copy: psycopg.Copy, text: str) -> None:
        write(copy, text)
        if next(numbers) == number:
            os.kill(os.getpid(), signal.SIGSTOP)

    psycopg.Copy.write = stopping  # type: ignore[method-assign]
    _soon()


def _is_stopped(child: Child) -> bool:
    assert child.poll() is None, child.printed()
    return Path(f"/proc/{child.pid}/stat").read_text().rpartition(")")[2].split()[0] == "T"


def _got_on(child: Child, recorded: Callable[[], int], some: int) -> bool:
    return child.poll() is not None or recorded() >= some


FAULTS: list[Fault] = [
    Fault("PostgreSQL goes away", goes_away, 4, no_postgres),
    Fault("PostgreSQL, suspended while it locks", suspended, 2, no_postgres),
    Fault("PostgreSQL, suspended while it sends rows", suspended_in_copy, 2, no_postgres),
]
