"""Softsign: like the hyperbolic tangent, with slower tails."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.activations.activation import Activation

if TYPE_CHECKING:
    from xorlab.networks.activations.activation import Floats
    from xorlab.networks.program import Array, Program


class Softsign(Activation, name="softsign", order=7):
    """z / (1 + |z|) (Elliott 1993), the hidden activation of Proben1."""

    reach: ClassVar[tuple[float, float]] = (-1.0, 1.0)
    bounded: ClassVar[bool] = True
    odd: ClassVar[bool] = True

    @staticmethod
    def apply(program: Program, z: Array, slope: float, kept: Array) -> None:
        """Emit z / (1 + |z|)."""
        import numpy as np

        size = program.empty(*z.shape)
        program.emit(np.abs, z, size)
        program.emit(np.add, size, program.constant(1.0), size)
        program.emit(np.divide, z, size, z)

    @staticmethod
    def backward(
        program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
    ) -> None:
        """Emit (1 - |a|)^2 * delta."""
        import numpy as np

        program.emit(np.abs, a, a)
        program.emit(np.subtract, program.constant(1.0), a, a)
        program.emit(np.multiply, a, a, a)
        program.emit(np.multiply, a, delta, a)

    @staticmethod
    def derivatives(z: Floats, slope: float) -> tuple[Floats, Floats, Floats]:
        """f, f' and f'' at z."""
        import numpy as np

        size = 1.0 + np.abs(z)
        return z / size, size**-2, -2.0 * np.sign(z) * size**-3
