"""A digest of the source code that decides a result: what a worker imports, and nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

# The modules that workers load by name.
LOADED_BY_NAME = ("xorlab.networks.trainer", "xorlab.landscapes.landscape")
# And those that they start from; a job of Slurm starts from its spool.
WORKER_MODULES = ("xorlab.engines.worker", "xorlab.engines.slurm_spool", *LOADED_BY_NAME)
_PACKAGE = Path(__file__).parent.parent
_DISCOVERED = re.compile(r'\bpackage="([\w.]+)"')
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ ].*\n|\n)*", re.MULTILINE)
_IMPORT = re.compile(
    r"^[ ]*(?:from|import)[ ]+([\w.]+)(?:[ ]+import[ ]+(\([^)]*\)|.*))?", re.MULTILINE
)


@cache
def code_digest(package: Path = _PACKAGE) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of all sources that a worker imports."""
    digest = hashlib.sha256()
    for name, path in sorted(import_closure(WORKER_MODULES, package).items()):
        digest.update(f"{name}\0".encode() + path.read_bytes() + b"\0")
    return digest.hexdigest()[:12]


def import_closure(modules: Sequence[str], package: Path) -> dict[str, Path]:
    """Modules, what they import from their package, and what that imports, without importing it.

    Imports within functions count, imports for type checkers do not. A package whose ``__init__``
    uses ``__path__`` imports every module that it finds in its folder; so does a class of which
    the choices are the modules of a folder, declared with ``package="..."``.

    Args:
        modules: dotted names of modules of the package.
        package: the folder of the package.

    Returns:
        the files, by the dotted names of the modules.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _file(name, package)
        if path is None or name in found:
            continue
        found[name] = path
        waiting += [name.rpartition(".")[0], *_imported(name, path, package)]
    return found


def _file(name: str, package: Path) -> Path | None:
    """The source file of a module; None where there is no such module in the package."""
    first, *parts = name.split(".")
    if first != package.name:
        return None
    stem = package.joinpath(*parts)
    for path in (stem / "__init__.py", stem.with_suffix(".py")):
        if path.is_file():
            return path
    return None


def _imported(name: str, path: Path, package: Path) -> Iterator[str]:
    """Names that a file imports from the package; some are of functions and classes."""
    source = path.read_text(encoding="utf-8")
    folders = _DISCOVERED.findall(source)
    if path.name == "__init__.py" and "__path__" in source:
        folders.append(name)
    for folder in folders:
        yield from _modules(folder, package)
    # A regular expression takes a tenth of the time of a syntax tree.
    for module, names in _IMPORT.findall(_FOR_TYPES.sub("", source)):
        if module.partition(".")[0] == package.name:
            yield module
            yield from (f"{module}.{other}" for other in re.findall(r"\w+", names))


def _modules(name: str, package: Path) -> Iterator[str]:
    """Dotted names of the modules and packages in a package's folder."""
    init = _file(name, package)
    if init is not None:
        yield name
        yield from (f"{name}.{path.stem}" for path in init.parent.glob("[!_]*.py"))
        yield from (f"{name}.{path.parent.name}" for path in init.parent.glob("*/__init__.py"))
