"""How many threads BLAS may use."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Give BLAS one thread in this process while the block runs.

    For many products and eigenvalues of matrices of some hundred rows: there its threads wait for
    one another longer than they compute, all the more where other processes use the cores.
    """
    # Imported here: it looks for the libraries that are loaded, and few commands need it.
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield
