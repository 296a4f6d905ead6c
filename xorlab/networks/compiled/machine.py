"""From LLVM's language to functions that can be called, kept in this user's cache folder.

A kept file is the machine code of one module for one kind of processor. Its name is the hash of
all that it was made from, and it begins with the hash of its content; it is used only where both
fit, and where only the user can write to the folder. Without a writable folder everything is
compiled anew in each process.
"""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
import secrets
import stat
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from xorlab.system.user_cache import user_cache

_VERSION = 1  # of what a file holds
_KEPT = 1000  # files; the oldest go first
_SHA = 64

# What holds the machine code; it must outlive every function.
_ENGINES: list[Any] = []


@cache
def installed() -> bool:
    """Whether the library that compiles is installed."""
    return find_spec("llvmlite") is not None


@cache
def _llvm() -> Any:
    """The library that compiles: that it is there was checked before anything started."""
    import llvmlite.binding as llvm

    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    return llvm


@cache
def _target() -> tuple[str, str, str]:
    """What to compile for: this processor, or what Numba's variables name."""
    llvm = _llvm()
    triple = llvm.get_process_triple()
    cpu = os.environ.get("NUMBA_CPU_NAME") or llvm.get_host_cpu_name()
    features = os.environ.get("NUMBA_CPU_FEATURES")
    if features is None:
        own = cpu == llvm.get_host_cpu_name()
        features = llvm.get_host_cpu_features().flatten() if own else ""
    return triple, cpu, features


def _machine() -> Any:
    triple, cpu, features = _target()
    return (
        _llvm()
        .Target.from_triple(triple)
        .create_target_machine(
            cpu=cpu, features=features, opt=2, reloc="pic", codemodel="jitdefault", jit=True
        )
    )


def _digest(text: str) -> str:
    made_from = (_VERSION, _target(), _llvm().llvm_version_info, text)
    return hashlib.sha256(repr(made_from).encode()).hexdigest()


def object_code(text: str) -> bytes:
    """A module as machine code."""
    module = _llvm().parse_assembly(text)
    module.verify()
    return bytes(_machine().emit_object(module))


@cache
def compiled(text: str, name: str) -> int:
    """The address of a function of a module, which is compiled where it is not kept yet."""
    llvm, digest = _llvm(), _digest(text)
    code = _read(digest)
    if code is None:
        code = object_code(text)
        _write(digest, code)
    # An engine owns its machine, so each has its own.
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), _machine())
    engine.add_object_file(llvm.ObjectFileRef.from_data(code))
    engine.finalize_object()
    _ENGINES.append(engine)
    return int(engine.get_function_address(name))


def function(text: str, name: str, arguments: int) -> Any:
    """A function of a module that takes so many addresses or integers of 64 bits."""
    kind = ctypes.CFUNCTYPE(None, *[ctypes.c_int64] * arguments)
    return kind(compiled(text, name))


def _folder() -> Path | None:
    """The folder of kept files, made if need be; None where others could write to it."""
    base = user_cache()
    if base is None:
        return None
    folder = base / "compiled"
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        found = folder.stat()
    except OSError:
        return None
    if os.name == "posix" and (
        found.st_uid != os.geteuid() or found.st_mode & (stat.S_IWGRP | stat.S_IWOTH)
    ):
        return None
    return folder


def _read(digest: str) -> bytes | None:
    folder = _folder()
    if folder is None:
        return None
    try:
        content = (folder / digest).read_bytes()
    except OSError:
        return None
    head, code = content[:_SHA], content[_SHA:]
    return code if head == hashlib.sha256(code).hexdigest().encode() else None


def _write(digest: str, code: bytes) -> None:
    folder = _folder()
    if folder is None:
        return
    new = folder / f"{digest}.{secrets.token_hex(4)}.part"
    with contextlib.suppress(OSError):  # the folder may be read-only or full
        files = sorted(folder.iterdir(), key=lambda file: file.stat().st_mtime)
        for old in files[: max(0, len(files) + 1 - _KEPT)]:
            old.unlink(missing_ok=True)
        new.write_bytes(hashlib.sha256(code).hexdigest().encode() + code)
        new.replace(folder / digest)
    with contextlib.suppress(OSError):
        new.unlink(missing_ok=True)
