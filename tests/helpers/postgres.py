"""A PostgreSQL server on this machine, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PASSWORD = "s3cret word"
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_USERS = ("postgres", "nobody")  # the server refuses to run as root


def no_postgres() -> str | None:
    """Why there can be no server here; None if there can."""
    if find_spec("psycopg2") is None:
        return "psycopg2 is not installed"
    if not _BINARIES and shutil.which("initdb") is None:
        return "PostgreSQL is not installed"
    if os.geteuid() == 0 and (shutil.which("runuser") is None or _user() is None):
        return "PostgreSQL refuses to run as root, and there is no other user"
    return None


def _user() -> str | None:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in _USERS if name in names), None)


def _as_user() -> list[str]:
    return ["runuser", "-u", str(_user()), "--"] if os.geteuid() == 0 else []


def _program(name: str) -> str:
    return str(_BINARIES[0] / name) if _BINARIES else name


class Postgres:
    """A server.

    Attributes:
        port: of the loopback address.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.port = port
        self._folder = folder
        self._child: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it answers; after a crash it has to recover first."""
        import psycopg2

        deadline = time.monotonic() + 60
        while True:
            if self._child is None or self._child.poll() is not None:
                # What a killed one has left may be in the way for a moment.
                self._child = self._started()
            try:
                self.ask("postgres", "SELECT 1")
                return
            except psycopg2.OperationalError:
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.1)

    def stop(self, number: int = signal.SIGINT) -> None:
        """Send its first process a signal, and wait for its end, unless it has ended.

        Args:
            number: SIGINT ends the sessions in good order, SIGQUIT at once, and SIGKILL leaves
                them to notice.
        """
        if self._child is None or self._child.poll() is not None:
            return
        os.kill(int((self._data / "postmaster.pid").read_text().split()[0]), number)
        self._child.wait(20)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log.open("a") as log:
            return subprocess.Popen(
                [
                    *_as_user(),
                    _program("postgres"),
                    "-D",
                    str(self._data),
                    "-p",
                    str(self.port),
                    "-F",
                    "-c",
                    "listen_addresses=127.0.0.1",
                    "-c",
                    f"unix_socket_directories={self._folder}",
                    "-c",
                    "max_connections=200",
                ],
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def uri(self, database: str) -> str:
        """The address of a database, with a password in it that must be encoded."""
        password = PASSWORD.replace(" ", "%20")
        return f"postgresql://xorlab:{password}@127.0.0.1:{self.port}/{database}"

    def create(self, database: str, template: str = "template1") -> str:
        """Make a database; returns its address."""
        self.ask("postgres", f'CREATE DATABASE "{database}" TEMPLATE "{template}"')
        return self.uri(database)

    def ask(self, database: str, query: str) -> list[tuple[object, ...]]:
        """Rows of a query."""
        import psycopg2

        connection = psycopg2.connect(
            host="127.0.0.1", port=self.port, user="xorlab", password=PASSWORD, dbname=database
        )
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(query)
                return cursor.fetchall() if cursor.description else []
        finally:
            connection.close()


@contextlib.contextmanager
def serving_postgres() -> Iterator[Postgres]:
    """Within: a server on a free loopback port, with a data folder of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="xorlab-postgres-"))
    try:
        word = folder / "password"
        word.write_text(PASSWORD)
        if os.geteuid() == 0:
            shutil.chown(folder, _user())
            shutil.chown(word, _user())
        data = folder / "data"
        _run(
            "initdb",
            "-D",
            str(data),
            "-U",
            "xorlab",
            "-A",
            "scram-sha-256",
            "--no-sync",
            "-E",
            "UTF8",
            "--locale=C",
            f"--pwfile={word}",
            folder=folder,
        )
        server = Postgres(folder, port)
        server.start()
        try:
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(program: str, *arguments: str, folder: Path) -> None:
    subprocess.run(
        [*_as_user(), _program(program), *arguments], check=True, cwd=folder, capture_output=True
    )
