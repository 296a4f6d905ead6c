"""Symmetric systems of many networks, solved by operations on single elements."""

from __future__ import annotations

import numpy as np

from xorlab.networks.program import Array


def solve(matrix: Array, shift: Array, right: Array) -> Array:
    """Solve (A + shift I) x = b by Cholesky's decomposition.

    A library's routine may sum in another order for another width or number of threads. Here the
    bits of a network depend on its own numbers alone.

    Args:
        matrix: (K, K, W), of which the lower triangle counts.
        shift: () or (W,).
        right: (K, W).

    Returns:
        (K, W); not finite where the matrix is not positive definite.
    """
    lower, x = matrix.copy(), right.copy()
    size = len(lower)
    diagonal = np.arange(size)
    lower[diagonal, diagonal] += shift
    for k in range(size):
        lower[k, k] = np.sqrt(lower[k, k])
        lower[k + 1 :, k] /= lower[k, k]
        below = lower[k + 1 :, k]
        for j in range(k + 1, size):
            lower[j:, j] -= below[j - k - 1 :] * below[j - k - 1]
        x[k] /= lower[k, k]
        x[k + 1 :] -= below * x[k]
    for k in range(size - 1, -1, -1):
        x[k] /= lower[k, k]
        x[:k] -= lower[k, :k] * x[k]
    return x
