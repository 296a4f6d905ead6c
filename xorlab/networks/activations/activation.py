"""What an activation function is: calls on whole arrays of units, and facts about it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from xorlab.config.groups import Registered

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from xorlab.networks.program import Array, Program

    Floats = npt.NDArray[np.float64]


class Activation(Registered, package="xorlab.networks.activations"):
    """One activation function f with a = f(z).

    Attributes:
        negated: z comes with its sign changed (the logistic function needs -z, and a sum of
            differences costs no more than a sum).
        bounded: a is finite whatever z is, so that a finite target means a finite loss.
        uses_delta: `backward` reads ``delta`` itself; if not, ``product`` may overwrite it.
        keeps: f' cannot be written in terms of a: `apply` leaves what it takes in ``kept``, an
            array like z; other activations get an empty array.
        uses_slope: `network.slope` plays a part.
        couples: a unit's a depends on the z of the other units, as only outputs may;
            `derivatives` are then those by its own z.
        kinked: the first derivative jumps at 0.
        odd: f(-z) = c - f(z): a unit and its negative are the same unit.
        reach: between which values a lies, whatever z is.
    """

    negated: ClassVar[bool] = False
    bounded: ClassVar[bool] = False
    uses_delta: ClassVar[bool] = True
    keeps: ClassVar[bool] = False
    uses_slope: ClassVar[bool] = False
    couples: ClassVar[bool] = False
    kinked: ClassVar[bool] = False
    odd: ClassVar[bool] = False
    reach: ClassVar[tuple[float, float]] = (-math.inf, math.inf)

    @staticmethod
    def apply(program: Program, z: Array, slope: float, kept: Array) -> None:
        """Emit calls that turn z (P, units, N) into a in place."""
        raise NotImplementedError

    @staticmethod
    def backward(
        program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
    ) -> None:
        """Emit calls that turn a into f'(z) * delta in place, where ``product`` is a * delta.

        f' is written in terms of a and of what was kept. ``product`` is left as it is; ``delta``
        may have one unit, shared by all.
        """
        raise NotImplementedError

    @staticmethod
    def derivatives(z: Floats, slope: float) -> tuple[Floats, Floats, Floats]:
        """f, f' and f'' at z."""
        raise NotImplementedError
