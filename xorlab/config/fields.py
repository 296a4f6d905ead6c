"""What the schema is made of: names, limits, and fields that carry their help and their check."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import field
from typing import Any

GATES = ("xor", "and", "or", "nand", "nor", "xnor")
TASKS = (*GATES, "parity", "symmetry", "encoder", "table")
ACTIVATIONS = ("sigmoid", "tanh", "relu", "leaky_relu", "linear", "abs")
READOUTS = ("dense", "sum")
LOSSES = ("half_sse", "half_mse", "cross_entropy")
UPDATES = ("batch", "online")
DTYPES = ("float64", "float32")
SCALES = ("linear", "log")
PIXEL_VALUES = ("epochs_to_solve", "outcome", "final_loss")
INITIALIZERS = ("notebook", "uniform", "normal", "glorot", "he", "nguyen_widrow", "given")
OPTIMIZERS = ("gd", "rprop", "quickprop", "adam", "delta_bar_delta")
GRADIENT_TERMS = ("same_sign", "always", "zero_step")
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
MAX_WIDTH = 128
MAX_NAME = 250  # characters; MLflow's own databases hold no longer ones
MAX_TEXT = 4096
MAX_GIVEN = 100_000  # weights that one can write down


def key(
    default: Any,
    help: str,  # noqa: A002
    allowed: str,
    example: str,
    check: Callable[[Any], bool],
    *,
    added_after_v1: bool = False,
) -> Any:
    """A field that carries what `--help` prints and what `check` enforces.

    Args:
        default: value where nothing is said.
        help: what the key means.
        allowed: what may stand there, as the end of "must be ...".
        example: overrides that use it.
        check: whether a value may stand there.
        added_after_v1: the key was added after runs had been recorded: at its default it stays out
            of their identity, so that those runs keep their keys.
    """
    return field(
        default=default,
        metadata={
            "help": help,
            "allowed": allowed,
            "example": example,
            "check": check,
            "later": added_after_v1,
        },
    )


def group_field(
    choices: dict[str, Any],
    help: str,  # noqa: A002
    allowed: str,
    example: str,
    check: Callable[[Any], bool],
    *,
    default: Any = None,
    optional: bool = False,
) -> Any:
    """A field that belongs to some choices of its group; null where another is made.

    Args:
        choices: name of the choice to its own default; None where there is no sensible one.
        help: what the key means.
        allowed: what may stand there, as the end of "must be ...".
        example: overrides that use it.
        check: whether a value may stand there; it need not let null pass.
        default: value in the schema, which makes the default choices.
        optional: null is a value there too.
    """
    return field(
        default=default,
        metadata={
            "help": help,
            "allowed": allowed,
            "example": example,
            "check": is_optional(check),
            "later": False,
            "choices": choices,
            "optional": optional,
        },
    )


def choice(
    default: str,
    names: tuple[str, ...],
    help: str,  # noqa: A002
    example: str,
    *,
    added_after_v1: bool = False,
) -> Any:
    """A field with one of several names."""
    allowed = "one of " + ", ".join(names)
    return key(default, help, allowed, example, lambda v: v in names, added_after_v1=added_after_v1)


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


def is_share(v: Any) -> bool:
    """Whether a value is a number from 0 up to, not including, 1."""
    return is_finite(v) and 0 <= v < 1


def is_flag(v: Any) -> bool:
    """Whether a value is true or false."""
    return isinstance(v, bool)


def is_text(v: Any) -> bool:
    """Whether a value is text with something in it, that any file and store can hold.

    What a command line cannot decode comes in as lone surrogates, which nothing can encode.
    """
    if not isinstance(v, str) or not v.strip() or "\0" in v or len(v) > MAX_TEXT:
        return False
    return v.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in v)


def is_name(v: Any) -> bool:
    """Whether a value is a name for lists and pages: text of one line, not too long."""
    return is_text(v) and len(v) <= MAX_NAME and not any(map(_breaks, v))


def _breaks(letter: str) -> bool:
    return letter < " " or "\x7f" <= letter <= "\x9f" or letter in "\u2028\u2029"


def is_hidden(v: Any) -> bool:
    """Whether a value is a hidden size, or a list with one for each hidden layer."""
    unit = is_integer(1, MAX_UNITS)
    if isinstance(v, list):
        return 1 <= len(v) <= MAX_LAYERS and all(map(unit, v))
    return unit(v)


def is_weights(v: Any) -> bool:
    """Whether a value is a list of weights: finite numbers, or x or y for those that vary."""
    return isinstance(v, list) and bool(v) and all(w in ("x", "y") or is_finite(w) for w in v)
