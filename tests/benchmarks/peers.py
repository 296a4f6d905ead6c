"""The same training in JAX (vmap and jit) and PyTorch (batched), on one core; for comparison."""

from __future__ import annotations

import os
import time

import numpy as np


def initial(count: int, hidden: int) -> list[np.ndarray]:
    """Weights and biases of many networks, networks first."""
    rng = np.random.default_rng(0)
    shapes = [(2, hidden), (hidden,), (hidden, 1), (1,)]
    return [rng.random((count, *shape)) for shape in shapes]


INPUTS = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], float)
TARGETS = np.array([[0], [1], [1], [0]], float)


def jax_seconds(count: int, hidden: int, epochs: int) -> float:
    """Time of ``epochs`` epochs, compilation apart."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    def loss(parameters):
        w1, b1, w2, b2 = parameters
        h = jax.nn.sigmoid(INPUTS @ w1 + b1)
        return 0.5 * jnp.sum((TARGETS - jax.nn.sigmoid(h @ w2 + b2)) ** 2)

    def epoch(_, parameters):
        gradient = jax.grad(loss)(parameters)
        return jax.tree.map(lambda p, g: p - 0.1 * g, parameters, gradient)

    @jax.jit
    def train(parameters):
        one = lambda p: jax.lax.fori_loop(0, epochs, epoch, p)  # noqa: E731
        return jax.vmap(one)(parameters)

    parameters = tuple(map(jnp.asarray, initial(count, hidden)))
    jax.block_until_ready(train(parameters))
    began = time.perf_counter()
    jax.block_until_ready(train(parameters))
    return time.perf_counter() - began


def jax_by_hand_seconds(count: int, hidden: int, epochs: int) -> float:
    """The same with networks on the last axis, patterns written out and gradients by hand."""
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax

    jax.config.update("jax_enable_x64", True)
    import jax.numpy as jnp

    def sigmoid(z):
        return 1.0 / (1.0 + jnp.exp(-z))

    def epoch(parameters, _):
        w1, b1, w2, b2 = parameters
        steps = [jnp.zeros_like(p) for p in parameters]
        for (first, second), (target,) in zip(INPUTS, TARGETS, strict=True):
            h = sigmoid(b1 + first * w1[0] + second * w1[1])
            y = sigmoid(b2 + jnp.sum(w2 * h, axis=0))
            d2 = 0.1 * (target - y) * y * (1.0 - y)
            d1 = d2 * w2 * h * (1.0 - h)
            for index, step in enumerate((jnp.stack([first * d1, second * d1]), d1, d2 * h, d2)):
                steps[index] += step
        return tuple(p + s for p, s in zip(parameters, steps, strict=True)), None

    @jax.jit
    def train(parameters):
        return jax.lax.scan(epoch, parameters, None, length=epochs)[0]

    w1, b1, w2, b2 = initial(count, hidden)
    columns = (w1.transpose(1, 2, 0), b1.T, w2[:, :, 0].T, b2[:, 0])
    parameters = tuple(jnp.asarray(np.ascontiguousarray(one)) for one in columns)
    jax.block_until_ready(train(parameters))
    began = time.perf_counter()
    jax.block_until_ready(train(parameters))
    return time.perf_counter() - began


def torch_seconds(count: int, hidden: int, epochs: int) -> float:
    """Time of ``epochs`` epochs with gradients written out, as batched products."""
    import torch

    torch.set_num_threads(1)
    w1, b1, w2, b2 = (torch.tensor(p, dtype=torch.float64) for p in initial(count, hidden))
    b1, b2 = b1[:, None], b2[:, None]
    x = torch.tensor(INPUTS).expand(count, 4, 2)
    t = torch.tensor(TARGETS)
    began = time.perf_counter()
    with torch.no_grad():
        for _ in range(epochs):
            h = torch.sigmoid(torch.baddbmm(b1, x, w1))
            y = torch.sigmoid(torch.baddbmm(b2, h, w2))
            d2 = (t - y) * y * (1 - y)
            d1 = d2 @ w2.mT * h * (1 - h)
            w2 += 0.1 * (h.mT @ d2)
            b2 += 0.1 * d2.sum(1, keepdim=True)
            w1 += 0.1 * (x.mT @ d1)
            b1 += 0.1 * d1.sum(1, keepdim=True)
    return time.perf_counter() - began
