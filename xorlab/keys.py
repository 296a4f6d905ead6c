"""What the schema is made of: names, limits, and fields that carry their help and their check."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import field
from typing import Any

GATES = ("xor", "and", "or", "nand", "nor", "xnor")
TASKS = (*GATES, "parity", "table")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "linear")
LOSSES = ("half_sse", "half_mse", "cross_entropy")
UPDATES = ("batch", "online")
DTYPES = ("float64", "float32")
INITIALIZERS = ("notebook", "uniform", "normal", "glorot", "he")
OPTIMIZERS = ("gd",)
SCALES = ("linear", "log")
PIXEL_VALUES = ("epochs_to_solve", "outcome", "final_loss")
EXISTING = ("skip", "rerun", "retry")
FAILURES = ("continue", "stop")
OBJECTIVES = ("final_loss", "max_error", "accuracy", "solved", "epochs_run", "epochs_to_solve")

MAX_SEED = 2**32 - 1  # the legacy generator of the notebook takes no more
MAX_EPOCHS = 100_000_000
MAX_POINTS = 1_000_000
MAX_UNITS = 1024
MAX_LAYERS = 16
MAX_BITS = 12
MAX_PIXELS = 8192  # along one side of a landscape


def key(
    default: Any,
    help: str,  # noqa: A002
    allowed: str,
    example: str,
    check: Callable[[Any], bool],
) -> Any:
    """A field that carries what `--help` prints and what `check` enforces."""
    return field(
        default=default,
        metadata={"help": help, "allowed": allowed, "example": example, "check": check},
    )


def choice(default: str, names: tuple[str, ...], help: str, example: str) -> Any:  # noqa: A002
    """A field with one of several names."""
    return key(default, help, "one of " + ", ".join(names), example, lambda v: v in names)


def is_integer(low: int, high: int) -> Callable[[Any], bool]:
    """A check for a whole number from low to high; True and False are none."""
    return lambda v: isinstance(v, int) and not isinstance(v, bool) and low <= v <= high


def is_optional(check: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A check that lets null pass."""
    return lambda v: v is None or check(v)


def is_finite(v: Any) -> bool:
    """Whether a value is a finite number."""
    return isinstance(v, int | float) and not isinstance(v, bool) and math.isfinite(v)


def is_positive(v: Any) -> bool:
    """Whether a value is a finite number above zero."""
    return is_finite(v) and v > 0


def is_flag(v: Any) -> bool:
    """Whether a value is true or false."""
    return isinstance(v, bool)


def is_text(v: Any) -> bool:
    """Whether a value is text with something in it."""
    return isinstance(v, str) and bool(v.strip())


def is_hidden(v: Any) -> bool:
    """Whether a value is a hidden size, or a list with one for each hidden layer."""
    unit = is_integer(1, MAX_UNITS)
    if isinstance(v, list):
        return 1 <= len(v) <= MAX_LAYERS and all(map(unit, v))
    return unit(v)
