"""Configurations as columns: what they share once, and where they differ a list of values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xorlab.config.schema import Schema
from xorlab.config.values import flat, from_flat, with_values
from xorlab.errors import EngineError
from xorlab.trainers.reference import load
from xorlab.trainers.trainer import Arrays, Trainer

Header = dict[str, Any]

_NOT_SENT = ("plan", "tracking.")  # not used in training


def pack_configs(trainer: Trainer, configs: Sequence[Any], data: Any) -> tuple[Header, Arrays]:
    """Configurations, what was read for them, and who trains them.

    Raises:
        EngineError: the trainer cannot be loaded elsewhere.
    """
    if trainer.reference is None:
        raise EngineError(
            f"{trainer.name}: a worker process cannot load this trainer, because it is in no file; "
            "use hydra.launcher.executor=inline, or move it to a file"
        )
    values, arrays = trainer.pack_data(data)
    header = {"trainer": trainer.reference.header(), "data": values}
    return header | {"configs": _columns_of(trainer.schema, configs)}, arrays


def unpack_configs(header: Header, arrays: Arrays) -> tuple[list[Any], Any, Trainer]:
    """The reverse of `pack_configs`: configurations, data, trainer.

    Raises:
        EngineError: the trainer's file is not the one that the sweep began with.
    """
    trainer: Trainer = load(header["trainer"])
    configs = _configs_of(trainer.schema, header["configs"])
    return configs, trainer.unpack_data(header["data"], arrays), trainer


def _columns_of(schema: Schema, configs: Sequence[Any]) -> Header:
    """For each combination of choices what its configurations share, and where they differ.

    Networks of one shape may start from different initialisers, whose keys are others.
    """
    groups: dict[tuple[object, ...], _ConfigColumns] = {}
    for number, config in enumerate(configs):
        row = _travelling(config)
        choices = tuple(row[choice] for choice in schema.groups)
        if choices not in groups:
            groups[choices] = _ConfigColumns(row)
        groups[choices].add(number, row)
    return {"count": len(configs), "parts": [columns.header() for columns in groups.values()]}


class _ConfigColumns:
    """What the rows of a group share, and where they differ; the rows themselves are not kept."""

    def __init__(self, first: dict[str, Any]) -> None:
        self._first = first
        self._at: list[int] = []
        self._varied: dict[str, list[Any]] = {}

    def add(self, number: int, row: dict[str, Any]) -> None:
        """Add the row of a configuration, by its number in the shard."""
        for key, first in self._first.items():
            value = row[key]
            if key in self._varied:
                self._varied[key].append(value)
            elif value is not first and not _same(value, first):
                self._varied[key] = [first] * len(self._at) + [value]
        self._at.append(number)

    def header(self) -> Header:
        """For JSON: the shared values by dotted key, and a list for each key in which they vary."""
        shared = {key: value for key, value in self._first.items() if key not in self._varied}
        varied = {key: self._varied[key] for key in self._first if key in self._varied}
        return {"at": self._at, "shared": shared, "varied": varied}


def _travelling(config: Any) -> dict[str, Any]:
    return {key: value for key, value in flat(config).items() if not key.startswith(_NOT_SENT)}


def _same(one: object, other: object) -> bool:
    # Keep 2 apart from 2.0, and 0.0 from -0.0.
    return repr(one) == repr(other)


def _configs_of(schema: Schema, header: Header) -> list[Any]:
    """Configurations; the sections in which they do not differ are one object."""
    found: dict[int, Any] = {}
    for part in header["parts"]:
        base, varied = from_flat(schema.kind, part["shared"]), part["varied"]
        rows = zip(*varied.values(), strict=True) if varied else [()] * len(part["at"])
        for number, row in zip(part["at"], rows, strict=True):
            found[number] = with_values(base, dict(zip(varied, row, strict=True)))
    return [found[number] for number in range(header["count"])]
