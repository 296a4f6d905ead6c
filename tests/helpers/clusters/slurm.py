"""A Slurm controller with one node of two cores, on loopback."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.helpers.clusters.cluster import Cluster
from tests.helpers.clusters.processes import Processes, free_port, until, where


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
            where("munged"),
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
        until((munge / "socket").exists, "munged does not start", folder)
        heads = [processes.start(where("slurmctld"), "-D", "-c")]

        def asked(*command: str) -> str:
            ended = subprocess.run(
                command, env=os.environ | environment, capture_output=True, text=True, check=False
            )
            return ended.stdout

        def start_node() -> None:
            processes.start(where("slurmd"), "-D", "-N", name)
            until(
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
            lambda: heads.append(processes.start(where("slurmctld"), "-D")),
            start_node,
            lambda: asked("scancel", "--name=xorlab"),
        )
        asked("scancel", "--name=xorlab")
        # Jobs outlive the daemons that began them.
        until(lambda: not asked("squeue", "--noheader"), "jobs do not end", folder)


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
