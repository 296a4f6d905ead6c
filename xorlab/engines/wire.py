"""Work and its outcome as bytes: configurations out, arrays back, nothing that runs when read.

A message is an npz without pickles: arrays, and one text of JSON beside them. What networks share
travels once. Where they are recorded does not travel at all.
"""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any, TypeVar, cast

import numpy as np
import numpy.typing as npt

from xorlab.config.schema import FIELDS, SECTIONS, Config
from xorlab.engines.work import Failure, Runnable, ShardGroup, ShardOutcome, Work
from xorlab.landscapes.landscape import Fault, PieceWork, Pixels
from xorlab.networks.result import OUTCOMES, Result
from xorlab.networks.tasks.tasks import Task
from xorlab.system.npz import npz_bytes

Arrays = dict[str, npt.NDArray[Any]]
T = TypeVar("T")

_HEADER = "header"
_NONE = -1
_CODES = {outcome: code for code, outcome in enumerate(OUTCOMES)}
_STAYS = ("plan", "tracking.")  # plays no part in training


def pack_work(work: Runnable[Any]) -> bytes:
    """Work to be sent.

    Raises:
        TypeError: of a kind that does not travel.
    """
    if isinstance(work, PieceWork):
        config, arrays = _configs([work.config]), _task_arrays("", work.task)
        told = {"piece": work.piece, "configs": config, "task": _task_told(work.task)}
        return _message(told, arrays)
    if not isinstance(work, ShardGroup):
        raise TypeError(f"{type(work).__name__} does not travel")
    arrays, shards = {}, []
    for number, part in enumerate(work.works):
        arrays |= _task_arrays(f"{number}.", part.task)
        shards.append({"configs": _configs(part.configs), "task": _task_told(part.task)})
    return _message({"shards": shards}, arrays)


def unpack_work(data: bytes) -> Runnable[Any]:
    """The reverse of `pack_work`."""
    told, arrays = _read(data)
    if "piece" in told:
        (config,) = _configs_of(told["configs"])
        return PieceWork(config, _task_of(told["task"], arrays, ""), told["piece"])
    return ShardGroup(
        tuple(
            Work(_configs_of(shard["configs"]), _task_of(shard["task"], arrays, f"{number}."))
            for number, shard in enumerate(told["shards"])
        )
    )


def pack_outcome(outcome: object) -> bytes:
    """What work gave back, to be sent home."""
    if isinstance(outcome, Fault):
        return _message({"fault": outcome.reason}, {})
    if isinstance(outcome, Pixels):
        return _message({"pixels": True}, outcome.arrays())
    arrays: Arrays = {}
    told = [
        _pack_done(done, f"{n}.", arrays)
        for n, done in enumerate(cast(list[ShardOutcome], outcome))
    ]
    return _message({"shards": told}, arrays)


def unpack_outcome(data: bytes) -> Any:
    """The reverse of `pack_outcome`: what `Runnable.run` gave back, bit for bit.

    Raises:
        ValueError: this is no whole message.
    """
    told, arrays = _read(data)
    if "fault" in told:
        return Fault(told["fault"])
    if "pixels" in told:
        return Pixels(**arrays)
    return [_done_of(shard, f"{n}.", arrays) for n, shard in enumerate(told["shards"])]


def _configs(configs: Sequence[Config]) -> dict[str, Any]:
    """What they share, by dotted key, and where they differ, a list of values per key."""
    shared, varied = {}, {}
    for name, group, leaf, _ in FIELDS:
        if name.startswith(_STAYS):
            continue
        if group in SECTIONS:
            values = [getattr(getattr(config, group), leaf) for config in configs]
        else:
            values = [getattr(config, leaf) for config in configs]
        first = values[0]
        if all(value is first or _same(value, first) for value in values):
            shared[name] = first
        else:
            varied[name] = values
    return {"count": len(configs), "shared": shared, "varied": varied}


def _same(one: object, other: object) -> bool:
    # 2 is no 2.0, and 0.0 no -0.0: each is told as it was given.
    return repr(one) == repr(other)


def _configs_of(told: dict[str, Any]) -> list[Config]:
    """Configurations; the sections in which they do not differ are one object."""
    places = {name: (group, leaf) for name, group, leaf, _ in FIELDS}
    base = Config()
    for name, value in told["shared"].items():
        group, leaf = places[name]
        setattr(getattr(base, group) if group in SECTIONS else base, leaf, value)
    varied = [(*places[name], values) for name, values in told["varied"].items()]
    groups = {group for group, _, _ in varied if group in SECTIONS}
    configs = []
    for number in range(told["count"]):
        own = {group: _copied(getattr(base, group)) for group in groups}
        config = _copied(base)
        vars(config).update(own)
        for group, leaf, values in varied:
            setattr(own[group] if group in SECTIONS else config, leaf, values[number])
        configs.append(config)
    return configs


def _copied(section: T) -> T:
    copy = object.__new__(type(section))
    vars(copy).update(vars(section))
    return copy


def _task_told(task: Task) -> dict[str, Any]:
    return {"codes": task.codes, "margin": task.margin, "digest": task.digest}


