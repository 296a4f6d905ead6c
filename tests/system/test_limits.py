"""Limits of the shell: refused in one line before anything starts, or raised."""

from __future__ import annotations

import resource
import subprocess
import sys
from pathlib import Path

import pytest

from xorlab.commands.report import main as report
from xorlab.system.limits import free_descriptors

SWEEP = ("-m", "seed=range(0,48)", "training.epochs=20", "tracking.report=false")


@pytest.fixture
def soft_limit():
    """Sets how many files this process may open, as far as it may raise that itself."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield lambda soft: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, before[1]))
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_limit_that_may_be_raised_is_raised(soft_limit):
    soft_limit(len(list(Path("/proc/self/fd").iterdir())) + 5)
    assert free_descriptors(100) == 100
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    assert free_descriptors(50) == 100
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == soft


@pytest.mark.parametrize("workers", [24, pytest.param(4, marks=pytest.mark.slow)])
def test_workers_for_which_no_files_can_be_open_are_refused_before_anything_starts(
    workers, store_file
):
    line = f'ulimit -n 64; exec {sys.executable} -m xorlab "$@" hydra.launcher.workers={workers}'
    ended = subprocess.run(
        ["bash", "-c", line, "bash", *SWEEP], capture_output=True, text=True, check=False
    )
    if workers == 4:
        assert (ended.returncode, ended.stderr) == (0, "")
        return
    assert (ended.returncode, ended.stdout) == (2, "")
    assert "hydra.launcher.workers=24: must be at most 1" in ended.stderr
    assert "(ulimit -n)" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_removed_working_folder_is_named(command, tmp_path, monkeypatch, capfd):
    folder = tmp_path / "removed"
    folder.mkdir()
    monkeypatch.chdir(folder)
    folder.rmdir()
    for arguments in (("seed=1",), SWEEP, (f"tracking.uri=sqlite:///{tmp_path}/mlflow.db",)):
        ended = command(*arguments)
        assert (ended.code, ended.out) == (2, "")
        assert ended.err == (
            "xorlab: the working folder was removed or cannot be read; change to another one\n"
        )
    assert report(["latest"]) == 2
    assert "the working folder was removed" in capfd.readouterr().err
    assert list(tmp_path.glob("mlflow*")) == []


def test_python_without_assertions_is_refused():
    ended = subprocess.run(
        [sys.executable, "-O", "-m", "xorlab", *SWEEP], capture_output=True, text=True, check=False
    )
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("xorlab: python -O leaves out assertions")
    assert ended.stderr.count("\n") == 1
