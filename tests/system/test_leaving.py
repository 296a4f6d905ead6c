"""An interrupted command ends, whatever threads still do."""

from __future__ import annotations

import subprocess
import sys

import pytest

# A command that is interrupted while threads of a library wait for a minute.
WAITING = """
import threading, time
from concurrent.futures import ThreadPoolExecutor
from xorlab.system.deadline import within
from xorlab.system.leaving import leave
from xorlab.system.streams import prints

def wait():
    {wait}

@prints("waiting")
def main():
    wait()
    print("results", flush=True)
    raise KeyboardInterrupt

leave(main())
"""
WAYS = [
    "threading.Thread(target=time.sleep, args=(60,)).start()",
    "within(5, lambda: ThreadPoolExecutor(1).submit(time.sleep, 60))",  # as MLflow downloads
]


@pytest.mark.parametrize("wait", WAYS)
def test_an_interrupted_command_does_not_wait_for_threads_of_a_library(wait):
    command = [sys.executable, "-c", WAITING.format(wait=wait)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, "results\n", "")
