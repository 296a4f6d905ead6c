"""A Dask scheduler with two workers, on loopback."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.clusters.cluster import Cluster
from tests.helpers.clusters.processes import Processes, answers, free_port, until


@contextlib.contextmanager
def dask(folder: Path, nodes: bool) -> Iterator[Cluster]:
    """A scheduler, and two workers that are not restarted."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    heads: list[int] = []
    with Processes(folder) as processes:

        def start_head() -> None:
            heads.append(
                processes.start(
                    sys.executable,
                    "-m",
                    "distributed.cli.dask_scheduler",
                    "--host",
                    "127.0.0.1",
                    "--port",
                    str(port),
                    "--no-dashboard",
                )
            )
            until(lambda: answers(port), "the Dask scheduler does not start", folder)

        def worker() -> int:
            return processes.start(
                sys.executable,
                "-m",
                "distributed.cli.dask_worker",
                address,
                "--host",
                "127.0.0.1",
                "--nthreads",
                "1",
                "--no-nanny",
                "--no-dashboard",
                "--local-directory",
                str(folder),
            )

        def alive() -> list[int]:
            return [child.pid for child in processes.alive() if child.pid not in heads]

        def workers() -> list[int]:
            # The tests kill one of these: put another in its place for the next.
            there = alive()
            return there + [worker() for _ in range(2 - len(there))]

        start_head()
        if nodes:
            workers()
        yield Cluster(
            ("hydra.launcher.engine=dask", f"hydra.launcher.address={address}"),
            {},
            workers,
            lambda: heads[-1:],
            alive,
            start_head,
            workers,
        )
