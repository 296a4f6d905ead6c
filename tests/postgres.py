"""A PostgreSQL server on this machine, for tests and benchmarks."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PASSWORD = "s3cret word"
_BINARIES = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
_USERS = ("postgres", "nobody")  # the server refuses to be root's


def no_postgres() -> str | None:
    """Why there can be no server here; None if there can."""
    if find_spec("psycopg2") is None:
        return "psycopg2 is not installed"
    if not _BINARIES and shutil.which("initdb") is None:
        return "PostgreSQL is not installed"
    if os.geteuid() == 0 and (shutil.which("runuser") is None or _user() is None):
        return "PostgreSQL refuses to be root's, and there is nobody else"
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

    def __init__(self, port: int) -> None:
        self.port = port

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

        connection = psycopg2.connect(host="127.0.0.1", port=self.port, user="xorlab",
                                      password=PASSWORD, dbname=database)  # fmt: skip
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
        _run("initdb", "-D", str(data), "-U", "xorlab", "-A", "scram-sha-256", "--no-sync",
             "-E", "UTF8", "--locale=C", f"--pwfile={word}", folder=folder)  # fmt: skip
        with (folder / "log").open("w") as log:
            child = subprocess.Popen(
                [*_as_user(), _program("postgres"), "-D", str(data), "-p", str(port), "-F",
                 "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={folder}",
                 "-c", "max_connections=200"],
                cwd=folder, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        server = Postgres(port)
        try:
            _await(server, child, folder / "log")
            yield server
        finally:
            # SIGINT, to the group: `runuser` is the parent. It ends the sessions and then itself.
            os.killpg(child.pid, 2)
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, 9)
                child.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _await(server: Postgres, child: subprocess.Popen[bytes], log: Path) -> None:
    import psycopg2

    deadline = time.monotonic() + 60
    while True:
        try:
            server.ask("postgres", "SELECT 1")
            return
        except psycopg2.OperationalError:
            assert child.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


def _run(program: str, *arguments: str, folder: Path) -> None:
    subprocess.run([*_as_user(), _program(program), *arguments], check=True, cwd=folder,
                   capture_output=True)  # fmt: skip
