"""Small clusters on this machine, for tests and benchmarks: real ones, on loopback only."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# On every node: xorlab as it is here, and no telemetry.
_ENVIRONMENT = {
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
        workers: process ids of workers, those at work first.
    """

    options: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)
    workers: Callable[[], list[int]] = list
    cancel: Callable[[], None] = lambda: None


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
def cluster(engine: str, folder: Path) -> Iterator[Cluster]:
    """Within: a cluster of two workers."""
    folder.mkdir(parents=True, exist_ok=True)
    with {"slurm": slurm, "ray": ray, "dask": dask}[engine](folder) as made:
        yield made


@contextlib.contextmanager
def dask(folder: Path) -> Iterator[Cluster]:
    """A scheduler, and two workers that nobody starts again."""
    port = free_port()
    address = f"tcp://127.0.0.1:{port}"
    with Processes(folder) as processes:
        processes.start(sys.executable, "-m", "distributed.cli.dask_scheduler",
                        "--host", "127.0.0.1", "--port", str(port), "--no-dashboard")  # fmt: skip
        _until(lambda: answers(port), "the Dask scheduler does not start", folder)

        def worker() -> None:
            processes.start(sys.executable, "-m", "distributed.cli.dask_worker", address, "--host",
                            "127.0.0.1", "--nthreads", "1", "--no-nanny", "--no-dashboard",
                            "--local-directory", str(folder))  # fmt: skip

        worker()
        worker()

        def workers() -> list[int]:
            # The tests kill one of these: put another in its place for the next.
            alive = [child.pid for child in processes.children[1:] if child.poll() is None]
            while len(alive) < 2:
                worker()
                alive.append(processes.children[-1].pid)
            return alive

        yield Cluster(
            ("hydra.launcher.engine=dask", f"hydra.launcher.address={address}"), workers=workers
        )


@contextlib.contextmanager
def ray(folder: Path) -> Iterator[Cluster]:
    """Two nodes of one core each."""
    port = free_port()
    address = f"127.0.0.1:{port}"
    short = Path("/tmp") / f"xorlab-ray-{port}"  # its sockets allow no long path
    command = [str(Path(sys.executable).parent / "ray"), "start", "--block", "--num-cpus=1",
               "--disable-usage-stats", "--object-store-memory=100000000",
               "--node-ip-address=127.0.0.1"]  # fmt: skip
    with Processes(folder) as processes:
        processes.start(*command, "--head", f"--port={port}", "--include-dashboard=false",
                        f"--temp-dir={short}")  # fmt: skip
        _until(lambda: answers(port), "the Ray head does not start", folder)

        def node() -> None:
            processes.start(*command, f"--address={address}")

        node()

        def workers() -> list[int]:
            # A node that a test killed is replaced; a driver needs its own node, the first.
            alive = [child.pid for child in processes.children[1:] if child.poll() is None]
            if not alive:
                node()
                alive = [processes.children[-1].pid]
            return alive

        yield Cluster(
            ("hydra.launcher.engine=ray", f"hydra.launcher.address={address}"), workers=workers
        )
    shutil.rmtree(short, ignore_errors=True)


@contextlib.contextmanager
def slurm(folder: Path) -> Iterator[Cluster]:
    """A controller and one node of two cores, with ports, keys and folders of their own."""
    name = socket.gethostname().partition(".")[0]
    conf, munge = folder / "slurm.conf", folder / "munge"
    for part in ("state", "spool"):
        (folder / part).mkdir()
    _munge_folder(munge)
    conf.write_text(_SLURM.format(folder=folder, name=name, socket=munge / "socket", log=folder,
                                  controller=free_port(), node=free_port()))  # fmt: skip
    environment = {"SLURM_CONF": str(conf)}
    with Processes(folder, environment) as processes:
        processes.start(_where("munged"), "--foreground", "--force", "--num-threads=1",
                        f"--key-file={munge / 'key'}", f"--socket={munge / 'socket'}",
                        f"--pid-file={munge / 'pid'}", f"--seed-file={munge / 'seed'}",
                        f"--log-file={munge / 'log'}", user="munge")  # fmt: skip
        _until((munge / "socket").exists, "munged does not start", folder)
        processes.start(_where("slurmctld"), "-D", "-c")
        processes.start(_where("slurmd"), "-D", "-N", name)

        def asked(*command: str) -> str:
            told = subprocess.run(command, env=os.environ | environment, capture_output=True,
                                  text=True, check=False)  # fmt: skip
            return told.stdout

        _until(lambda: "idle" in asked("sinfo", "--noheader", "--format=%T"),
               "Slurm's node does not become idle", folder)  # fmt: skip

        def workers() -> list[int]:
            """What runs inside the jobs; a job ends with it."""
            found = []
            for entry in Path("/proc").glob("[0-9]*"):
                with contextlib.suppress(OSError):
                    if b"submitit.core._submit" in (entry / "cmdline").read_bytes():
                        own = (entry / "environ").read_bytes()
                        if f"SLURM_CONF={conf}".encode() in own and b"SLURM_PROCID=" in own:
                            found.append(int(entry.name))
            return found

        yield Cluster(
            ("hydra.launcher.engine=slurm", "hydra.launcher.workers=2"), environment, workers,
            lambda: asked("scancel", "--name=xorlab") and None,
        )  # fmt: skip
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

    def start(self, *command: str | None, user: str | None = None) -> None:
        with (self._folder / f"log-{len(self.children)}").open("w") as log:
            self.children.append(
                subprocess.Popen(
                    [str(part) for part in command], cwd=self._folder, stdout=log, stderr=log,
                    env=os.environ | _ENVIRONMENT | self._environment, start_new_session=True,
                    stdin=subprocess.DEVNULL, user=user,
                )
            )  # fmt: skip

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


def _where(program: str) -> str | None:
    return shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _until(condition: Callable[[], bool], otherwise: str, folder: Path) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        if time.monotonic() > deadline:
            logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in
                             [*folder.glob("log-*"), *folder.glob("*.log")])  # fmt: skip
            raise RuntimeError(f"{otherwise}\n{logs}")
        time.sleep(0.1)
