"""The error surface at the weights of many networks: minimised loss, gradient and exact Hessian."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.config import Config, NetworkConfig
from xorlab.derivatives import DERIVATIVES, KINKED, TERMS
from xorlab.errors import ConfigError
from xorlab.losses import LOSSES
from xorlab.parameters import Parameters, parameter_count, unpack
from xorlab.tasks import Task

Floats = npt.NDArray[np.float64]

# A Hessian of this many parameters fills 8 MB, and its eigenvectors take a good part of a second.
MAX_PARAMETERS = 1000
# What one chunk of networks may use for the tangents of its units, in bytes.
_CHUNK_BYTES = 64 << 20
_KNOWN_NETWORK_KEYS = ("hidden", "activation", "output", "slope")


@dataclass(frozen=True, eq=False)
class Surface:
    """The error surface at N points, networks first but for the packed gradient.

    Attributes:
        loss: (N,) what training minimises; see `error_surface`.
        gradient: (K, N), packed as `xorlab.parameters.Parameters` packs weights.
        hessian: (N, K, K), symmetric, in the same order of parameters.
        outputs: (N, P, O).
        hidden: one (N, P, units) per hidden layer: the activations.
        slopes: one (N, P, units) per layer of units, the output's last: f' at each.
        kinks: (N,) units times patterns, hidden and output, that lie exactly on a kink of f, where
            gradient and Hessian are those of the side below.
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

    That is E = s * sum over patterns and outputs of the loss's terms + d/2 * sum of w^2, with s
    the loss's scale and d the weight decay, so that -E's gradient is the step of gradient descent
    with rate 1. With one update per pattern E is what an epoch's updates descend together: s is
    then that of a single pattern, and d counts once per pattern.

    The Hessian is exact: the gradient's derivative along every parameter at once, carried through
    both passes as one more axis (the R-operator of Pearlmutter 1994, "Fast exact multiplication
    by the Hessian"). A piecewise linear activation has second derivative 0 but on its kink, where
    it has none; there the side below is taken, as in training.

    Args:
        config: its `network`, `training.loss` and `training.update` say what network this is.
        task: the patterns.
        packed: (K, N) weights and biases as `xorlab.parameters.pack` lays them out, one column
            per network.
        weight_decay: () or (N,).

    Raises:
        ConfigError: the network has a feature that this mathematics does not know, or too many
            parameters for their Hessian.
    """
    sizes = layer_sizes(config, task)
    _refuse(config, sizes)
    count = packed.shape[1]
    decay = np.broadcast_to(np.asarray(weight_decay, np.float64), (count,))
    per_network = 8 * len(task.inputs) * 4 * sum(sizes[1:]) * len(packed)
    width = max(1, _CHUNK_BYTES // per_network)
    starts = range(0, count, width) if count else [0]
    columns = np.asarray(packed, np.float64)
    # A weight may be as large as a float can be: what overflows shows as a number not finite.
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        pieces = [
            _chunk(config, task, sizes, columns[:, s : s + width], decay[s : s + width])
            for s in starts
        ]
    return pieces[0] if len(pieces) == 1 else _joined(pieces)


def layer_sizes(config: Config, task: Task) -> tuple[int, ...]:
    """Units per layer, inputs first, outputs last."""
    return (task.inputs.shape[1], *config.hidden, task.targets.shape[1])


def _refuse(config: Config, sizes: Sequence[int]) -> None:
    network = config.network
    for item in dataclasses.fields(NetworkConfig):
        value = getattr(network, item.name)
        if item.name not in _KNOWN_NETWORK_KEYS and value != item.default:
            allowed = f"{item.default} where gradient and Hessian are asked for"
            raise ConfigError(f"network.{item.name}", value, allowed)
    for key, value in (("activation", network.activation), ("output", network.output)):
        if value not in DERIVATIVES:
            allowed = f"one of {', '.join(DERIVATIVES)} where gradient and Hessian are asked for"
            raise ConfigError(f"network.{key}", value, allowed)
    if config.training.loss not in TERMS:
        allowed = f"one of {', '.join(TERMS)} where gradient and Hessian are asked for"
        raise ConfigError("training.loss", config.training.loss, allowed)
    parameters = parameter_count(sizes)
    if parameters > MAX_PARAMETERS:
        allowed = (
            f"small enough for at most {MAX_PARAMETERS} weights and biases (not {parameters}) "
            "where a Hessian is asked for"
        )
        raise ConfigError("network.hidden", network.hidden, allowed)


def _chunk(
    config: Config, task: Task, sizes: Sequence[int], columns: Floats, decay: Floats
) -> Surface:
    """Both passes with their tangents.

    Arrays are (N, P, units), and (N, P, K, units) for the derivative of each by every parameter.
    """
    weights, biases = unpack(columns, sizes)
    network, layers = config.network, len(weights)
    places = Parameters(np.arange(len(columns))[:, None], sizes)
    # Of each layer, the place of every weight (fan_in, fan_out) and bias in the packed order.
    at_weight = [w[..., 0] if layer == 0 else w[..., 0].T for layer, w in enumerate(places.weights)]
    at_bias = [b[:, 0] for b in places.biases]
    names = [network.activation] * (layers - 1) + [network.output]
    count, patterns, k = columns.shape[1], len(task.inputs), len(columns)
    kinks = np.zeros(count, np.int64)

    a = [np.broadcast_to(task.inputs, (count, *task.inputs.shape))]
    z, first, second, ra, rz = [], [], [], [np.empty(0)], []
    for layer in range(layers):
        z.append(a[layer] @ weights[layer] + biases[layer][:, None])
        tangent = np.zeros((count, patterns, k, sizes[layer + 1]))
        if layer:
            tangent += ra[layer] @ weights[layer][:, None]
        for unit in range(sizes[layer + 1]):
            tangent[:, :, at_weight[layer][:, unit], unit] += a[layer]
            tangent[:, :, at_bias[layer][unit], unit] += 1.0
        rz.append(tangent)
        f, f1, f2 = DERIVATIVES[names[layer]](z[layer], network.slope)
        if names[layer] in KINKED:
            kinks += (z[layer] == 0).sum(axis=(1, 2))
        a.append(f)
        first.append(f1)
        second.append(f2)
        ra.append(f1[:, :, None] * tangent)

    online = config.training.update == "online"
    scale = LOSSES[config.training.loss].scale(1 if online else patterns, sizes[-1])
    decay = decay * (patterns if online else 1)
    term, delta, bend = TERMS[config.training.loss](
        z[-1], task.targets, a[-1], first[-1], second[-1]
    )
    delta, rdelta = scale * delta, scale * bend[:, :, None] * rz[-1]
    gradient = decay * columns
    hessian = decay[:, None, None] * np.eye(k)
    for layer in reversed(range(layers)):
        below, turned = a[layer].swapaxes(1, 2), rdelta.transpose(0, 2, 1, 3)
        gradient[at_weight[layer]] += (below @ delta).transpose(1, 2, 0)
        gradient[at_bias[layer]] += delta.sum(axis=1).T
        by_weight = below[:, None] @ turned
        if layer:
            by_weight += ra[layer].transpose(0, 2, 3, 1) @ delta[:, None]
        hessian[:, :, at_weight[layer]] += by_weight
        hessian[:, :, at_bias[layer]] += turned.sum(axis=2)
        if layer == 0:
            break
        back = delta @ weights[layer].swapaxes(1, 2)
        rback = rdelta @ weights[layer].swapaxes(1, 2)[:, None]
        for unit in range(sizes[layer]):
            rback[:, :, at_weight[layer][unit], unit] += delta
        f1, f2 = first[layer - 1], second[layer - 1]
        delta = back * f1
        rdelta = rback * f1[:, :, None] + (back * f2)[:, :, None] * rz[layer - 1]

    return Surface(
        loss=scale * term.sum(axis=(1, 2)) + 0.5 * decay * (columns**2).sum(axis=0),
        gradient=gradient,
        # Rounding alone makes the two halves differ.
        hessian=0.5 * (hessian + hessian.swapaxes(1, 2)),
        outputs=a[-1],
        hidden=a[1:-1],
        slopes=first,
        kinks=kinks,
    )


def _joined(pieces: Sequence[Surface]) -> Surface:
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
