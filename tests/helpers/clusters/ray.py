"""Two Ray nodes of one core each, on loopback."""

from __future__ import annotations

import contextlib
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.clusters.cluster import Cluster
from tests.helpers.clusters.processes import Processes, answers, free_port, trees, until


@contextlib.contextmanager
def ray(folder: Path, nodes: bool) -> Iterator[Cluster]:
    """Two nodes of one core each; without nodes, a head without a core."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    short = Path("/tmp") / f"xorlab-ray-{port}"  # its sockets allow no long path
    command = [
        str(Path(sys.executable).parent / "ray"),
        "start",
        "--block",
        "--disable-usage-stats",
        "--object-store-memory=100000000",
        "--node-ip-address=127.0.0.1",
    ]
    heads: list[int] = []
    with Processes(folder) as processes:

        def start_head() -> None:
            heads.append(
                processes.start(
                    *command,
                    "--head",
                    f"--port={port}",
                    f"--num-cpus={int(nodes)}",
                    "--include-dashboard=false",
                    f"--temp-dir={short}",
                )
            )
            until(lambda: answers(port), "the Ray head does not start", folder)

        def start_node() -> int:
            return processes.start(*command, "--num-cpus=1", f"--address={address}")

        def alive() -> list[int]:
            return [child.pid for child in processes.alive() if child.pid not in heads]

        def workers() -> list[int]:
            # A node that a test killed is replaced; a driver needs its own node, the first.
            return alive() or [start_node()]

        start_head()
        if nodes:
            workers()
        yield Cluster(
            ("hydra.launcher.engine=ray", f"hydra.launcher.address={address}"),
            {},
            workers,
            lambda: trees(heads[-1:]),
            lambda: trees(alive()),
            start_head,
            workers,
        )
    shutil.rmtree(short, ignore_errors=True)
