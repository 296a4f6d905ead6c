"""Calls between two layers of units, unit by unit of the upper one."""

from __future__ import annotations

import numpy as np

from xorlab.networks.program import Array, Program


def emit_sums(
    program: Program, below: Array, weights: Array, z: Array, negated: bool, scratch: list[Array]
) -> None:
    """Add the weighted units below to sums.

    Args:
        program: to emit to.
        below: (P, B, N) activations.
        weights: (U, B, N).
        z: (P, U, N) sums, or minus the sums where ``negated``.
        negated: see `xorlab.networks.activations.activation.Activation`.
        scratch: (P, B, N) and (P, N), to be overwritten.
    """
    terms, total = scratch
    combine = np.subtract if negated else np.add
    for unit, weight in enumerate(weights):
        program.emit(np.multiply, below, weight, terms)
        program.fold(terms, 1, total)
        program.emit(combine, z[:, unit], total, z[:, unit])


def emit_steps(program: Program, below: Array, delta: Array, steps: Array, scratch: Array) -> None:
    """The steps (U, B, N) of the weights, from deltas (P, U, N); overwrites ``scratch``."""
    for unit, step in enumerate(steps):
        program.emit(np.multiply, below, delta[:, unit : unit + 1], scratch)
        program.fold(scratch, 0, step)


def emit_back(
    program: Program, delta: Array, weights: Array, back: Array, scratch: Array, fresh: bool
) -> None:
    """What reaches the units below through the weights: (P, B, N).

    It is added to ``back``, or replaces it where ``fresh``; ``scratch`` is overwritten.
    """
    for unit, weight in enumerate(weights):
        first = fresh and unit == 0
        program.emit(np.multiply, weight, delta[:, unit : unit + 1], back if first else scratch)
        if not first:
            program.emit(np.add, back, scratch, back)
