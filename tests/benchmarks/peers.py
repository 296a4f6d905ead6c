"""The same training in JAX and PyTorch, on one core; for comparison.

Every function trains by gradient descent on half the sum of squared errors, from given weights
(networks first), and returns the seconds it took and what the trained networks answer, (N, P, O).
The first call of a size compiles.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

Arrays = list[np.ndarray]

clock = time.perf_counter  # a worker of the benchmark may count processor seconds instead


@dataclass(frozen=True, eq=False)
class Problem:
    """What is trained: patterns (P, I) with targets (P, O), and how.

    Attributes:
        title: of its row.
        hidden: units.
        epochs: to train.
        lr: learning rate.
        batch: patterns of an update; None for all.
    """

    title: str
    inputs: np.ndarray
    targets: np.ndarray
    hidden: int
    epochs: int
    lr: float = 0.1
    batch: int | None = None


@cache
def _jax() -> Any:
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax


def _answers(parameters: Any, inputs: np.ndarray) -> np.ndarray:
    w1, b1, w2, b2 = map(np.asarray, parameters)
    hidden = 1.0 / (1.0 + np.exp(-(inputs @ w1 + b1[:, None])))
    return 1.0 / (1.0 + np.exp(-(hidden @ w2 + b2[:, None])))


_COMPILED: dict[tuple[str, str, int], Callable[..., Any]] = {}


def jax_vmap(problem: Problem, weights: Arrays, epochs: int) -> tuple[float, np.ndarray]:
    """The gradient of one network's loss, under ``vmap``; each draws its own order of patterns."""
    jax = _jax()
    import jax.numpy as jnp

    inputs, targets = jnp.asarray(problem.inputs), jnp.asarray(problem.targets)
    patterns, size = len(problem.inputs), problem.batch

    def loss(parameters, x, t):
        w1, b1, w2, b2 = parameters
        h = jax.nn.sigmoid(x @ w1 + b1)
        return 0.5 * jnp.sum((t - jax.nn.sigmoid(h @ w2 + b2)) ** 2)

    def update(parameters, x, t):
        gradient = jax.grad(loss)(parameters, x, t)
        return jax.tree.map(lambda p, g: p - problem.lr * g, parameters, gradient)

    def epoch(number, parameters, key):
        if size is None:
            return update(parameters, inputs, targets)
        order = jax.random.permutation(jax.random.fold_in(key, number), patterns)
        whole = patterns // size
        batches = order[: whole * size].reshape(whole, size)
        step = lambda p, rows: (update(p, inputs[rows], targets[rows]), None)  # noqa: E731
        parameters, _ = jax.lax.scan(step, parameters, batches)
        if patterns % size:
            parameters, _ = step(parameters, order[whole * size :])
        return parameters

    def one(parameters, key, count):
        return jax.lax.fori_loop(0, count, lambda n, p: epoch(n, p, key), parameters)

    keys = jax.random.split(jax.random.key(0), len(weights[0]))
    train = _COMPILED.setdefault(
        ("vmap", problem.title, len(weights[0])), jax.jit(jax.vmap(one, in_axes=(0, 0, None)))
    )
    parameters = tuple(map(jnp.asarray, weights))
    began = clock()
    parameters = jax.block_until_ready(train(parameters, keys, epochs))
    return clock() - began, _answers(parameters, problem.inputs)


