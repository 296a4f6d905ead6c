"""Softmax: the outputs are the probabilities of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.activations.activation import Activation

if TYPE_CHECKING:
    from xorlab.networks.activations.activation import Floats
    from xorlab.networks.program import Array, Program


class Softmax(Activation, name="softmax", order=8):
    """exp(z) over its sum over the units (Bridle 1990), for outputs alone."""

    reach: ClassVar[tuple[float, float]] = (0.0, 1.0)
    bounded: ClassVar[bool] = True
    uses_delta: ClassVar[bool] = False
    couples: ClassVar[bool] = True

    @staticmethod
    def apply(program: Program, z: Array, slope: float, kept: Array) -> None:
        """Emit exp(z) over its sum; the largest z is subtracted first, so that none overflows."""
        import numpy as np

        terms, total = program.empty(*z.shape), program.empty(z.shape[0], z.shape[2])
        program.emit(np.copyto, terms, z)
        program.fold(terms, 1, total, by=np.maximum)
        program.emit(np.subtract, z, total[:, None], z)
        program.emit(np.exp, z, z)
        program.emit(np.copyto, terms, z)
        program.fold(terms, 1, total)
        program.emit(np.divide, z, total[:, None], z)

    @staticmethod
    def backward(
        program: Program, a: Array, delta: Array, product: Array, slope: float, kept: Array
    ) -> None:
        """Emit a * delta - a * the sum of a * delta over the units."""
        import numpy as np

        terms, total = program.empty(*a.shape), program.empty(a.shape[0], a.shape[2])
        program.emit(np.copyto, terms, product)
        program.fold(terms, 1, total)
        program.emit(np.multiply, a, total[:, None], a)
        program.emit(np.subtract, product, a, a)

    @staticmethod
    def derivatives(z: Floats, slope: float) -> tuple[Floats, Floats, Floats]:
        """F over the last axis, and its derivatives by the unit's own z."""
        import numpy as np

        e = np.exp(z - z.max(axis=-1, keepdims=True))
        f = e / e.sum(axis=-1, keepdims=True)
        first = f * (1.0 - f)
        return f, first, first * (1.0 - 2.0 * f)
