"""MLflow servers on this machine, for tests."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

QUIET = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    # Jobs of language models start half a dozen processes, in a group of their own that outlives
    # the server's.
    "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
    # Four by default, each of which imports all of MLflow.
    "MLFLOW_WORKERS": "1",
}


@contextlib.contextmanager
def serving_store(folder: Path, database: Path | str, port: int | None = None) -> Iterator[str]:
    """Within: the address of a server of this database, on a free loopback port or on this one.

    Args:
        folder: where it keeps artifacts.
        database: a SQLite file, or the address of any database.
        port: None for a free one.
    """
    backend = f"sqlite:///{database}" if isinstance(database, Path) else database
    if port is None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with (folder / "log").open("w") as log:
        child = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "mlflow",
                "server",
                "--host",
                "127.0.0.1",
                "--port",
                str(port),
                "--backend-store-uri",
                backend,
                "--artifacts-destination",
                str(folder / "artifacts"),
            ],
            cwd=folder,
            stdout=log,
            stderr=log,
            start_new_session=True,
            env=os.environ | QUIET,
        )
    try:
        deadline = time.monotonic() + 120
        while True:
            with (
                contextlib.suppress(OSError),
                urllib.request.urlopen(f"{address}/health") as answer,
            ):
                if answer.status == 200:
                    break
            assert child.poll() is None, (folder / "log").read_text()
            assert time.monotonic() < deadline, (folder / "log").read_text()
            time.sleep(0.3)
        yield address
    finally:
        os.killpg(child.pid, 9)
        child.wait()
