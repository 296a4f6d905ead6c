"""Processes of a cluster that end with the test, and waiting for them."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from tests.conftest import ROOT

# On every node: xorlab as it is here, and no telemetry.
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
}


class Processes:
    """Within: processes that end when it does."""

    def __init__(self, folder: Path, environment: dict[str, str] | None = None) -> None:
        self._folder, self._environment = folder, environment or {}
        self.children: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Processes:
        return self

    def start(self, *command: str | None, user: str | None = None) -> int:
        with (self._folder / f"log-{len(self.children)}").open("w") as log:
            self.children.append(
                subprocess.Popen(
                    [str(part) for part in command],
                    cwd=self._folder,
                    stdout=log,
                    stderr=log,
                    env=os.environ | ENVIRONMENT | self._environment,
                    start_new_session=True,
                    stdin=subprocess.DEVNULL,
                    user=user,
                )
            )
        return self.children[-1].pid

    def alive(self) -> list[subprocess.Popen[bytes]]:
        return [child for child in self.children if child.poll() is None]

    def __exit__(self, *error: object) -> None:
        for child in reversed(self.children):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGTERM)
        for child in self.children:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(3)
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
            child.wait()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def answers(port: int) -> bool:
    with socket.socket() as there:
        there.settimeout(1)
        return there.connect_ex(("127.0.0.1", port)) == 0


def trees(roots: list[int]) -> list[int]:
    """Processes with all that they have started."""
    found = []
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [root, *(child.pid for child in psutil.Process(root).children(recursive=True))]
    return found


def where(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def until(condition: Callable[[], bool], otherwise: str, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            logs = "\n".join(
                path.read_text(errors="replace")[-2000:]
                for path in [*folder.glob("log-*"), *folder.glob("*.log")]
            )
            raise RuntimeError(f"{otherwise}\n{logs}")
        time.sleep(0.1)
