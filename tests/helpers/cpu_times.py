"""A pytest plug-in: CPU seconds of each test, its child processes included, slowest first.

Usage: python -m pytest -p tests.helpers.cpu_times ... (without -n, which counts other processes)

Wall time depends on what else the machine does; CPU time hardly does.
"""

from __future__ import annotations

import os
from collections import defaultdict
from pathlib import PurePosixPath

import pytest

_SHOWN = 30
_seconds: dict[str, float] = {}


def _cpu() -> float:
    times = os.times()
    return times.user + times.system + times.children_user + times.children_system


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item: pytest.Item):
    """Fixtures count for the test that needs them first."""
    began = _cpu()
    try:
        return (yield)
    finally:
        _seconds[item.nodeid] = _cpu() - began


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the tests that take longest, and the sum of each folder."""
    folders: dict[str, float] = defaultdict(float)
    for name, seconds in _seconds.items():
        folders[str(PurePosixPath(name.partition("::")[0]).parent)] += seconds
    terminalreporter.section("CPU seconds")
    for name, seconds in sorted(_seconds.items(), key=lambda pair: -pair[1])[:_SHOWN]:
        terminalreporter.write_line(f"{seconds:8.1f}  {name}")
    for name, seconds in sorted(folders.items()):
        terminalreporter.write_line(f"{seconds:8.1f}  {name}/")
    terminalreporter.write_line(f"{_cpu():8.1f}  all, imports included")
