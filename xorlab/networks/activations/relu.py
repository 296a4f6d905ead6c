"""The rectifier."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.activations.activation import Activation

if TYPE_CHECKING:
    from xorlab.networks.activations.activation import Floats
    from xorlab.networks.program import Array, Program


class Relu(Activation, name="relu", order=3):
    """The larger of z and 0."""

    reach: ClassVar[tuple[float, float]] = (0.0, math.inf)
    kinked: ClassVar[bool] = True

    @staticmethod
    def apply(program: Program, z: Array, slope: float, kept: Array) -> None:
        """Emit a = max(z, 0)."""
        import numpy as np

        zero = program.constant(0.0)
        program.emit_bound(np.maximum, z, zero, z)

    @staticmethod
    def backward(
        program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
    ) -> None:
        """Emit delta where a > 0, else 0: the subgradient 0 at the kink, as in most frameworks."""
        import numpy as np

        program.emit(np.greater, a, program.constant(0.0), a)
        program.emit(np.multiply, a, delta, a)

    @staticmethod
    def derivatives(z: Floats, slope: float) -> tuple[Floats, Floats, Floats]:
        """f, f' and f'' at z."""
        import numpy as np

        first = np.where(z > 0, 1.0, 0.0)
        return first * z, first, np.zeros_like(z)
