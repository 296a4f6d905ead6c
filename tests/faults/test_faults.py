"""Faults: each is injected for real, a few times, and nothing is lost, twice or half."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.faults.__main__ import right
from tests.faults.fault import Outcome

# One of a kind; the whole table takes a quarter of an hour. The first three show that it works.
SHORT = (
    "folder moved",
    "too little memory",
    "landscape, Ctrl-C",
    "disk full",
    "loss of power",
    "being migrated",
    "SIGTERM",
    "PostgreSQL goes away",
    "landscape, disk full",
    "landscape, SIGTERM",
    "landscape, SIGKILL",
    "trainer hangs",
    "trainer calls os._exit",
)
GOOD = Outcome(expected=3, found=3, twice=0, half=0, message="full; free some", hint="full; free")


@pytest.mark.slow
@pytest.mark.parametrize("names", [SHORT[:3], SHORT[3:]], ids=["few", "others"])
def test_every_kind_of_fault_loses_nothing_and_says_what_to_do(names):
    # From a process without threads: the sweeps are forked from it.
    ended = subprocess.run(
        [sys.executable, "-m", "tests.faults", "--times", "1", "--row", "1", "--only", *names],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert " 0 not as it must be" in ended.stdout
    rows = [line for line in ended.stdout.splitlines() if line.startswith("| ")]
    assert all(any(word in row for row in rows) for word in names)


@pytest.mark.parametrize(
    "change",
    [
        {"found": 2},
        {"found": 4, "twice": 1},
        {"half": 1},
        {"message": "Traceback: OSError"},
    ],
)
def test_what_is_lost_twice_half_or_not_explained_is_not_right(change):
    assert right(GOOD)
    assert not right(Outcome(**vars(GOOD) | change))
