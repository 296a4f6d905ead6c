"""Finding trainers: the built-in one, those that other packages offer, and the user's own."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from xorlab.errors import UsageError
from xorlab.trainers.reference import named
from xorlab.trainers.trainer import Trainer

GROUP = "xorlab.trainers"
BUILT_IN = "network"
_BUILT_IN_MODULE = "xorlab.networks.trainer"


def built_in() -> Trainer | None:
    """The trainer of networks; None in a copy of the package without it."""
    try:
        module = import_module(_BUILT_IN_MODULE)
    except ModuleNotFoundError as error:
        if error.name is None or not _BUILT_IN_MODULE.startswith(error.name):
            raise
        return None
    trainer: Trainer = module.TRAINER
    return trainer


def names() -> dict[str, str]:
    """Short names of trainers, each with the object that it stands for; nothing is loaded."""
    offered = {point.name: point.value for point in _offered()}
    return {BUILT_IN: f"{_BUILT_IN_MODULE}:TRAINER"} | dict(sorted(offered.items()))


def find(text: str) -> Trainer:
    """A trainer by a short name, as ``pkg.module:function``, or as ``./file.py:function``.

    Raises:
        UsageError: there is no such trainer, or what is named is not one.
    """
    if ":" in text:
        return _checked(text, named(text))
    if text == BUILT_IN and (trainer := built_in()) is not None:
        return trainer
    for point in _offered():
        if point.name == text:
            try:
                found = point.load()
            except (ImportError, AttributeError) as error:
                raise UsageError(
                    f"--trainer {text}: {point.value} cannot be loaded: {error}"
                ) from error
            return _checked(text, found)
    if text.endswith(".py"):
        raise UsageError(f"--trainer {text}: name its function too, as {text}:train")
    raise UsageError(
        f"--trainer {text}: there is no such trainer; one of {', '.join(names())}, "
        "pkg.module:function or ./file.py:function"
    )


def _offered() -> list[EntryPoint]:
    return list(entry_points(group=GROUP))


def _checked(text: str, found: Any) -> Trainer:
    if not isinstance(found, Trainer):
        raise UsageError(
            f"--trainer {text}: this is a {type(found).__name__}, not a trainer; decorate the "
            "function with @xorlab.trainer(version=1)"
        )
    return found
