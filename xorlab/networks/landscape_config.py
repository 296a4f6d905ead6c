"""The plane of a landscape: its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xorlab.config.closed import Closed
from xorlab.config.fields import choice, is_finite, is_integer, is_optional, is_text, key

SCALES = ("linear", "log")
PIXEL_VALUES = ("epochs_to_solve", "outcome", "final_loss")
MAX_PIXELS = 8192  # along one side of a landscape

_EXAMPLE = (
    "landscape.x=optimizer.lr landscape.x_low=0.1 landscape.x_high=10 "
    "landscape.y=optimizer.momentum landscape.y_low=0.1 landscape.y_high=0.9"
)


def _axis_key(where: str) -> Any:
    return key(
        None,
        f"the key that varies {where} a landscape; weight.N is the N-th initial weight, "
        "counted as in init.weights; null: no landscape",
        "a number that may differ between networks of one shape, such as optimizer.lr, init.range "
        "or weight.1",
        _EXAMPLE,
        is_optional(is_text),
    )


def _end(letter: str, end: str) -> Any:
    return key(
        None,
        f"{end} edge of landscape.{letter}: pixels are cells between the edges, their values "
        "the middles",
        "a finite number, above 0 on a log scale",
        _EXAMPLE,
        is_optional(is_finite),
    )


def _scale(letter: str) -> Any:
    return choice(
        "linear",
        SCALES,
        f"spacing of landscape.{letter}",
        f"{_EXAMPLE} landscape.{letter}_scale=log",
    )


def _pixels(letter: str, what: str) -> Any:
    return key(
        200,
        f"pixels along landscape.{letter}",
        f"an integer from 1 to {MAX_PIXELS}",
        f"{_EXAMPLE} landscape.{what}=512",
        is_integer(1, MAX_PIXELS),
    )


@dataclass
class LandscapeConfig(Closed):
    """One network for every pixel of a plane, in a single run."""

    x: str | None = _axis_key("across")
    x_low: float | None = _end("x", "left")
    x_high: float | None = _end("x", "right")
    x_scale: str = _scale("x")
    width: int = _pixels("x", "width")
    y: str | None = _axis_key("up")
    y_low: float | None = _end("y", "lower")
    y_high: float | None = _end("y", "upper")
    y_scale: str = _scale("y")
    height: int = _pixels("y", "height")
    value: str = choice(
        "epochs_to_solve",
        PIXEL_VALUES,
        "what the picture of a landscape shows",
        f"{_EXAMPLE} landscape.value=outcome",
    )