def jax_by_hand(problem: Problem, weights: Arrays, epochs: int) -> tuple[float, np.ndarray]:
    """Networks on the last axis, patterns written out and gradients by hand; one output."""
    jax = _jax()
    import jax.numpy as jnp

    def sigmoid(z):
        return 1.0 / (1.0 + jnp.exp(-z))

    def epoch(_, parameters):
        w1, b1, w2, b2 = parameters
        steps = [jnp.zeros_like(p) for p in parameters]
        for pattern, (target,) in zip(problem.inputs, problem.targets, strict=True):
            h = sigmoid(b1 + sum(x * w for x, w in zip(pattern, w1, strict=True)))
            y = sigmoid(b2 + jnp.sum(w2 * h, axis=0))
            d2 = problem.lr * (target - y) * y * (1.0 - y)
            d1 = d2 * w2 * h * (1.0 - h)
            own = (jnp.stack([x * d1 for x in pattern]), d1, d2 * h, d2)
            steps = [step + one for step, one in zip(steps, own, strict=True)]
        return tuple(p + s for p, s in zip(parameters, steps, strict=True))

    train = _COMPILED.setdefault(
        ("by hand", problem.title, len(weights[0])),
        jax.jit(lambda parameters, count: jax.lax.fori_loop(0, count, epoch, parameters)),
    )
    w1, b1, w2, b2 = weights
    columns = (w1.transpose(1, 2, 0), b1.T, w2[:, :, 0].T, b2[:, 0])
    parameters = tuple(jnp.asarray(np.ascontiguousarray(one)) for one in columns)
    began = clock()
    w1, b1, w2, b2 = jax.block_until_ready(train(parameters, epochs))
    spent = clock() - began
    back = (w1.transpose(2, 0, 1), b1.T, w2.T[:, :, None], b2[:, None])
    return spent, _answers(back, problem.inputs)


def torch_by_hand(problem: Problem, weights: Arrays, epochs: int) -> tuple[float, np.ndarray]:
    """Gradients written out, as batched products over all patterns."""
    import torch

    torch.set_num_threads(1)
    w1, b1, w2, b2 = (torch.tensor(one, dtype=torch.float64) for one in weights)
    b1, b2, lr = b1[:, None], b2[:, None], problem.lr
    x = torch.tensor(problem.inputs).expand(len(w1), *problem.inputs.shape)
    t = torch.tensor(problem.targets)
    began = clock()
    with torch.no_grad():
        for _ in range(epochs):
            h = torch.sigmoid(torch.baddbmm(b1, x, w1))
            y = torch.sigmoid(torch.baddbmm(b2, h, w2))
            d2 = (t - y) * y * (1 - y)
            d1 = d2 @ w2.mT * h * (1 - h)
            w2 += lr * (h.mT @ d2)
            b2 += lr * d2.sum(1, keepdim=True)
            w1 += lr * (x.mT @ d1)
            b1 += lr * d1.sum(1, keepdim=True)
    return clock() - began, _answers((w1, b1[:, 0], w2, b2[:, 0]), problem.inputs)


def torch_vmap(problem: Problem, weights: Arrays, epochs: int) -> tuple[float, np.ndarray]:
    """The gradient of one network's loss, under ``torch.func.vmap``."""
    import torch

    torch.set_num_threads(1)
    torch.manual_seed(0)
    parameters = tuple(torch.tensor(one, dtype=torch.float64) for one in weights)
    inputs, targets = torch.tensor(problem.inputs), torch.tensor(problem.targets)
    count, patterns, size = len(weights[0]), len(inputs), problem.batch

    def loss(parameters, x, t):
        w1, b1, w2, b2 = parameters
        h = torch.sigmoid(x @ w1 + b1)
        return 0.5 * torch.sum((t - torch.sigmoid(h @ w2 + b2)) ** 2)

    gradient = torch.func.vmap(torch.func.grad(loss), (0, *(2 * [None if size is None else 0])))
    began = clock()
    for _ in range(epochs):
        batches: list[Any] = [None]
        if size is not None:
            order = torch.argsort(torch.rand(count, patterns), dim=1)
            batches = list(torch.split(order, size, dim=1))
        for rows in batches:
            x, t = (inputs, targets) if rows is None else (inputs[rows], targets[rows])
            steps = gradient(parameters, x, t)
            parameters = tuple(p - problem.lr * g for p, g in zip(parameters, steps, strict=True))
    return clock() - began, _answers(parameters, problem.inputs)
