"""Cross-entropy of a logistic output."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from xorlab.networks.losses.loss import Loss, emit_logs

if TYPE_CHECKING:
    from xorlab.networks.losses.loss import Doubles, Floats, Triple
    from xorlab.networks.program import Array, Program


class CrossEntropy(Loss, name="cross_entropy", order=3):
    """Cross-entropy, summed over patterns, of a logistic output (Solla, Levin & Fleisher 1988)."""

    canonical: ClassVar[bool] = True
    output: ClassVar[str | None] = "sigmoid"
    targets: ClassVar[tuple[float, float] | None] = (0, 1)

    @staticmethod
    def value(y: Floats, t: Floats) -> float:
        """E for outputs and targets of shape (P, O)."""
        import numpy as np

        return float(-np.sum(t * np.log(y) + (1 - t) * np.log1p(-y)))

    @staticmethod
    def emit(program: Program, outputs: Array, error: Array, targets: Array, out: Array) -> None:
        """Emit calls that sum the loss over patterns and outputs."""
        import numpy as np

        terms, others = program.empty(*outputs.shape), program.empty(*outputs.shape)
        emit_logs(program, outputs, targets, terms)
        program.emit(np.subtract, program.constant(1.0), outputs, others)
        emit_logs(program, others, 1.0 - targets, others)
        program.emit(np.add, terms, others, terms)
        program.fold(terms.reshape(-1, terms.shape[-1]), 0, out)

    @staticmethod
    def terms(z: Doubles, t: Doubles, f: Doubles, first: Doubles, second: Doubles) -> Triple:
        """-t log f - (1 - t) log(1 - f), without a logarithm of 0, and its derivatives by z."""
        import numpy as np

        return np.logaddexp(0.0, z) - t * z, f - t, first
