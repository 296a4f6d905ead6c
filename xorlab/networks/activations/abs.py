"""The absolute value."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.activations.activation import Activation

if TYPE_CHECKING:
    from xorlab.networks.activations.activation import Floats
    from xorlab.networks.program import Array, Program


class Abs(Activation, name="abs", order=6):
    """|z|."""

    reach: ClassVar[tuple[float, float]] = (0.0, math.inf)
    keeps: ClassVar[bool] = True
    kinked: ClassVar[bool] = True

    @staticmethod
    def apply(program: Program, z: Array, slope: float, kept: Array) -> None:
        """Emit a = |z|, and keep the sign of z."""
        import numpy as np

        program.emit(np.sign, z, kept)
        program.emit(np.abs, z, z)

    @staticmethod
    def backward(
        program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
    ) -> None:
        """Emit sign(z) * delta: the subgradient 0 at the kink, as the sign of 0 is 0."""
        import numpy as np

        program.emit(np.multiply, kept, delta, a)

    @staticmethod
    def derivatives(z: Floats, slope: float) -> tuple[Floats, Floats, Floats]:
        """f, f' and f'' at z."""
        import numpy as np

        return np.abs(z), np.sign(z), np.zeros_like(z)
