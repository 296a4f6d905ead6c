"""A loss of power: what the disk had not been given by then is gone."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from random import Random

from tests.faults.fault import Fault, Outcome
from tests.faults.stored import recorded, without_files
from tests.faults.sweeps import SWEEP, in_a_row, sweeping, until

_SIZE = 96  # MiB
_LOST = "the power was lost"


@cache
def no_disks() -> str | None:
    """Why disks cannot be made of files here; None if they can."""
    with tempfile.TemporaryDirectory() as name:
        try:
            with on_a_disk(Path(name, "work")):
                return None
        except (OSError, subprocess.CalledProcessError):
            return "making a disk of a file is not permitted"


@contextlib.contextmanager
def on_a_disk(folder: Path) -> Iterator[None]:
    """Within: the folder is an ext4 file system in a file, with a journal and delayed writes."""
    folder.mkdir(parents=True)
    image = _image(folder)
    with image.open("wb") as file:
        file.truncate(_SIZE << 20)
    subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
    _mount(folder)
    try:
        yield
    finally:
        _unmount(folder)


def _image(folder: Path) -> Path:
    return folder.with_name("disk.img")


def _mount(folder: Path) -> None:
    command = ["mount", "-o", "loop", str(_image(folder)), str(folder)]
    subprocess.run(command, check=True, capture_output=True)


def _unmount(folder: Path) -> None:
    command = ["umount", str(folder)]
    until(lambda: subprocess.run(command, check=False, capture_output=True).returncode == 0, "busy")


def power_lost(folder: Path, rng: Random) -> str | None:
    """In the middle of a sweep: the disk goes on as it was at that moment."""
    subprocess.run(["sync", "-f", str(folder)], check=True)
    after = folder.with_name("after.img")
    some = recorded(folder / "mlflow.db") + rng.randrange(1, 12)
    with sweeping(folder, *SWEEP) as child:
        until(
            lambda: child.poll() is not None or recorded(folder / "mlflow.db") >= some,
            "the sweep does not get on",
            child,
        )
        with contextlib.suppress(ProcessLookupError):  # so that nothing moves while it is copied
            os.killpg(child.pid, signal.SIGSTOP)
        shutil.copyfile(_image(folder), after)
    _unmount(folder)
    after.replace(_image(folder))
    _mount(folder)
    lacking = without_files(folder / "mlflow.db")
    assert not lacking, f"{lacking} finished runs lack files"
    return _LOST


def _inject(folder: Path, rng: Random) -> Outcome:
    with on_a_disk(folder):
        return in_a_row(power_lost, _LOST)(folder, rng)


FAULTS = (Fault("loss of power", _inject, 4, no_disks),)
