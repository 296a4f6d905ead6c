"""The error at the weights of many networks, and the forward pass behind it, in float64."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from xorlab.errors import ConfigError
from xorlab.networks.activations.activation import Activation
from xorlab.networks.config import Config
from xorlab.networks.initial_weights import wiring_of
from xorlab.networks.losses.loss import Loss
from xorlab.networks.parameters import unpack, unpack_shortcuts
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import layer_sizes
from xorlab.networks.updates.update import seen_of
from xorlab.networks.wiring import Wiring

Floats = npt.NDArray[np.float64]
Indices = npt.NDArray[np.int64]

# Bytes that the values of one chunk of networks may use.
_CHUNK_BYTES = 64 << 20


def error_loss(
    config: Config, task: Task, packed: npt.NDArray[np.floating], weight_decay: Floats | float = 0.0
) -> Floats:
    """(N,) what training minimises: the loss of `xorlab.failures.curvature.error_surface` alone.

    Both are computed by `forward`, so they are equal to the bit.
    """
    sizes, count = layer_sizes(config, task), packed.shape[1]
    decay = np.broadcast_to(np.asarray(weight_decay, np.float64), (count,))
    columns = np.asarray(packed, np.float64)
    width = max(1, _CHUNK_BYTES // (8 * len(task.inputs) * 4 * sum(sizes[1:])))
    loss = np.empty(count)
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        for s in range(0, count, width):
            piece = slice(s, s + width)
            loss[piece] = forward(config, task, sizes, columns[:, piece], decay[piece]).loss
    return loss


@dataclass(frozen=True, eq=False)
class Link:
    """Connections from one layer of units to another.

    Attributes:
        source: number of the layer that they come from; 0 for the inputs.
        weights: (N, fan_in, fan_out).
        indices: (fan_in, fan_out), the row of each weight in the packed array; None for weights
            that are fixed.
    """

    source: int
    weights: npt.NDArray[np.floating]
    indices: Indices | None


def make_links(
    columns: Floats, sizes: Sequence[int], wiring: Wiring
) -> tuple[list[list[Link]], list[tuple[npt.NDArray[np.floating], Indices]]]:
    """The links into each layer, that from the layer below first; and biases with their rows."""
    numbers = np.arange(len(columns), dtype=np.float64)[:, None]
    (weights, biases), at = unpack(columns, sizes, wiring), unpack(numbers, sizes, wiring)
    at_weights, at_biases = ([indices[0].astype(np.int64) for indices in of_all] for of_all in at)
    layers = enumerate(zip(weights, at_weights, strict=True))
    links = [[Link(layer, weight, indices)] for layer, (weight, indices) in layers]
    if wiring.readout == "sum":
        links.append([Link(len(links), np.ones((columns.shape[1], sizes[-2], 1)), None)])
    shortcuts, rows = (unpack_shortcuts(array, sizes, wiring) for array in (columns, numbers))
    for name, (source, target) in wiring.shortcuts(sizes).items():
        links[target - 1].append(Link(source, shortcuts[name], rows[name][0].astype(np.int64)))
    return links, list(zip(biases, at_biases, strict=True))


@dataclass(frozen=True, eq=False)
class Values:
    """The forward pass of N networks.

    Attributes:
        activations: of every layer.
        a: one (N, P, units) per layer, the inputs first.
        first, second: f' and f'' of every unit, one (N, P, units) per layer above the inputs.
        delta, bend: derivatives of the loss's terms by the sums of the outputs, (N, P, O).
        scale: of the loss.
        decay: (N,) of the loss's weights.
        loss, kinks: as in `Surface`.
    """

    activations: list[type[Activation]]
    a: list[Floats]
    first: list[Floats]
    second: list[Floats]
    delta: Floats
    bend: Floats
    scale: float
    decay: Floats
    loss: Floats
    kinks: npt.NDArray[np.int64]


def forward(
    config: Config, task: Task, sizes: Sequence[int], columns: Floats, decay: Floats
) -> Values:
    """The values of a few networks, without their tangents."""
    links, biases = make_links(columns, sizes, wiring_of(config))
    network, layers = config.network, len(links)
    names = [network.activation] * (layers - 1) + [network.output]
    activations = [Activation.choices()[name] for name in names]
    count, patterns = columns.shape[1], len(task.inputs)
    kinks = np.zeros(count, np.int64)

    a = [np.broadcast_to(task.inputs, (count, *task.inputs.shape))]
    first, second = [], []
    sums = a[0]  # of the layer below; replaced by each layer's own
    for layer, activation in enumerate(activations):
        sums = np.zeros((count, patterns, sizes[layer + 1]))
        for link in links[layer]:
            sums += a[link.source] @ link.weights
        if layer < len(biases):
            sums += biases[layer][0][:, None]
        try:
            f, f1, f2 = activation.derivatives(sums, network.slope)
        except NotImplementedError as error:
            raise ConfigError(
                "network.activation", names[layer], "one whose class has derivatives"
            ) from error
        if activation.kinked:
            kinks += (sums == 0).sum(axis=(1, 2))
        a.append(f)
        first.append(f1)
        second.append(f2)

    kind = Loss.choices()[config.training.loss]
    scale = kind.scale(patterns, sizes[-1])
    decay = decay * kind.decays(patterns, sizes[-1], seen_of(config.training, patterns))
    term, delta, bend = kind.terms(sums, task.targets, a[-1], first[-1], second[-1])
    loss = scale * term.sum(axis=(1, 2)) + 0.5 * decay * (columns**2).sum(axis=0)
    return Values(activations, a, first, second, delta, bend, scale, decay, np.asarray(loss), kinks)
