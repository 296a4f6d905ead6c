"""A digest of the source code that decides a result: what a worker imports, and nothing else."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Mapping, Sequence
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
    sources = _sources(package)
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        if name not in sources or name in found:
            continue
        path = found[name] = sources[name]
        waiting += [name.rpartition(".")[0], *_imported(name, path, sources)]
    return found


def _sources(package: Path) -> dict[str, Path]:
    """The source files of a package by the dotted names of their modules.

    The folders are listed once: to ask for each name whether there is its file takes longer than
    all else.
    """
    modules: dict[str, Path] = {}
    packages: dict[str, Path] = {}
    for folder, _, names in os.walk(package):
        parts = (package.name, *Path(folder).relative_to(package).parts)
        for name in names:
            stem = name.removesuffix(".py")
            if stem != name:
                kind, ends = (packages, parts) if stem == "__init__" else (modules, (*parts, stem))
                kind[".".join(ends)] = Path(folder, name)
    return modules | packages


def _imported(name: str, path: Path, sources: Mapping[str, Path]) -> Iterator[str]:
    """Names that a file imports from the package; some are of functions and classes."""
    source = path.read_text(encoding="utf-8")
    # A search for fixed text first takes a fraction of a regular expression's time.
    folders = _DISCOVERED.findall(source) if 'package="' in source else []
    if path.name == "__init__.py" and "__path__" in source:
        folders.append(name)
    for folder in folders:
        yield from _modules(folder, sources)
    # A regular expression takes a tenth of the time of a syntax tree.
    first = name.partition(".")[0]
    if "if TYPE_CHECKING:" in source:
        source = _FOR_TYPES.sub("", source)
    for module, names in _IMPORT.findall(source):
        if module.partition(".")[0] == first:
            yield module
            yield from (f"{module}.{other}" for other in re.findall(r"\w+", names))


def _modules(name: str, sources: Mapping[str, Path]) -> Iterator[str]:
    """Dotted names of a package, and of the modules and packages in its folder."""
    if name in sources:
        yield name
        for other, path in sources.items():
            folder, _, stem = other.rpartition(".")
            if folder == name and (path.name == "__init__.py" or not stem.startswith("_")):
                yield other
