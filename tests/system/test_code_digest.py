"""The digest of the code: everything that a worker runs, and nothing else."""

from __future__ import annotations

import ast
import os
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.engines.test_local import work_of
from tests.test_rooms import MODULES, imported
from xorlab.engines.wire import pack_work
from xorlab.engines.worker import pack_request
from xorlab.system.code_digest import WORKER_MODULES, code_digest, import_closure
from xorlab.system.environment import environment

PACKAGE = ROOT / "xorlab"
# Every process that starts with this in its path notes which modules it imports.
NOTES_IMPORTS = """
import os, sys

def note(event, arguments):
    if event == "import" and arguments[0].startswith("xorlab"):
        with open({file!r}, "a") as file:
            file.write(f"{{os.getpid()}} {{arguments[0]}}\\n")

sys.addaudithook(note)
"""
# Trains a shard in a worker process, as a sweep does.
TRAINS = """
import os
from xorlab.engines.local import Processes
from xorlab.engines.wire import unpack_work

if __name__ == "__main__":
    executor = Processes(1)
    with open({request!r}, "rb") as file:
        (result,) = executor.submit(unpack_work(file.read())).result()
    executor.close()
    assert not result.failures
    print(os.getpid())
"""
TRAINS_ON_A_CLUSTER = """
from xorlab.engines.slurm_spool import run_packed

with open({request!r}, "rb") as file:
    run_packed(file.read())
print(0)
"""


@pytest.fixture(scope="module")
def closure() -> set[str]:
    return set(import_closure(WORKER_MODULES, PACKAGE))


@pytest.mark.parametrize("program", [TRAINS, TRAINS_ON_A_CLUSTER])
def test_it_covers_every_module_that_a_worker_imports(program, closure, tmp_path):
    notes, request = tmp_path / "notes", tmp_path / "request"
    (tmp_path / "sitecustomize.py").write_text(NOTES_IMPORTS.format(file=str(notes)))
    work = work_of(2, 9)
    request.write_bytes(pack_work(work) if program == TRAINS else pack_request(work))
    out = subprocess.run(
        [sys.executable, "-c", program.format(request=str(request))],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": f"{tmp_path}{os.pathsep}{ROOT}"},
    )
    sweep = out.stdout.strip()  # the process that only sends the shard to a worker
    noted = (line.split() for line in notes.read_text().splitlines())
    workers = {name for process, name in noted if process != sweep}
    assert workers <= closure
    assert workers >= {"xorlab.engines.wire", "xorlab.networks.loop"}


def declared_packages(source: str) -> set[str]:
    """Packages that the classes of a file name as the place of their choices."""
    return {
        keyword.value.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ClassDef)
        for keyword in node.keywords
        if keyword.arg == "package" and isinstance(keyword.value, ast.Constant)
    }


def test_imports_are_found_as_python_finds_them(closure):
    """By syntax trees, with packages whose modules are found by their names."""
    found: set[str] = set()
    waiting = {*WORKER_MODULES}
    while waiting:
        name = waiting.pop()
        found.add(name)
        others = {other for other in imported(MODULES[name], at_run_time=True) if other in MODULES}
        others |= {name.rpartition(".")[0]} - {""}
        source = MODULES[name].read_text()
        folders = declared_packages(source)
        if MODULES[name].name == "__init__.py" and "__path__" in source:
            folders.add(name)
        others |= folders
        others |= {other for other in MODULES if other.rpartition(".")[0] in folders}
        waiting |= others - found
    assert closure == found


@pytest.mark.parametrize(
    "name",
    [
        "engines/work.py",
        "engines/wire.py",
        "engines/worker.py",
        "networks/loop.py",
        "networks/metrics/accuracy.py",
        "networks/optimizers/adam.py",
        "networks/tasks/table_file.py",
    ],
)
def test_a_change_of_what_workers_run_changes_it(name, changed):
    assert changed(name) != environment()["code"]


@pytest.mark.parametrize(
    "name",
    [
        "analysis/statistics/survival.py",
        "commands/app.py",
        "config/help.py",
        "engines/local.py",
        "sweeps/launch.py",
        "tracking/write/record.py",
    ],
)
def test_a_comment_elsewhere_changes_nothing(name, changed):
    assert changed(name) == environment()["code"]


@pytest.fixture
def changed(tmp_path):
    """The digest of a copy of the package with one more comment in a file."""

    def digest(name: str) -> str:
        for path in PACKAGE.rglob("*.py"):
            copy = tmp_path / path.relative_to(ROOT)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        with (tmp_path / "xorlab" / name).open("a") as file:
            file.write("# A comment\n")
        return code_digest(tmp_path / "xorlab")

    return digest
