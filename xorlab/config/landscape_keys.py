"""The plane of a landscape: keys that any trainer's configuration has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xorlab.config.closed import Closed
from xorlab.config.fields import choice, is_finite, is_integer, is_name, is_optional, is_text, key

SCALES = ("linear", "log")
MAX_PIXELS = 8192  # along one side of a landscape

PLANE = "{plane}"  # in an example: axes over two keys that the trainer has
_EXAMPLE = PLANE


def axis_key(help: str, allowed: str, example: str) -> Any:  # noqa: A002
    """The field of the key of an axis."""
    return key(None, help, allowed, example, is_optional(is_text))


def axis_end(letter: str, end: str, example: str, more: str = "") -> Any:
    """The field of one end of an axis."""
    return key(
        None,
        f"{end} edge of landscape.{letter}: pixels are cells between the edges, their values "
        f"the middles{more}",
        "a finite number, above 0 on a log scale",
        example,
        is_optional(is_finite),
    )


def axis_scale(letter: str, example: str) -> Any:
    """The field of the scale of an axis."""
    return choice(
        "linear",
        SCALES,
        f"spacing of landscape.{letter}",
        f"{example} landscape.{letter}_scale=log",
    )


def axis_pixels(letter: str, what: str, example: str) -> Any:
    """The field of the number of pixels along an axis."""
    return key(
        200,
        f"pixels along landscape.{letter}",
        f"an integer from 1 to {MAX_PIXELS}",
        f"{example} landscape.{what}=512",
        is_integer(1, MAX_PIXELS),
    )


def _axis_key(where: str) -> Any:
    return axis_key(
        f"the key that varies {where} a landscape; null: no landscape", "a key of numbers", _EXAMPLE
    )


def _end(letter: str, end: str) -> Any:
    more = "; of a key of integers, the one at that end"
    return axis_end(letter, end, _EXAMPLE, more)


@dataclass
class AnyLandscape(Closed):
    """One run for every pixel of a plane, kept as a single tracked run."""

    x: str | None = _axis_key("across")
    x_low: float | None = _end("x", "left")
    x_high: float | None = _end("x", "right")
    x_scale: str = axis_scale("x", _EXAMPLE)
    width: int = axis_pixels("x", "width", _EXAMPLE)
    y: str | None = _axis_key("up")
    y_low: float | None = _end("y", "lower")
    y_high: float | None = _end("y", "upper")
    y_scale: str = axis_scale("y", _EXAMPLE)
    height: int = axis_pixels("y", "height", _EXAMPLE)
    value: str = key(
        "epochs_to_solve",
        "what the picture of a landscape shows: epochs_to_solve, epochs_run, outcome, or a metric "
        "or curve of the trainer",
        "the name of a metric",
        f"{_EXAMPLE} landscape.value=accuracy",
        is_name,
    )
