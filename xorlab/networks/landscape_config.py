"""The plane of a landscape of networks: its keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xorlab.config.fields import choice
from xorlab.config.landscape_keys import (
    AnyLandscape,
    axis_end,
    axis_key,
    axis_pixels,
    axis_scale,
)

PIXEL_VALUES = ("epochs_to_solve", "outcome", "final_loss")

_EXAMPLE = (
    "landscape.x=optimizer.lr landscape.x_low=0.1 landscape.x_high=10 "
    "landscape.y=optimizer.momentum landscape.y_low=0.1 landscape.y_high=0.9"
)


def _axis_key(where: str) -> Any:
    return axis_key(
        f"the key that varies {where} a landscape; weight.N is the N-th initial weight, "
        "counted as in init.weights; null: no landscape",
        "a number that may differ between networks of one shape, such as optimizer.lr, init.range "
        "or weight.1",
        _EXAMPLE,
    )


@dataclass
class LandscapeConfig(AnyLandscape):
    """One network for every pixel of a plane, in a single run."""

    x: str | None = _axis_key("across")
    x_low: float | None = axis_end("x", "left", _EXAMPLE)
    x_high: float | None = axis_end("x", "right", _EXAMPLE)
    x_scale: str = axis_scale("x", _EXAMPLE)
    width: int = axis_pixels("x", "width", _EXAMPLE)
    y: str | None = _axis_key("up")
    y_low: float | None = axis_end("y", "lower", _EXAMPLE)
    y_high: float | None = axis_end("y", "upper", _EXAMPLE)
    y_scale: str = axis_scale("y", _EXAMPLE)
    height: int = axis_pixels("y", "height", _EXAMPLE)
    value: str = choice(
        "epochs_to_solve",
        PIXEL_VALUES,
        "what the picture of a landscape shows",
        f"{_EXAMPLE} landscape.value=outcome",
    )
