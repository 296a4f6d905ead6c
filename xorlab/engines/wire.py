"""Requests and results as bytes: configurations out, columns back, nothing that runs when read.

A message is an npz without pickles: arrays, and one JSON text beside them. What networks share is
sent once. Where runs are recorded is not sent at all.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.config.values import flat, from_flat, with_values
from xorlab.engines.work import Runnable, ShardGroup, Work
from xorlab.landscapes.landscape import Fault, PieceWork, Pixels
from xorlab.networks.config import CHOICES, Config
from xorlab.networks.tasks.tasks import Task
from xorlab.system.npz import npz_bytes
from xorlab.trainers.shard_result import Curves, ShardResult

Arrays = dict[str, npt.NDArray[Any]]
Header = dict[str, Any]

_HEADER = "header"
_FACTS = ("outcome", "epochs_run", "epochs_to_solve", "diverged_at")
_POINTS = ("schedule", "shared", "extra", "extra_counts", "values")
_NOT_SENT = ("plan", "tracking.")  # not used in training


def to_npz(results: Sequence[ShardResult] | Pixels | Fault) -> bytes:
    """Results as bytes: of shards, or of a piece of a landscape."""
    if isinstance(results, Fault):
        return _message({"fault": results.reason}, {})
    if isinstance(results, Pixels):
        return _message({"pixels": True}, results.arrays())
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
    if "fault" in header:
        return Fault(header["fault"])
    if "pixels" in header:
        return Pixels(**arrays)
    return [
        _shard_result(shard, _with_prefix(f"{number}.", arrays))
        for number, shard in enumerate(header["shards"])
    ]


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
    if isinstance(work, PieceWork):
        config, arrays = _configs([work.config]), _task_arrays("", work.task)
        header = {"piece": work.piece, "configs": config, "task": _task_header(work.task)}
        return _message(header, arrays)
    if not isinstance(work, ShardGroup):
        raise TypeError(f"{type(work).__name__} cannot be sent to a worker")
    arrays, shards = {}, []
    for number, part in enumerate(work.works):
        arrays |= _task_arrays(f"{number}.", part.task)
        shards.append({"configs": _configs(part.configs), "task": _task_header(part.task)})
    return _message({"shards": shards}, arrays)


def unpack_work(data: bytes) -> Runnable[Any]:
    """The reverse of `pack_work`."""
    header, arrays = _read(data)
    if "piece" in header:
        (config,) = _configs_of(header["configs"])
        return PieceWork(config, _task_of(header["task"], arrays, ""), header["piece"])
    return ShardGroup(
        tuple(
            Work(_configs_of(shard["configs"]), _task_of(shard["task"], arrays, f"{number}."))
            for number, shard in enumerate(header["shards"])
        )
    )


def _configs(configs: Sequence[Config]) -> Header:
    """For each combination of choices what its configurations share, and where they differ.

    Networks of one shape may start from different initialisers, whose keys are others.
    """
    rows = [_travelling(config) for config in configs]
    groups: dict[tuple[object, ...], list[int]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(tuple(row[choice] for choice in CHOICES), []).append(number)
    parts = [{"at": at} | _config_columns([rows[n] for n in at]) for at in groups.values()]
    return {"count": len(configs), "parts": parts}


def _config_columns(rows: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """What rows share, by dotted key, and where they differ, a list of values per key."""
    shared: dict[str, Any] = {}
    varied: dict[str, list[Any]] = {}
    for key, first in rows[0].items():
        values = [row[key] for row in rows]
        if all(value is first or _same(value, first) for value in values):
            shared[key] = first
        else:
            varied[key] = values
    return {"shared": shared, "varied": varied}


def _travelling(config: Config) -> dict[str, Any]:
    return {key: value for key, value in flat(config).items() if not key.startswith(_NOT_SENT)}


def _same(one: object, other: object) -> bool:
    # Keep 2 apart from 2.0, and 0.0 from -0.0.
    return repr(one) == repr(other)


def _configs_of(header: Header) -> list[Config]:
    """Configurations; the sections in which they do not differ are one object."""
    found: dict[int, Config] = {}
    for part in header["parts"]:
        base, varied = from_flat(Config, part["shared"]), part["varied"]
        rows = zip(*varied.values(), strict=True) if varied else [()] * len(part["at"])
        for number, row in zip(part["at"], rows, strict=True):
            found[number] = with_values(base, dict(zip(varied, row, strict=True)))
    return [found[number] for number in range(header["count"])]


def _task_header(task: Task) -> Header:
    return {"codes": task.codes, "margin": task.margin, "digest": task.digest}


def _task_arrays(prefix: str, task: Task) -> Arrays:
    return {f"{prefix}inputs": task.inputs, f"{prefix}targets": task.targets}


def _task_of(header: Header, arrays: Arrays, prefix: str) -> Task:
    codes = None if header["codes"] is None else (header["codes"][0], header["codes"][1])
    return Task(
        arrays[f"{prefix}inputs"],
        arrays[f"{prefix}targets"],
        codes,
        header["margin"],
        header["digest"],
    )


def _message(header: Header, arrays: Arrays) -> bytes:
    text = json.dumps(header).encode("utf-8", "surrogatepass")
    return npz_bytes({_HEADER: np.frombuffer(text, np.uint8), **arrays})


def _read(data: bytes) -> tuple[Header, Arrays]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name != _HEADER}
        header = json.loads(file[_HEADER].tobytes().decode("utf-8", "surrogatepass"))
    return header, arrays
