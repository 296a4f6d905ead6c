"""The logistic function."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.activations.activation import Activation

if TYPE_CHECKING:
    from xorlab.networks.activations.activation import Floats
    from xorlab.networks.program import Array, Program


class Sigmoid(Activation, name="sigmoid", order=1):
    """1 / (1 + exp(-z))."""

    reach: ClassVar[tuple[float, float]] = (0.0, 1.0)
    negated: ClassVar[bool] = True
    bounded: ClassVar[bool] = True
    uses_delta: ClassVar[bool] = False
    odd: ClassVar[bool] = True

    @staticmethod
    def apply(program: Program, z: Array, slope: float, kept: Array) -> None:
        """Emit a = 1 / (1 + exp(z)): z comes negated."""
        import numpy as np

        one = program.constant(1.0)
        program.emit(np.exp, z, z)
        program.emit(np.add, z, one, z)
        program.emit(np.divide, one, z, z)

    @staticmethod
    def backward(
        program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
    ) -> None:
        """Emit (1 - a) * (a * delta)."""
        import numpy as np

        program.emit(np.subtract, program.constant(1.0), a, a)
        program.emit(np.multiply, a, product, a)

    @staticmethod
    def derivatives(z: Floats, slope: float) -> tuple[Floats, Floats, Floats]:
        """f, f' and f'' at z."""
        import numpy as np

        small = np.exp(-np.abs(z))  # no overflow, and no cancellation in 1 - f where f is near 1
        f = np.where(z >= 0, 1.0, small) / (1.0 + small)
        first = small / (1.0 + small) ** 2
        return f, first, first * (1.0 - 2.0 * f)
