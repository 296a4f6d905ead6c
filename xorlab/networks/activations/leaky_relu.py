"""The leaky rectifier."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.activations.activation import Activation

if TYPE_CHECKING:
    from xorlab.networks.activations.activation import Floats
    from xorlab.networks.program import Array, Program


class LeakyRelu(Activation, name="leaky_relu", order=4):
    """z above zero, `network.slope` times z below."""

    uses_slope: ClassVar[bool] = True
    keeps: ClassVar[bool] = True
    kinked: ClassVar[bool] = True

    @staticmethod
    def apply(program: Program, z: Array, slope: float, kept: Array) -> None:
        """Emit a = max(z, slope * z), right for a slope of at most 1, and keep where z > 0."""
        import numpy as np

        program.emit(np.greater, z, program.constant(0.0), kept)
        leak = program.empty(*z.shape)
        program.emit(np.multiply, z, program.constant(slope), leak)
        program.emit_bound(np.maximum, z, leak, z)

    @staticmethod
    def backward(
        program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
    ) -> None:
        """Emit delta where z > 0, else slope * delta."""
        import numpy as np

        program.emit(np.multiply, kept, program.constant(1.0 - slope), a)
        program.emit(np.add, a, program.constant(slope), a)
        program.emit(np.multiply, a, delta, a)

    @staticmethod
    def derivatives(z: Floats, slope: float) -> tuple[Floats, Floats, Floats]:
        """f, f' and f'' at z."""
        import numpy as np

        first = np.where(z > 0, 1.0, slope)
        return first * z, first, np.zeros_like(z)
