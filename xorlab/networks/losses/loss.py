"""What a loss is. The recorded loss is the mean squared error whatever is minimised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from xorlab.config.groups import Registered

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from xorlab.networks.program import Array, Program

    Floats = npt.NDArray[np.floating[Any]]
    Doubles = npt.NDArray[np.float64]
    Triple = tuple[Doubles, Doubles, Doubles]


class Loss(Registered, package="xorlab.networks.losses"):
    """A loss E of outputs y and targets t.

    Attributes:
        canonical: -dE/dz is t - y for the output's own activation, without its slope.
        output: the activation that the output must have; None for any.
        targets: lowest and highest target that it is defined for; None for any.
        distribution: the targets of a pattern must add up to 1.
    """

    canonical: ClassVar[bool] = False
    output: ClassVar[str | None] = None
    targets: ClassVar[tuple[float, float] | None] = None
    distribution: ClassVar[bool] = False

    @staticmethod
    def value(y: Floats, t: Floats) -> float:
        """E for outputs and targets of shape (P, O)."""
        raise NotImplementedError

    @staticmethod
    def emit(program: Program, outputs: Array, error: Array, targets: Array, out: Array) -> None:
        """Emit calls that sum the loss over patterns and outputs; its scale comes later.

        Args:
            program: to emit to.
            outputs: (P, O, N), left as they are.
            error: (P, O, N) targets minus outputs, left as it is.
            targets: (P, O, 1).
            out: (N,), to be set.
        """
        import numpy as np

        squares = program.empty(*error.shape)
        program.emit(np.multiply, error, error, squares)
        program.fold(squares.reshape(-1, squares.shape[-1]), 0, out)
        program.emit(np.multiply, out, program.constant(0.5), out)

    @staticmethod
    def scale(patterns: int, outputs: int) -> float:
        """What the sum over patterns and outputs is multiplied by; 1 leaves it a sum."""
        return 1.0

    @classmethod
    def decays(cls, patterns: int, outputs: int, seen: int) -> float:
        """How often weight decay counts in E over all patterns, of which an update sees some.

        It is applied once per update, ``patterns / seen`` times in an epoch. The sum of an epoch's
        updates, from the same weights, is minus the gradient of E, for a loss that is a sum over
        patterns, and that many times it for one that is a mean. E is the same either way: a mean
        is one.
        """
        if seen == patterns:
            return 1.0
        return patterns * cls.scale(patterns, outputs) / (seen * cls.scale(seen, outputs))

    @staticmethod
    def terms(z: Doubles, t: Doubles, f: Doubles, first: Doubles, second: Doubles) -> Triple:
        """Per pattern and output the term of the sum and its derivatives by z.

        Args:
            z: what goes into the output.
            t: its target.
            f: the output's activation at z.
            first: its first derivative.
            second: its second.

        Returns:
            the term, its first derivative and its second.
        """
        return 0.5 * (f - t) ** 2, (f - t) * first, first**2 + (f - t) * second


def emit_logs(program: Program, shares: Array, targets: Array, terms: Array) -> None:
    """Emit calls that set minus the targets times the logarithm of shares, without one of 0.

    Args:
        program: to emit to.
        shares: (P, O, N) from 0 to 1.
        targets: (P, O, 1).
        terms: (P, O, N), to be set; may be the shares.
    """
    import numpy as np

    program.emit_bound(np.maximum, shares, program.constant(np.finfo(program.dtype).tiny), terms)
    program.emit(np.log, terms, terms)
    program.emit(np.multiply, terms, -targets, terms)
