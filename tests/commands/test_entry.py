"""Ctrl-C while a command is imported: it ends at once, and prints nothing."""

from __future__ import annotations

import signal
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

# A finder that is asked for each module first: it interrupts at the one that is named.
CHILD = """
import os, signal, sys

class Interrupting:
    def find_spec(self, name, path=None, target=None):
        if name == "xorlab.system.streams":
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["command", "--help"]
from xorlab.commands.entry import {name}
sys.exit({name}())
"""
SCRIPTS = tomllib.loads(Path("pyproject.toml").read_text())["project"]["scripts"]
COMMANDS = [target.partition(":")[2] for target in SCRIPTS.values()]


@pytest.mark.parametrize("name", COMMANDS)
@pytest.mark.parametrize(
    ("handler", "code"), [(signal.default_int_handler, -signal.SIGINT), (signal.SIG_IGN, 0)]
)
def test_an_interrupt_during_the_imports_ends_a_command_unless_it_is_ignored(name, handler, code):
    done = subprocess.run(
        [sys.executable, "-c", CHILD.format(name=name)],
        preexec_fn=lambda: signal.signal(signal.SIGINT, handler),
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == code
    assert done.stderr == ""


def test_every_installed_command_begins_there():
    assert {target.partition(":")[0] for target in SCRIPTS.values()} == {"xorlab.commands.entry"}
