"""What callers from Python hand to public functions: taken where it is clear, else refused."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.errors import UsageError
from xorlab.networks.config import Config

Floats = npt.NDArray[np.float64]


def config_of(function: str, value: Any) -> Config:
    """A configuration that was given to a function.

    Raises:
        UsageError: it is something else, such as a dictionary or a configuration of Hydra.
    """
    if isinstance(value, Config):
        return value
    kind = f"{type(value).__module__}.{type(value).__qualname__}".removeprefix("builtins.")
    raise UsageError(
        f"{function}: takes what xorlab.configure returns, as "
        f"{function}(xorlab.configure('seed=7', 'optimizer.lr=0.5')); this is a {kind}"
    )


def configs_of(function: str, values: Any) -> list[Config]:
    """The configurations that were given to a function.

    Raises:
        UsageError: it is one configuration, or one of them is something else.
    """
    if isinstance(values, Config) or not isinstance(values, Iterable):
        raise UsageError(f"{function}: takes a list of configurations; put this one in [ ]")
    return [config_of(function, value) for value in values]


def check_layers(function: str, value: Any) -> None:
    """Refuse what has no weights, where a trained network is expected.

    Raises:
        UsageError: says what is taken.
    """
    if all(hasattr(value, name) for name in ("weights", "biases", "shortcuts")):
        return
    several = "; take one of these by its run id" if isinstance(value, dict) else ""
    raise UsageError(
        f"{function}: takes a trained network after the configuration: what xorlab.train returns, "
        f"or one value of what xorlab.load_weights does; this is a {type(value).__name__}{several}"
    )


def patterns_of(function: str, inputs: Any, width: int) -> Floats:
    """Patterns (P, width), from an array, a list of lists or a table of pandas.

    Raises:
        UsageError: they are not numbers, or have another shape.
    """
    wanted = f"{function}: inputs must be numbers of shape (patterns, {width})"
    try:
        patterns = np.asarray(inputs, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{wanted}, such as a list of lists ({error})") from error
    if patterns.ndim != 2 or patterns.shape[1] != width:
        one = " for one pattern, write [[...]]" if patterns.shape == (width,) else ""
        raise UsageError(f"{wanted}, and have shape {patterns.shape};{one}".rstrip(";"))
    return patterns
