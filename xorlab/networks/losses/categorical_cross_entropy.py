"""Cross-entropy of softmax outputs, which are the probabilities of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.losses.loss import Loss, emit_logs

if TYPE_CHECKING:
    from xorlab.networks.losses.loss import Doubles, Floats, Triple
    from xorlab.networks.program import Array, Program


class CategoricalCrossEntropy(Loss, name="categorical_cross_entropy", order=4):
    """Minus the logarithm of the right class's probability, summed over patterns (Bridle 1990)."""

    canonical: ClassVar[bool] = True
    output: ClassVar[str | None] = "softmax"
    targets: ClassVar[tuple[float, float] | None] = (0, 1)
    distribution: ClassVar[bool] = True

    @staticmethod
    def value(y: Floats, t: Floats) -> float:
        """E for outputs and targets of shape (P, O)."""
        import numpy as np

        return float(-np.sum(t * np.log(y)))

    @staticmethod
    def emit(program: Program, outputs: Array, error: Array, targets: Array, out: Array) -> None:
        """Emit calls that sum the loss over patterns and outputs."""
        terms = program.empty(*outputs.shape)
        emit_logs(program, outputs, targets, terms)
        program.fold(terms.reshape(-1, terms.shape[-1]), 0, out)

    @staticmethod
    def terms(z: Doubles, t: Doubles, f: Doubles, first: Doubles, second: Doubles) -> Triple:
        """-t log f, without a logarithm of 0, and the derivatives of the sum by each z."""
        import numpy as np

        most = z.max(axis=-1, keepdims=True)
        total = most + np.log(np.exp(z - most).sum(axis=-1, keepdims=True))
        return t * (total - z), f - t, first
