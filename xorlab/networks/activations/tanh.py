"""The hyperbolic tangent."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.activations.activation import Activation

if TYPE_CHECKING:
    from xorlab.networks.activations.activation import Floats
    from xorlab.networks.program import Array, Program


class Tanh(Activation, name="tanh", order=2):
    """tanh(z)."""

    reach: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    bounded: ClassVar[bool] = True
    odd: ClassVar[bool] = True

    @staticmethod
    def apply(program: Program, z: Array, slope: float, kept: Array) -> None:
        """Emit a = tanh(z)."""
        import numpy as np

        program.emit(np.tanh, z, z)

    @staticmethod
    def backward(
        program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
    ) -> None:
        """Emit delta - a * (a * delta)."""
        import numpy as np

        program.emit(np.multiply, a, product, a)
        program.emit(np.subtract, delta, a, a)

    @staticmethod
    def derivatives(z: Floats, slope: float) -> tuple[Floats, Floats, Floats]:
        """f, f' and f'' at z."""
        import numpy as np

        f = np.tanh(z)
        # 1 - f^2 without cancellation where f is near 1 or -1.
        small = np.exp(-np.abs(2.0 * z))
        first = 4.0 * (small / (1.0 + small) ** 2)
        return f, first, -2.0 * f * first
