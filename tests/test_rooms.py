"""The structure: packages import one way, there are no import cycles, one package knows MLflow."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

# Packages in order: each may import those before it, never those after it.
PACKAGES = (
    "system",  # errors.py counts as a part of it
    "config",
    "trainers",
    "engines",
    "analysis",
    "landscapes",
    "networks",
    "tracking",
    "failures",
    "studies",
    "sweeps",
    "commands",
)
TOP = {
    "__init__": "commands",
    "__main__": "commands",
    "errors": "system",
    "plot": "commands",
    "testing": "commands",
}
SOURCES = sorted((ROOT / "xorlab").rglob("*.py"))
MODULES = {
    ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path
    for path in SOURCES
}


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def package(module: str) -> str:
    """The package of a module such as xorlab.config.schema."""
    first = (*module.split("."), "__init__")[1]
    return TOP.get(first, first)


def imported(path: Path, *, at_run_time: bool = False) -> set[str]:
    """Modules that a file imports, anywhere in it; optionally without imports for types alone."""
    tree = ast.parse(path.read_text())
    typing_only = {
        inner
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names = set()
    for node in ast.walk(tree):
        if at_run_time and node in typing_only:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                names.add(inner if inner in MODULES else node.module)
    return names


def test_every_package_has_its_place_in_the_order():
    found = {path.name for path in (ROOT / "xorlab").iterdir() if (path / "__init__.py").exists()}
    assert found == set(PACKAGES)
    assert {path.stem for path in (ROOT / "xorlab").glob("*.py")} == set(TOP)


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_packages_import_one_way(path):
    if path == ROOT / "xorlab" / "__init__.py":
        return  # the public names, each imported when it is first used
    (module,) = (name for name, source in MODULES.items() if source == path)
    own = PACKAGES.index(package(module))
    for name in imported(path):
        if name.startswith("xorlab."):
            assert PACKAGES.index(package(name)) <= own, f"{name_of(path)} imports {name}"


def test_there_are_no_import_cycles():
    left = {
        name: {other for other in imported(path, at_run_time=True) if other in MODULES} - {name}
        for name, path in MODULES.items()
        if name != "xorlab"
    }
    while ready := [name for name, others in left.items() if not others & left.keys()]:
        for name in ready:
            del left[name]
    assert not left, f"these modules import one another: {sorted(left)}"


def test_only_tracking_imports_mlflow():
    knowing = {
        package(name)
        for name, path in MODULES.items()
        if any(other.partition(".")[0] == "mlflow" for other in imported(path))
    }
    assert knowing == {"tracking"}


@pytest.mark.parametrize("name", ["networks", "analysis", "landscapes", "failures", "studies"])
def test_mathematics_and_statistics_know_nothing_of_hydra(name):
    for path in sorted((ROOT / "xorlab" / name).rglob("*.py")):
        known = {other.partition(".")[0] for other in imported(path)}
        assert not known & {"hydra", "omegaconf"}, path


def test_analysis_works_on_any_table():
    allowed = {"numpy", "scipy", "pandas", "matplotlib", "jinja2", *sys.stdlib_module_names}
    for name, path in MODULES.items():
        if package(name) != "analysis":
            continue
        for other in imported(path):
            if other.startswith("xorlab."):
                assert other == "xorlab.errors" or package(other) == "analysis", (name, other)
            else:
                assert other.partition(".")[0] in allowed, (name, other)


def test_importing_analysis_loads_nothing_else_of_ours():
    code = (
        "import importlib, sys\n"
        "for name in sys.argv[1:]:\n    importlib.import_module(name)\n"
        "print(*sys.modules)"
    )
    modules = [name for name in MODULES if package(name) == "analysis"]
    command = [sys.executable, "-c", code, *modules]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    loaded = set(ended.stdout.split())
    assert loaded >= set(modules)
    assert not loaded & {"mlflow", "hydra", "omegaconf"}
    ours = {name for name in loaded if name.startswith("xorlab.")}
    assert ours <= {*modules, "xorlab.errors"}


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_files_are_short(path):
    assert len(path.read_text().splitlines()) <= 300


def test_nothing_is_unpickled_evaluated_or_drawn_from_a_global_generator():
    forbidden = (
        "pickle.load",
        "eval(",
        "exec(",
        "np.random.seed",
        "allow_pickle=True",
        "os.chdir",
    )
    for path in SOURCES:
        text = path.read_text()
        if path.stem == "working_folder":  # it undoes what a user's trainer did
            text = text.replace("os.chdir(_folder)", "")
        for word in forbidden:
            assert word not in text, (path, word)
