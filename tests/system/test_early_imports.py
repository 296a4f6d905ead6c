"""Modules that are imported in a thread: at hand later, or given up at the next module."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from xorlab.system.early_imports import EarlyImport
from xorlab.system.streams import prints

SLOW = "import time\nfor _ in range(100): time.sleep(0.01)\n"


@pytest.fixture
def modules(tmp_path, monkeypatch):
    """Two modules, of which the first takes a second before it imports the second."""
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "early_first.py").write_text(f"{SLOW}import early_second\n")
    (tmp_path / "early_second.py").write_text("open('imported', 'w').close()\n")
    monkeypatch.chdir(tmp_path)
    yield
    for name in ("early_first", "early_second"):
        sys.modules.pop(name, None)


def test_who_needs_the_module_waits_for_it(modules):
    EarlyImport("early_first").start()
    import early_first  # type: ignore[import-not-found]

    assert early_first.early_second
    assert not any(isinstance(finder, EarlyImport) for finder in sys.meta_path[1:])


def test_an_interrupt_of_a_command_gives_it_up(modules):
    early = EarlyImport("early_first")

    @prints("anything")
    def interrupted() -> int:
        early.start()
        early.start()
        time.sleep(0.1)
        raise KeyboardInterrupt

    assert interrupted() == 130
    for thread in threading.enumerate():
        if thread.name == "xorlab-import":
            thread.join(20)
    assert not Path("imported").exists()
    assert "early_first" not in sys.modules
    assert early not in sys.meta_path


def test_a_module_that_is_not_there_is_reported_by_who_needs_it(capfd):
    early = EarlyImport("no_such_module")
    early.start()
    EarlyImport.give_up()
    for thread in threading.enumerate():
        if thread.name == "xorlab-import":
            thread.join(20)
    assert capfd.readouterr().err == ""
