"""What is learned: patterns with their targets."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.config.groups import TaskConfig
from xorlab.networks.tasks.table_file import read_table

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Task:
    """Patterns to learn.

    Attributes:
        inputs: (P, I).
        targets: (P, O).
        codes: the inputs that code 0 and 1, where the patterns are all 2^I of them in binary
            order (first input most significant); None for any other set of patterns.
        margin: an output is on its target's side when it is nearer to it than this.
        digest: SHA-256 of the file that a table was read from; None for any other task.
    """

    inputs: Floats
    targets: Floats
    codes: tuple[float, float] | None
    margin: float
    digest: str | None = None


def make_task(config: TaskConfig) -> Task:
    """The patterns that a checked configuration names.

    Raises:
        ConfigError: a table is missing, too large, empty, ragged, not numeric or not finite.
    """
    if config.name == "table":
        return _table(config)
    if config.name == "encoder":
        assert config.width is not None  # noqa: S101  (checked with the configuration)
        # Ackley, Hinton & Sejnowski (1985): each pattern has one bit of its own, in and out.
        inputs = np.eye(config.width, dtype=np.int64)
        return _coded(config, inputs, inputs == 1, None)
    bits = config.bits if config.name in ("parity", "symmetry") else 2
    assert bits is not None  # noqa: S101  (checked with the configuration)
    cube = (np.arange(2**bits)[:, None] >> np.arange(bits)[::-1]) & 1
    truth = _TRUTH[config.name](cube)[:, None]
    return _coded(config, cube, truth, (config.low, config.high))


def _coded(
    config: TaskConfig,
    inputs: npt.NDArray[np.int64],
    truth: npt.NDArray[np.bool_],
    codes: tuple[float, float] | None,
) -> Task:
    return Task(
        inputs=np.where(inputs, config.high, config.low).astype(np.float64),
        targets=np.where(truth, config.target_high, config.target_low).astype(np.float64),
        codes=codes,
        margin=(config.target_high - config.target_low) / 2,
    )


# Truth of each pattern, from its bits (P, bits).
_TRUTH: dict[str, Callable[[npt.NDArray[np.int64]], npt.NDArray[np.bool_]]] = {
    "xor": lambda cube: cube.sum(axis=1) % 2 == 1,
    "and": lambda cube: (cube == 1).all(axis=1),
    "or": lambda cube: (cube == 1).any(axis=1),
    "nand": lambda cube: (cube == 0).any(axis=1),
    "nor": lambda cube: (cube == 0).all(axis=1),
    "xnor": lambda cube: cube.sum(axis=1) % 2 == 0,
    "parity": lambda cube: cube.sum(axis=1) % 2 == 1,
    # Rumelhart, Hinton & Williams (1986): the same from both ends.
    "symmetry": lambda cube: (cube == cube[:, ::-1]).all(axis=1),
}


def _table(config: TaskConfig) -> Task:
    inputs, targets, digest = read_table(str(config.path), config.outputs or 1)
    # Halved before they are subtracted: no overflow between the largest numbers there are.
    half = float(targets.max() / 2 - targets.min() / 2)
    return Task(inputs, targets, None, margin=half or 0.5, digest=digest)
