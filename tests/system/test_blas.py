"""BLAS has one thread where a block asks for that, and then as many as before."""

from __future__ import annotations

import numpy as np
from threadpoolctl import threadpool_info

from xorlab.system.blas import one_blas_thread


def blas_threads() -> list[int]:
    return [one["num_threads"] for one in threadpool_info() if one["user_api"] == "blas"]


def test_blas_has_one_thread_within_and_as_many_as_before_afterwards():
    np.linalg.eigvalsh(np.eye(2))
    before = blas_threads()
    with one_blas_thread():
        assert set(blas_threads()) <= {1}
    assert blas_threads() == before
