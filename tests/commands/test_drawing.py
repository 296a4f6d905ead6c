"""The process that draws the picture of a run."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from xorlab.analysis.figures.run_picture import run_png
from xorlab.analysis.figures.surface import run_arrays, surface_of
from xorlab.commands.built_in import main
from xorlab.commands.drawing import Drawing, draws_picture

STEPS, LOSS = np.array([0, 10, 20]), np.array([0.3, 0.2, 0.1])
CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
TARGETS = CORNERS[:, :1]
SURFACE = surface_of(lambda inputs: inputs, CORNERS)
ARRAYS = run_arrays(STEPS, LOSS, 10, (CORNERS, TARGETS), SURFACE)


@pytest.fixture
def here():
    """The picture as this process draws it."""
    return run_png(ARRAYS)


@pytest.fixture
def not_imported(here, monkeypatch):
    """As in a command that has just begun."""
    monkeypatch.delitem(sys.modules, "matplotlib.figure")


def test_the_surface_is_the_first_output_around_the_patterns():
    assert SURFACE.shape == (101, 101)
    assert (SURFACE[:, 0], SURFACE[:, -1]) == (pytest.approx(-0.25), pytest.approx(1.25))
    assert (np.diff(SURFACE, axis=0) == 0).all()


def test_the_process_draws_what_is_drawn_here_and_ends(not_imported, here):
    with Drawing() as drawing:
        drawing.start()
        process = drawing.process
        drawing.start()
        assert drawing.process is process
        assert drawing.png(ARRAYS) == here
    assert process.returncode == 0
    with Drawing() as unused:
        unused.start()
        process = unused.process
    assert process.returncode < 0


@pytest.mark.parametrize("python", ["/nowhere/python", sys.executable])
def test_without_a_process_the_picture_is_drawn_here(not_imported, here, monkeypatch, python):
    monkeypatch.setattr(sys, "executable", python)
    with Drawing() as drawing:
        drawing.start()
        if drawing.process is not None:
            drawing.process.kill()
        assert drawing.png(ARRAYS) == here


def test_where_matplotlib_is_imported_no_process_starts(here):
    with Drawing() as drawing:
        drawing.start()
        assert drawing.process is None


@pytest.mark.parametrize(
    "words",
    [
        ["-m", "seed=1,2"],
        ["--help"],
        ["--trainer", "digits"],
        ["plan=true"],
        ["landscape.x=seed"],
        ["+study=kolen1990"],
        ["hydra.mode=MULTIRUN"],
    ],
)
def test_only_what_looks_like_a_single_run_starts_to_draw_at_once(words, monkeypatch):
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert draws_picture([])
    assert draws_picture(["seed=3", "task=parity"])
    assert not draws_picture(words)
    monkeypatch.setattr("os.cpu_count", lambda: 1)
    assert not draws_picture([])


def test_the_command_draws_from_its_start_and_leaves_no_process(monkeypatch, not_imported):
    processes = []

    def built_in(drawing):
        processes.append(drawing.process)
        return 0

    monkeypatch.setattr("sys.argv", ["xorlab", "seed=3"])
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    monkeypatch.setattr("xorlab.commands.main.run_built_in", built_in)
    assert main() == 0
    (process,) = processes
    assert process.returncode < 0


# Importing NumPy takes a minute.
SLOW = """
import sys, time

class Slow:
    def find_spec(self, name, path=None, target=None):
        if name == "numpy":
            time.sleep(60)

sys.meta_path.insert(0, Slow())
from xorlab.analysis.figures.picture_process import main
main()
"""


def test_where_nothing_comes_it_ends_without_a_word_in_the_middle_of_its_imports():
    command = [sys.executable, "-c", SLOW]
    ended = subprocess.run(command, input=b"", capture_output=True, check=True, timeout=30)
    assert (ended.stdout, ended.stderr) == (b"", b"")
