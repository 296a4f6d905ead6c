"""JAX: many seeds at once with vmap, each a run: python vmapped.py -m 'seed=range(0,2000)'"""

from dataclasses import dataclass
from functools import partial

import jax
import jax.numpy as jnp

import xorlab


@dataclass
class Xor:
    seed: int = 0
    lr: float = xorlab.field(3.0, help="step size", above=0, at_most=1000, example="lr=1,3")
    hidden: int = xorlab.field(2, help="hidden units", at_least=1, example="hidden=2,3")
    epochs: int = xorlab.field(2000, help="passes over the four patterns", at_least=1)


@partial(jax.jit, static_argnums=(2, 3))
def trained(seeds, lrs, hidden, epochs):
    def loss(weights):
        inputs, targets = jnp.array([[0, 0], [0, 1], [1, 0], [1, 1]]), jnp.array([0, 1, 1, 0])
        first, second = weights[: 3 * hidden].reshape(3, hidden), weights[3 * hidden :]
        active = jax.nn.sigmoid(inputs @ first[:2] + first[2])
        errors = jnp.abs(jax.nn.sigmoid(active @ second[:-1] + second[-1]) - targets)
        return jnp.mean(errors**2), errors.max()

    def one(seed, lr):
        def epoch(weights, _):
            values, gradient = jax.value_and_grad(loss, has_aux=True)(weights)
            return weights - lr * gradient, values

        start = jax.random.normal(jax.random.key(seed), (4 * hidden + 1,))
        return jax.lax.scan(epoch, start, None, epochs + 1)

    return jax.vmap(one)(seeds, lrs)


@xorlab.trainer(version=1)
def train(config: Xor) -> xorlab.Result:
    """A small network learns XOR by gradient descent."""
    return train_many([config])[0]


@train.many(together=lambda config: (config.hidden, config.epochs), rtol=1e-3, most=2000)
def train_many(configs: list[Xor]) -> list[xorlab.Result]:
    lrs, seeds = (jnp.array([getattr(one, key) for one in configs]) for key in ("lr", "seed"))
    arrays = jax.device_get(trained(seeds, lrs, configs[0].hidden, configs[0].epochs))
    return [
        xorlab.Recorder(solved=lambda now: now["error"] < 0.4)
        .all_steps(range(len(loss)), loss=loss, error=error)
        .result(weights=weights)
        for weights, loss, error in zip(*jax.tree.leaves(arrays), strict=True)
    ]


if __name__ == "__main__":
    xorlab.main(train)
