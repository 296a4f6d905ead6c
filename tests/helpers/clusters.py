"""Small clusters on this machine, for tests and benchmarks: real ones, on loopback only."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent.parent
# On every node: xorlab as it is here, and no telemetry.
ENVIRONMENT = {
    "PYTHONPATH": str(ROOT),
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_AUTH_MODE": "disabled",
}


@dataclass
class Cluster:
    """One that is running.

    Attributes:
        options: what a sweep says to use it.
        environment: variables that a sweep needs for it.
        workers: process ids of workers, those at work first; where there are too few, new ones are
            started.
        head: process ids of what leads it.
        nodes: process ids of what is there besides, with all that runs in it.
        start_head: start what leads it anew, where it was.
        start_nodes: start what is there besides.
        cancel: all jobs.
    """

    options: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    workers: Callable[[], list[int]] = list
    head: Callable[[], list[int]] = list
    nodes: Callable[[], list[int]] = list
    start_head: Callable[[], object] = object
    start_nodes: Callable[[], object] = object
    cancel: Callable[[], object] = object


def missing(engine: str) -> str | None:
    """Why an engine cannot be had here; None if it can."""
    library = {"slurm": "submitit", "ray": "ray", "dask": "distributed"}[engine]
    if importlib.util.find_spec(library) is None:
        return f"{library} is not installed: pip install 'xorlab[{engine}]'"
    if engine == "slurm":
        gone = [name for name in ("slurmctld", "slurmd", "munged") if _where(name) is None]
        if gone:
            return f"{', '.join(gone)} not installed: apt-get install slurm-wlm munge"
        if os.geteuid() != 0:
            return "a Slurm of one's own needs root"
    return None


@contextlib.contextmanager
def cluster(engine: str, folder: Path, nodes: bool = True) -> Iterator[Cluster]:
    """Within: a cluster of two workers.

    Args:
        engine: its kind.
        folder: for what it writes.
        nodes: false for one that has none yet, and so no worker.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with {"slurm": slurm, "ray": ray, "dask": dask}[engine](folder, nodes) as made:
        yield made


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
            _until(lambda: answers(port), "the Dask scheduler does not start", folder)

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
            _until(lambda: answers(port), "the Ray head does not start", folder)

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
            lambda: _trees(heads[-1:]),
            lambda: _trees(alive()),
            start_head,
            workers,
        )
    shutil.rmtree(short, ignore_errors=True)


@contextlib.contextmanager
def slurm(folder: Path, nodes: bool) -> Iterator[Cluster]:
    """A controller and one node of two cores, with ports, keys and folders of their own."""
    name = socket.gethostname().partition(".")[0]
    conf, munge = folder / "slurm.conf", folder / "munge"
    for part in ("state", "spool"):
        (folder / part).mkdir()
    _munge_folder(munge)
    conf.write_text(
        _SLURM.format(
            folder=folder,
            name=name,
            socket=munge / "socket",
            log=folder,
            controller=free_port(),
            node=free_port(),
        )
    )
    environment = {"SLURM_CONF": str(conf)}
    with Processes(folder, environment) as processes:
        processes.start(
            _where("munged"),
            "--foreground",
            "--force",
            "--num-threads=1",
            f"--key-file={munge / 'key'}",
            f"--socket={munge / 'socket'}",
            f"--pid-file={munge / 'pid'}",
            f"--seed-file={munge / 'seed'}",
            f"--log-file={munge / 'log'}",
            user="munge",
        )
        _until((munge / "socket").exists, "munged does not start", folder)
        heads = [processes.start(_where("slurmctld"), "-D", "-c")]

        def asked(*command: str) -> str:
            ended = subprocess.run(
                command, env=os.environ | environment, capture_output=True, text=True, check=False
            )
            return ended.stdout

        def start_node() -> None:
            processes.start(_where("slurmd"), "-D", "-N", name)
            _until(
                lambda: "idle" in asked("sinfo", "--noheader", "--format=%T"),
                "Slurm's node does not become idle",
                folder,
            )

        def inside(job: str) -> list[int]:
            """Processes of the daemons and of their jobs, with these bytes in what they are."""
            found = []
            for entry in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    content = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
                    if f"SLURM_CONF={conf}".encode() in content and re.search(
                        job.encode(), content, re.DOTALL
                    ):
                        found.append(int(entry.name))
            return found

        if nodes:
            start_node()
        yield Cluster(
            ("hydra.launcher.engine=slurm", "hydra.launcher.workers=2"),
            environment,
            # What runs inside the jobs; a job ends with it.
            lambda: inside("submitit.core._submit.*SLURM_PROCID="),
            lambda: heads[-1:],
            lambda: inside("SLURM_JOB_ID=|slurmstepd|^[^\0]*slurmd\0"),
            lambda: heads.append(processes.start(_where("slurmctld"), "-D")),
            start_node,
            lambda: asked("scancel", "--name=xorlab"),
        )
        asked("scancel", "--name=xorlab")
        # Jobs outlive the daemons that began them.
        _until(lambda: not asked("squeue", "--noheader"), "jobs do not end", folder)


_SLURM = """\
ClusterName=xorlab
SlurmctldHost={name}(127.0.0.1)
SlurmctldPort={controller}
SlurmdPort={node}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={socket}
CommunicationParameters=NoInAddrAny,NoCtldInAddrAny
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={log}/slurmctld.log
SlurmdLogFile={log}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
SchedulerParameters=batch_sched_delay=0,sched_min_interval=10000,bf_interval=1
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
ReturnToService=2
MaxArraySize=1001
KillWait=2
SlurmdTimeout=10
MpiDefault=none
NodeName={name} NodeAddr=127.0.0.1 CPUs=2 RealMemory=1000
PartitionName=short Nodes={name} Default=YES MaxTime=60 State=UP
"""


def _munge_folder(folder: Path) -> None:
    """munged insists on folders that are its own, and on parents that others cannot write to."""
    folder.mkdir(mode=0o755)
    (folder / "key").write_bytes(os.urandom(128))
    (folder / "key").chmod(0o600)
    for path in (folder, folder / "key"):
        shutil.chown(path, "munge", "munge")
    for parent in folder.parents:
        if parent.is_relative_to(Path("/tmp")) and parent != Path("/tmp"):
            parent.chmod(parent.stat().st_mode | 0o055)


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


def _trees(roots: list[int]) -> list[int]:
    """Processes with all that they have started."""
    found = []
    for root in roots:
        with contextlib.suppress(psutil.NoSuchProcess):
            found += [root, *(child.pid for child in psutil.Process(root).children(recursive=True))]
    return found


def _where(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _until(condition: Callable[[], bool], otherwise: str, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            logs = "\n".join(
                path.read_text(errors="replace")[-2000:]
                for path in [*folder.glob("log-*"), *folder.glob("*.log")]
            )
            raise RuntimeError(f"{otherwise}\n{logs}")
        time.sleep(0.1)
