"""Trainers by name: how a command line and a worker load one, and refuse another version of it."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

from xorlab.errors import EngineError, UsageError


@dataclass(frozen=True)
class Reference:
    """Where a trainer is defined.

    Attributes:
        attribute: its name in the module.
        module: dotted name of the module; None where the file is loaded by its path.
        file: the module's source file; None for a part of xorlab, which has its own digest.
        digest: SHA-256 of the file.
    """

    attribute: str
    module: str | None
    file: str | None = None
    digest: str | None = None

    def header(self) -> dict[str, Any]:
        """As JSON can hold it."""
        return asdict(self)

    @classmethod
    def to(cls, function: Callable[..., Any]) -> Reference | None:
        """To a function at the top of a module; None where it is nowhere in a file."""
        path = source_file(function)
        if path is None or "." in function.__qualname__:
            return None
        module: str | None = function.__module__
        if module == "__main__":
            spec = sys.modules["__main__"].__spec__
            module = None if spec is None else spec.name
        if module is not None and "." not in module:
            module = None
        return cls(function.__name__, module, str(path), file_digest(path))


def source_file(function: Callable[..., Any]) -> Path | None:
    """The file that defines a function; None where there is none, as in a notebook."""
    code = getattr(function, "__code__", None)
    path = Path(code.co_filename) if code is not None else None
    if path is None or path.suffix != ".py" or not path.is_file():
        return None
    return None if "ipykernel" in str(path) else path.resolve()


def file_digest(path: Path) -> str:
    """SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def load(header: Mapping[str, Any]) -> Any:
    """The trainer that a reference names.

    Args:
        header: of the reference.

    Raises:
        EngineError: the file is missing, or is not the one that the sweep began with.
    """
    reference = Reference(**header)
    if reference.file is not None:
        _check_digest(reference)
    module = _module(reference)
    found = getattr(module, reference.attribute)
    known = getattr(found, "reference", None)
    if known is None or known.digest == reference.digest:
        return found
    # A worker that outlives sweeps, as of Dask, has loaded an earlier version of the file.
    del sys.modules[module.__name__]
    return getattr(_module(reference), reference.attribute)


def _module(reference: Reference) -> ModuleType:
    if reference.module is None:
        return load_file(Path(str(reference.file)))
    if reference.file is not None:
        root = Path(reference.file).parents[reference.module.count(".")]
        _make_importable(root)
    return importlib.import_module(reference.module)


def _check_digest(reference: Reference) -> None:
    path = Path(str(reference.file))
    if not path.is_file():
        raise EngineError(f"{path}: a worker does not find the trainer's file")
    if file_digest(path) != reference.digest:
        raise EngineError(
            f"{path}: this file was edited after the sweep began; what is recorded stays. Start "
            "the same command again to go on with the new file"
        )


def load_file(path: Path) -> ModuleType:
    """The module of a file, as a script beside which its own imports are found."""
    path = path.resolve()
    for known in list(sys.modules.values()):
        if _is_from(known, path):
            return known
    _make_importable(path.parent)
    name = path.stem if path.stem not in sys.modules else f"_xorlab_{path.stem}"
    spec = importlib.util.spec_from_file_location(name, path, loader=_Source(name, str(path)))
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded as a module")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


class _Source(SourceFileLoader):
    """Compiles the file as it is now.

    Python's own would take compiled code of a file of the same size that was edited in the same
    second.
    """

    def get_code(self, fullname: str) -> CodeType:
        """The code of the module."""
        return self.source_to_code(self.get_data(self.path), self.path)


def _is_from(module: ModuleType, path: Path) -> bool:
    file = getattr(module, "__file__", None)
    return isinstance(file, str) and Path(file).name == path.name and Path(file).resolve() == path


def _make_importable(folder: Path) -> None:
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))


def named(text: str) -> Any:
    """What ``pkg.module:name`` or ``./file.py:name`` on a command line names.

    Raises:
        UsageError: there is no such file, module or name.
    """
    where, colon, attribute = text.rpartition(":")
    if not colon or not where or not attribute.isidentifier():
        raise UsageError(f"--trainer {text}: name it as pkg.module:function or ./file.py:function")
    if where.endswith(".py"):
        path = Path(where)
        if not path.is_file():
            raise UsageError(f"--trainer {text}: there is no file {path.absolute()}")
        try:
            module = load_file(path)
        except SyntaxError as error:
            raise UsageError(
                f"--trainer {text}: {error.filename}, line {error.lineno}: {error.msg}"
            ) from error
    else:
        if "" not in sys.path and str(Path.cwd()) not in sys.path:
            sys.path.insert(0, str(Path.cwd()))
        try:
            module = importlib.import_module(where)
        except ModuleNotFoundError as error:
            if error.name is None or not f"{where}.".startswith(f"{error.name}."):
                raise
            raise UsageError(f"--trainer {text}: there is no module {error.name}") from error
    if not hasattr(module, attribute):
        raise UsageError(f"--trainer {text}: {where} has no {attribute}")
    return getattr(module, attribute)
