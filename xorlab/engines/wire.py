"""Requests and results as bytes: configurations out, columns back, nothing that runs when read.

A message is an npz without pickles: arrays, and one JSON text beside them. What networks share is
sent once. Where runs are recorded is not sent at all.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol, cast

import numpy as np

from xorlab.engines.config_columns import Header, pack_configs, unpack_configs
from xorlab.engines.work import Runnable, ShardGroup, Work
from xorlab.errors import EngineError
from xorlab.system.npz import WITHOUT_OBJECTS, npz_arrays, npz_bytes
from xorlab.trainers.shard_result import Curves, ShardResult
from xorlab.trainers.trainer import Arrays

_HEADER, _KIND = "header", "kind"
_FACTS = ("outcome", "epochs_run", "epochs_to_solve", "diverged_at")
_POINTS = ("schedule", "shared", "extra", "extra_counts", "values")


class Packed(Protocol):
    """Work or a result of another kind than shards: it packs itself."""

    def pack(self) -> tuple[Header, Arrays]:
        """Values that JSON holds, and arrays."""

    @classmethod
    def unpack(cls, header: Header, arrays: Arrays) -> Any:
        """The reverse of `pack`."""


@dataclass(frozen=True)
class Refusal:
    """Why a worker does not train what it got; reading it raises that as an error."""

    reason: str

    def pack(self) -> tuple[Header, Arrays]:
        """For the process that sent the work."""
        return {"reason": self.reason}, {}

    @classmethod
    def unpack(cls, header: Header, _arrays: Arrays) -> Any:
        """Raise the reason.

        Raises:
            EngineError: always.
        """
        raise EngineError(header["reason"])


def to_npz(results: Sequence[ShardResult] | Packed) -> bytes:
    """Results as bytes: of shards, or of another kind that packs itself."""
    if not isinstance(results, Sequence):
        return _packed(results)
    arrays: Arrays = {}
    shards = []
    for number, result in enumerate(results):
        shards.append(_shard_header(result))
        arrays |= {f"{number}.{name}": column for name, column in _columns(result).items()}
    return _message({"shards": shards}, arrays)


def from_npz(data: bytes) -> Any:
    """What `to_npz` was given, bit for bit.

    Raises:
        ValueError: the bytes are not a complete message.
    """
    header, arrays = _read(data)
    if _KIND in header:
        return _unpacked(header, arrays)
    return [
        _shard_result(shard, _with_prefix(f"{number}.", arrays))
        for number, shard in enumerate(header["shards"])
    ]


def _packed(thing: Packed) -> bytes:
    header, arrays = thing.pack()
    kind = type(thing)
    return _message({_KIND: f"{kind.__module__}:{kind.__qualname__}", **header}, arrays)


def _unpacked(header: Header, arrays: Arrays) -> Any:
    """A class of xorlab itself reads what one of its objects packed."""
    module, _, name = header.pop(_KIND).partition(":")
    if module.partition(".")[0] != __name__.partition(".")[0]:
        raise ValueError(f"{module} is not a part of xorlab")
    return getattr(import_module(module), name).unpack(header, arrays)


def _shard_header(result: ShardResult) -> Header:
    return {
        "started": result.started,
        "ended": result.ended,
        "failures": result.failures,
        "files": [{name: len(data) for name, data in files.items()} for files in result.files],
    }


def _columns(result: ShardResult) -> Arrays:
    columns: Arrays = {name: getattr(result, name) for name in _FACTS}
    columns |= {f"metrics.{name}": values for name, values in result.metrics.items()}
    columns |= {f"arrays.{name}": values for name, values in result.arrays.items()}
    for name, curves in result.curves.items():
        columns |= {f"curves.{name}.{part}": getattr(curves, part) for part in _POINTS}
    if result.files:
        content = b"".join(data for files in result.files for data in files.values())
        columns["files"] = np.frombuffer(content, np.uint8)
    return columns


def _shard_result(header: Header, columns: Arrays) -> ShardResult:
    points = _with_prefix("curves.", columns)
    curves = dict.fromkeys(name.rpartition(".")[0] for name in points)
    outcome, epochs_run, epochs_to_solve, diverged_at = (columns[name] for name in _FACTS)
    return ShardResult(
        outcome,
        epochs_run,
        epochs_to_solve,
        diverged_at,
        metrics=_with_prefix("metrics.", columns),
        curves={name: Curves(**_with_prefix(f"{name}.", points)) for name in curves},
        arrays=_with_prefix("arrays.", columns),
        files=_files(header["files"], columns),
        failures={int(number): text for number, text in header["failures"].items()},
        started=header["started"],
        ended=header["ended"],
    )


def _files(sizes: Sequence[Mapping[str, int]], columns: Arrays) -> tuple[dict[str, bytes], ...]:
    """The files of each run, which are sent as one array."""
    if not sizes:
        return ()
    content = io.BytesIO(columns["files"].tobytes())
    return tuple({name: content.read(size) for name, size in some.items()} for some in sizes)


def _with_prefix(prefix: str, arrays: Arrays) -> Arrays:
    """Those whose names begin with a prefix, without it."""
    return {
        name.removeprefix(prefix): array
        for name, array in arrays.items()
        if name.startswith(prefix)
    }


def pack_work(work: Runnable[Any]) -> bytes:
    """Work as bytes.

    Raises:
        TypeError: work of this kind cannot be sent.
    """
    if not isinstance(work, ShardGroup):
        if not hasattr(work, "pack"):
            raise TypeError(f"{type(work).__name__} cannot be sent to a worker")
        return _packed(cast(Packed, work))
    arrays: Arrays = {}
    shards = []
    for number, part in enumerate(work.works):
        header, own = pack_configs(part.trainer, part.configs, part.data)
        arrays |= {f"{number}.{name}": array for name, array in own.items()}
        shards.append(header)
    return _message({"shards": shards}, arrays)


def unpack_work(data: bytes) -> Runnable[Any]:
    """The reverse of `pack_work`.

    Raises:
        EngineError: the trainer's file is not the one that the sweep began with.
    """
    header, arrays = _read(data)
    if _KIND in header:
        found: Runnable[Any] = _unpacked(header, arrays)
        return found
    return ShardGroup(
        tuple(
            Work(*unpack_configs(shard, _with_prefix(f"{number}.", arrays)))
            for number, shard in enumerate(header["shards"])
        )
    )


def _message(header: Header, arrays: Arrays) -> bytes:
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return npz_bytes({_HEADER: np.frombuffer(text, np.uint8), **arrays})


def _read(data: bytes) -> tuple[Header, Arrays]:
    arrays = npz_arrays(data, WITHOUT_OBJECTS)
    if _HEADER not in arrays:
        raise ValueError("there is no header in it")
    header = json.loads(arrays.pop(_HEADER).tobytes().decode("utf-8", "surrogatepass"))
    return header, arrays
