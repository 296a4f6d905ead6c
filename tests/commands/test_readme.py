"""README and guides: every command in them works as written."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
import shlex
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

import xorlab
from tests.conftest import ROOT
from tests.helpers.postgres import no_postgres, serving_postgres
from tests.helpers.servers import QUIET

DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "experiments").rglob("*.md"))]
TEXT = "\n".join(document.read_text() for document in DOCUMENTS)
SHELL = re.findall(r"^```sh\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
PYTHON = re.findall(r"^```python\n(.*?)^```$", TEXT, flags=re.MULTILINE | re.DOTALL)
MODULES = [block for block in PYTHON if block.startswith("# ")]  # the name is in the first line
# A backslash goes on with a command in the next line.
LINES = [line for block in SHELL for line in re.sub(r" \\\n +", " ", block).splitlines()]
MAKE = [line for line in LINES if line.startswith("make ")]
BENCHMARKS = [line for line in LINES if line.startswith("python -m tests.benchmarks")]
SERVERS = [line for line in LINES if line.startswith("mlflow ")]
DATABASE, FILES = "postgresql://xorlab@db.example/runs", "/srv/xorlab"  # of the team, in the text
TEAM = [line for line in LINES if DATABASE in line or "127.0.0.1:5056" in line]
ENGINES = [line for line in LINES if "hydra.launcher.engine=" in line]  # see test_engines
OWN = [line for line in LINES if "--trainer" in line]  # see trainers/test_landscapes
ELSEWHERE = MAKE + BENCHMARKS + SERVERS + TEAM + ENGINES + OWN
HERE = [line for line in LINES if line not in ELSEWHERE]
COMMANDS = [line for line in HERE if line.split()[0] == "xorlab" and "127.0.0.1" not in line]
# What makes a command take a second.
FEWER = {
    r"range\(0,\d+\)": "range(0,2)",
    r"(landscape\.(?:width|height))=\d+": r"\1=6",
    r"training\.epochs=\d+": "",
}
MORE = {
    "": ["training.epochs=20"],
    "-m": ["hydra.launcher.executor=inline"],
    "landscape": ["hydra.launcher.executor=inline"],
    "+study=first": ["seed=range(0,2)"],
    "hydra/sweeper=precision": ["hydra.sweeper.first_round=2", "hydra.sweeper.max_seeds=3"],
}


def environment() -> dict[str, str]:
    """The one that activating the environment gives, and the checkout for `python -m tests`."""
    folder = str(Path(sys.executable).parent)
    return os.environ | {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        **QUIET,
    }


def run(line: str, folder: Path) -> str:
    ended = subprocess.run(
        ["bash", "-euc", line],
        cwd=folder,
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, f"{line}\n{ended.stdout}\n{ended.stderr}"
    return ended.stdout


@contextlib.contextmanager
def serving(line: str, folder: Path):
    """Within: the server that a line starts answers."""
    port = re.search(r"--port (\d+)", line)
    address = f"http://127.0.0.1:{port[1] if port else 5000}"
    child = subprocess.Popen(
        ["bash", "-euc", f"exec {line}"],
        cwd=folder,
        env=environment(),
        start_new_session=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 120
        while True:
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/health") as page:
                if page.status == 200:
                    break
            assert child.poll() is None, line
            assert time.monotonic() < deadline, line
            time.sleep(0.3)
        yield
    finally:
        os.killpg(child.pid, 9)
        child.wait()


def small(line: str) -> list[str]:
    """The arguments of a command, for fewer and shorter runs."""
    if "--help" in line:
        return shlex.split(line)[1:]
    for pattern, fewer in FEWER.items():
        line = re.sub(pattern, fewer, line)
    more = [words for mark, words in MORE.items() if mark in line]
    if "hydra/launcher=" in line:
        more.remove(MORE["-m"])  # a launcher without this key
    return [*shlex.split(line)[1:], *itertools.chain(*more)]


@pytest.mark.parametrize("line", COMMANDS)
def test_a_command_runs_in_small(line, command, store_file, tmp_path):
    if "training.backend=compiled" in line:
        pytest.importorskip("llvmlite", reason="needs xorlab[compiled]")
    (tmp_path / "mine.csv").write_text("x1,x2,y\n0,0,0\n0,1,1\n1,0,1\n1,1,1\n")
    ended = command(*small(line))
    assert (ended.code, ended.err) == (0, "")
    assert ended.out


@pytest.mark.slow
def test_the_commands_run_one_after_the_other_in_one_folder(tmp_path, store_file):
    printed = {}
    for block in MODULES:
        (tmp_path / block[2:].partition(":")[0]).write_text(block)
    readme = DOCUMENTS[0].read_text()
    for line in HERE:
        if "127.0.0.1" in line:
            continue
        if line in COMMANDS and line not in readme:
            # Those of the guides take minutes together: they run in small above, and here if
            # something in the text may read what they record.
            if "tracking.experiment=" in line:
                run(re.sub(r"range\(0,\d+\)", "range(0,4)", line), tmp_path)
            continue
        printed[line] = run(line, tmp_path)
    sweep = next(line for line in HERE if "range(0,100)" in line and "lr=0.1,0.5,2" in line)
    assert "900 runs: " in printed[sweep]  # one of them was trained alone before
    for block in PYTHON:
        if block.startswith("# "):
            continue  # a file
        ended = subprocess.run(
            [sys.executable, "-c", block],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stderr
        assert ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize("server", [line for line in SERVERS if line not in TEAM])
def test_the_servers_start_and_take_runs(server, tmp_path, store_file):
    with serving(server, tmp_path):
        for line in HERE:
            port = re.search(r"127\.0\.0\.1:(\d+)", line)
            if port and f"--port {port[1]}" in server:
                assert "10 runs in" in run(line, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(no_postgres() is not None, reason=str(no_postgres()))
def test_the_team_keeps_its_runs_in_postgresql(tmp_path):
    with serving_postgres() as postgres:
        uri = postgres.create("runs")
        direct, server, through = [
            line.replace(DATABASE, uri).replace(FILES, str(tmp_path / "srv")) for line in TEAM
        ]
        assert "10 runs in" in run(direct, tmp_path)
        with serving(server, tmp_path):
            assert "10 runs in" in run(through, tmp_path)
        assert len(xorlab.load_runs(uri)) == len(xorlab.load_runs(uri, "pilot")) == 10


def test_the_two_first_commands_are_the_ones_that_the_checks_run():
    assert MAKE == ["make sweep", "make test"]
    ci = ROOT / ".ci" / "run"
    if ci.exists():  # not in a copy of the tests beside an installed wheel
        assert all(line in ci.read_text().splitlines() for line in MAKE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_what_a_document_links_to_is_there(document):
    for target in re.findall(r"\]\((?!http)([^)]+)\)", document.read_text()):
        assert (document.parent / target).exists(), target


def test_every_guide_is_linked_from_the_readme():
    links = set(re.findall(r"\]\(([^)]+\.md)\)", (ROOT / "README.md").read_text()))
    assert {str(document.relative_to(ROOT)) for document in DOCUMENTS[1:]} <= links


def test_the_readme_is_short():
    assert len((ROOT / "README.md").read_text().splitlines()) <= 200


@pytest.mark.slow
@pytest.mark.parametrize("line", BENCHMARKS)
def test_a_benchmark_prints_its_tables(line, tmp_path):
    printed = run(line, tmp_path)
    assert all(f"2-{hidden}-1" in printed for hidden in (2, 4, 16))
    assert "xorlab compiled" in printed
    assert ("mini-batches of 16" in printed) == ("backends" in line)
