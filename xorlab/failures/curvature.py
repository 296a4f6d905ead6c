"""The error surface at the weights of many networks: loss, gradient and exact Hessian."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.errors import ConfigError
from xorlab.failures.error_values import forward, make_links
from xorlab.networks.config import Config
from xorlab.networks.initial_weights import wiring_of
from xorlab.networks.losses.loss import Loss
from xorlab.networks.parameters import parameter_count
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import layer_sizes

Floats = npt.NDArray[np.float64]

# A Hessian of this many parameters takes 8 MB, and its eigenvectors about half a second.
MAX_PARAMETERS = 1000
# Bytes that the tangents of one chunk of networks may use.
_CHUNK_BYTES = 64 << 20


@dataclass(frozen=True, eq=False)
class Surface:
    """The error surface at N points. Networks come first, except in the packed gradient.

    Attributes:
        loss: (N,) what training minimises; see `error_surface`.
        gradient: (K, N), in the order of `xorlab.networks.parameters.pack`.
        hessian: (N, K, K), symmetric, in the same order of parameters.
        outputs: (N, P, O).
        hidden: activations, one (N, P, units) per hidden layer.
        slopes: f' of every unit, one (N, P, units) per layer, the output layer last.
        kinks: (N,) number of (unit, pattern) pairs, hidden and output, that lie exactly on a kink
            of f. There f' is the one that training uses: that of the lower side, and 0 for abs.
    """

    loss: Floats
    gradient: Floats
    hessian: Floats
    outputs: Floats
    hidden: list[Floats]
    slopes: list[Floats]
    kinks: npt.NDArray[np.int64]


def error_surface(
    config: Config, task: Task, packed: npt.NDArray[np.floating], weight_decay: Floats | float = 0.0
) -> Surface:
    """Loss, gradient and Hessian of what training minimises, in float64.

    The minimised loss is E = s * (sum over patterns and outputs of the loss's terms) + d/2 * (sum
    of w^2), with s the loss's scale and d the weight decay. So minus the gradient of E is the step
    of gradient descent with learning rate 1. With one update per pattern E is the same loss of all
    patterns, and d counts as often as `xorlab.networks.losses.loss.Loss.decays` says. Its gradient
    is the one that `training.min_gradient` compares. Other optimizers take other steps down the
    same E. Quickprop's weight decay is part of its slopes, as in gradient descent; rprop, adam and
    delta-bar-delta have no weight decay.

    The Hessian is exact: the derivative of the gradient along every parameter at once, carried
    through both passes as one more axis (the R-operator of Pearlmutter 1994, "Fast exact
    multiplication by the Hessian"). The second derivative of a piecewise linear activation is 0,
    at its kink too, where it is undefined; f' at the kink is the one that training uses.

    Args:
        config: what the networks share: `network`, `training.loss` and `training.update` are used.
        task: the patterns.
        packed: (K, N) weights and biases, each column from `xorlab.networks.parameters.pack`.
        weight_decay: () or (N,), d above.

    Raises:
        ConfigError: the network has more than `MAX_PARAMETERS` parameters.
    """
    sizes, wiring = layer_sizes(config, task), wiring_of(config)
    _check_size(config, parameter_count(sizes, wiring))
    count = packed.shape[1]
    decay = np.broadcast_to(np.asarray(weight_decay, np.float64), (count,))
    per_network = 8 * len(task.inputs) * 4 * sum(sizes[1:]) * len(packed)
    width = max(1, _CHUNK_BYTES // per_network)
    starts = range(0, count, width) if count else [0]
    columns = np.asarray(packed, np.float64)
    # Weights may be as large as floats can be: overflow shows as numbers that are not finite.
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        pieces = [
            _chunk(config, task, sizes, columns[:, s : s + width], decay[s : s + width])
            for s in starts
        ]
    return pieces[0] if len(pieces) == 1 else _concatenated(pieces)


def _check_size(config: Config, parameters: int) -> None:
    if parameters > MAX_PARAMETERS:
        allowed = (
            f"small enough for at most {MAX_PARAMETERS} weights and biases (not {parameters}) "
            "where a Hessian is asked for"
        )
        raise ConfigError("network.hidden", config.network.hidden, allowed)


def _chunk(
    config: Config, task: Task, sizes: Sequence[int], columns: Floats, decay: Floats
) -> Surface:
    """The surface of a few networks: both passes, with their tangents.

    Values are (N, P, units), and their derivatives by every parameter (N, P, K, units).
    """
    links, biases = make_links(columns, sizes, wiring_of(config))
    values = forward(config, task, sizes, columns, decay)
    a, first, second = values.a, values.first, values.second
    couples = [activation.couples for activation in values.activations]
    layers, count, patterns, k = len(links), columns.shape[1], len(task.inputs), len(columns)

    ra, rz = [np.empty(0)], []
    for layer in range(layers):
        tangent = np.zeros((count, patterns, k, sizes[layer + 1]))
        for link in links[layer]:
            if link.source:
                tangent += ra[link.source] @ link.weights[:, None]
            if link.indices is not None:
                for unit, indices in enumerate(link.indices.T):
                    tangent[:, :, indices, unit] += a[link.source]
        if layer < len(biases):
            indices = biases[layer][1]
            tangent[:, :, indices, np.arange(len(indices))] += 1.0
        rz.append(tangent)
        through = _through(a[layer + 1], tangent) if couples[layer] else None
        ra.append(first[layer][:, :, None] * tangent if through is None else through)

    scale, decay, kind = values.scale, values.decay, Loss.choices()[config.training.loss]
    delta, rdelta = scale * values.delta, scale * values.bend[:, :, None] * rz[-1]
    if couples[-1]:
        delta, rdelta = (scale * one for one in _coupled(a[-1], ra[-1], task.targets, kind))
    gradient = decay * columns
    hessian = decay[:, None, None] * np.eye(k)
    # What reaches a layer's units from all layers above it, and its tangents.
    backs: dict[int, tuple[Floats, Floats]] = {}
    for layer in reversed(range(layers)):
        turned = rdelta.transpose(0, 2, 1, 3)
        for link in links[layer]:
            if link.indices is None:
                continue
            below = a[link.source].swapaxes(1, 2)
            gradient[link.indices] += (below @ delta).transpose(1, 2, 0)
            by_weight = below[:, None] @ turned
            if link.source:
                by_weight += ra[link.source].transpose(0, 2, 3, 1) @ delta[:, None]
            hessian[:, :, link.indices] += by_weight
        if layer < len(biases):
            indices = biases[layer][1]
            gradient[indices] += delta.sum(axis=1).T
            hessian[:, :, indices] += turned.sum(axis=2)
        if layer == 0:
            break
        for link in links[layer]:
            if not link.source:
                continue  # no error is asked for at the inputs
            back = delta @ link.weights.swapaxes(1, 2)
            rback = rdelta @ link.weights.swapaxes(1, 2)[:, None]
            if link.indices is not None:
                for unit, indices in enumerate(link.indices):
                    rback[:, :, indices, unit] += delta
            if link.source in backs:
                back, rback = back + backs[link.source][0], rback + backs[link.source][1]
            backs[link.source] = back, rback
        back, rback = backs.pop(layer)
        f1, f2 = first[layer - 1], second[layer - 1]
        delta = back * f1
        rdelta = rback * f1[:, :, None] + (back * f2)[:, :, None] * rz[layer - 1]

    return Surface(
        loss=values.loss,
        gradient=gradient,
        # The two halves differ by rounding only.
        hessian=0.5 * (hessian + hessian.swapaxes(1, 2)),
        outputs=a[-1],
        hidden=a[1:-1],
        slopes=first,
        kinks=values.kinks,
    )


def _through(y: Floats, tangent: Floats) -> Floats:
    """The tangents (N, P, K, O) of softmax outputs (N, P, O), from those of their sums."""
    weighted = y[:, :, None] * tangent
    return np.asarray(weighted - y[:, :, None] * weighted.sum(axis=3, keepdims=True))


def _coupled(y: Floats, ry: Floats, targets: Floats, loss: type[Loss]) -> tuple[Floats, Floats]:
    """dE/dz of softmax outputs and its tangents, from the outputs and theirs."""
    error = y - targets
    if loss.canonical:
        return error, ry
    # dE/dz = y (e - sum of y e), with e = y - t; its tangents by the rule of products.
    left = error - (y * error).sum(axis=2, keepdims=True)
    product = (ry * (error + y)[:, :, None]).sum(axis=3, keepdims=True)
    return y * left, ry * left[:, :, None] + y[:, :, None] * (ry - product)


def _concatenated(pieces: Sequence[Surface]) -> Surface:
    def layers(name: str) -> list[Floats]:
        return [np.concatenate(layer) for layer in zip(*(getattr(p, name) for p in pieces))]  # noqa: B905

    return Surface(
        loss=np.concatenate([p.loss for p in pieces]),
        gradient=np.concatenate([p.gradient for p in pieces], axis=1),
        hessian=np.concatenate([p.hessian for p in pieces]),
        outputs=np.concatenate([p.outputs for p in pieces]),
        hidden=layers("hidden"),
        slopes=layers("slopes"),
        kinks=np.concatenate([p.kinks for p in pieces]),
    )