def _task_arrays(prefix: str, task: Task) -> Arrays:
    return {f"{prefix}inputs": task.inputs, f"{prefix}targets": task.targets}


def _task_of(told: dict[str, Any], arrays: Arrays, prefix: str) -> Task:
    codes = None if told["codes"] is None else (told["codes"][0], told["codes"][1])
    return Task(
        arrays[f"{prefix}inputs"],
        arrays[f"{prefix}targets"],
        codes,
        told["margin"],
        told["digest"],
    )


def _pack_done(done: ShardOutcome, prefix: str, arrays: Arrays) -> dict[str, Any]:
    """What is told of one shard; its numbers are added to the arrays."""
    results = [outcome for outcome in done.outcomes if isinstance(outcome, Result)]
    failures = {n: o.traceback for n, o in enumerate(done.outcomes) if isinstance(o, Failure)}
    told = {"started": done.started, "ended": done.ended, "count": len(done.outcomes)}
    if not results:
        return {**told, "failures": failures}
    # Steps are those of one schedule up to where a run ended, and that step itself.
    longest = max(results, key=lambda result: len(result.steps)).steps
    columns: Arrays = {
        "schedule": longest[:-1],
        "counts": np.array([len(result.steps) for result in results]),
        "last": np.array([r.steps[-1] if len(r.steps) else _NONE for r in results]),
        "loss": np.concatenate([result.loss for result in results]),
        "outcome": np.array([_CODES[result.outcome] for result in results], np.int8),
        "epochs_run": np.array([result.epochs_run for result in results]),
        "epochs_to_solve": np.array([_number(result.epochs_to_solve) for result in results]),
        "diverged_at": np.array([_number(result.diverged_at) for result in results]),
        "predictions": np.stack([result.predictions for result in results]),
        "accuracy": np.array([result.accuracy for result in results]),
        "max_error": np.array([result.max_error for result in results]),
    }
    layers = {"weights": len(results[0].weights), "biases": len(results[0].biases)}
    for name, count in layers.items():
        for layer in range(count):
            values = [getattr(result, name)[layer] for result in results]
            columns[f"{name}_{layer}"] = np.stack(values)
    if results[0].skip is not None:
        columns["skip"] = np.stack([cast(Any, result.skip) for result in results])
    arrays |= {f"{prefix}{name}": column for name, column in columns.items()}
    return {**told, "failures": failures, "layers": layers}


def _done_of(told: dict[str, Any], prefix: str, arrays: Arrays) -> ShardOutcome:
    failures = {int(n): Failure(text) for n, text in told["failures"].items()}
    results = iter(_results(told["layers"], prefix, arrays) if "layers" in told else [])
    outcomes: list[Result | Failure] = [
        failures[n] if n in failures else next(results) for n in range(told["count"])
    ]
    return ShardOutcome(outcomes, told["started"], told["ended"])


def _results(layers: dict[str, int], prefix: str, arrays: Arrays) -> list[Result]:
    def column(name: str) -> npt.NDArray[Any]:
        return arrays[f"{prefix}{name}"]

    def layer(name: str, number: int) -> list[npt.NDArray[Any]]:
        return [column(f"{name}_{n}")[number] for n in range(layers[name])]

    counts, last, schedule = column("counts"), column("last").tolist(), column("schedule")
    losses = np.split(column("loss"), np.cumsum(counts)[:-1])
    steps: dict[tuple[int, int], npt.NDArray[np.int64]] = {}
    for key in zip(counts.tolist(), last, strict=True):
        if key not in steps:
            ended = np.array([] if key[0] == 0 else [key[1]], np.int64)
            steps[key] = np.concatenate([schedule[: max(0, key[0] - 1)], ended])
    skip = column("skip") if f"{prefix}skip" in arrays else None
    numbers = {name: column(name).tolist() for name in _NUMBERS}
    return [
        Result(
            outcome=OUTCOMES[numbers["outcome"][n]],
            epochs_run=numbers["epochs_run"][n],
            epochs_to_solve=_optional(numbers["epochs_to_solve"][n]),
            diverged_at=_optional(numbers["diverged_at"][n]),
            steps=steps[int(counts[n]), last[n]],
            loss=losses[n],
            predictions=column("predictions")[n],
            weights=layer("weights", n),
            biases=layer("biases", n),
            accuracy=numbers["accuracy"][n],
            max_error=numbers["max_error"][n],
            skip=None if skip is None else skip[n],
        )
        for n in range(len(counts))
    ]


_NUMBERS = ("outcome", "epochs_run", "epochs_to_solve", "diverged_at", "accuracy", "max_error")


def _number(value: int | None) -> int:
    return _NONE if value is None else value


def _optional(value: int) -> int | None:
    return None if value == _NONE else value


def _message(told: dict[str, Any], arrays: Arrays) -> bytes:
    header = np.frombuffer(json.dumps(told).encode("utf-8", "surrogatepass"), np.uint8)
    return npz_bytes({_HEADER: header, **arrays})


def _read(data: bytes) -> tuple[dict[str, Any], Arrays]:
    with np.load(io.BytesIO(data), allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files if name != _HEADER}
        told = json.loads(file[_HEADER].tobytes().decode("utf-8", "surrogatepass"))
    return told, arrays
