"""Recorded networks: the weights of runs with the configurations they were trained with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from xorlab.config.values import unnested
from xorlab.config.yaml_size import read_yaml
from xorlab.networks.config import CHOICES, Config
from xorlab.networks.identity import from_identity_params
from xorlab.networks.initial_weights import wiring_of
from xorlab.networks.rules import check
from xorlab.networks.tasks.task_config import TaskConfig
from xorlab.networks.tasks.tasks import make_task
from xorlab.system.npz import npz_arrays
from xorlab.tracking.read.files import read_files, reading
from xorlab.tracking.read.given import recorded
from xorlab.tracking.store.opening import open_store

if TYPE_CHECKING:
    import pandas as pd

Floats = npt.NDArray[np.floating]

FILES = ("weights.npz", "config.yaml")


@dataclass(frozen=True, eq=False)
class Network:
    """A recorded network.

    Attributes:
        config: the configuration that it was trained with.
        weights: one (fan_in, fan_out) per layer, at the end of the run.
        biases: one (fan_out,) per layer.
        shortcuts: (fan_in, fan_out) by name, as of `NetworkResult.shortcuts`.
    """

    config: Config
    weights: list[Floats]
    biases: list[Floats]
    shortcuts: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def skip(self) -> Floats | None:
        """(I, O) weights from the inputs to the outputs, or None."""
        return self.shortcuts.get("skip")


def load_weights(runs: pd.DataFrame, uri: str | None = None) -> dict[str, Network]:
    """The networks that runs ended with.

    Args:
        runs: from `xorlab.load_runs`; any selection of its rows. Only ``run_id`` is read: weights
            and configuration are the run's own artifacts.
        uri: address of the store; None for the one that the runs were loaded from.

    Returns:
        a network per run id, in the order of the runs; its outputs are
        ``xorlab.predict(network.config, network, inputs)``.

    Raises:
        StoreError: no such store or run, or a run without readable weights or configuration.
        TypeError: the runs are not a table of recorded runs.
    """
    identifiers = list(dict.fromkeys(recorded(runs)["run_id"]))
    store = open_store(uri or runs.attrs.get("uri"), "Default", create=False)
    found: dict[str, Network] = {}
    for identifier, (weights, text) in read_files(store, identifiers, FILES):
        config = _config(identifier, text)
        with reading(identifier, FILES[0]):
            found[identifier] = Network(config, *_layers(npz_arrays(weights), config))
    return found


def _layers(
    arrays: dict[str, Floats], config: Config
) -> tuple[list[Floats], list[Floats], dict[str, Floats]]:
    """Weights and biases of each layer, and the shortcuts; the reverse of `weights_npz`.

    Raises:
        ValueError: they are not those of a network with this configuration.
    """
    count, wiring = len(config.hidden) + 1, wiring_of(config)
    dense = count if wiring.readout == "dense" else count - 1
    names = [f"{kind}_{n}" for n in range(1, dense + 1) for kind in ("weights", "biases")]
    # Which shortcuts there are depends on the number of layers alone.
    names += [*wiring.shortcuts((1, *config.hidden, 1))]
    if arrays.keys() != set(names):
        raise ValueError(f"it has the arrays {', '.join(arrays)}, not {', '.join(names)}")
    inputs, outputs = _ends(arrays, config)
    sizes = (inputs, *config.hidden, outputs)
    links = wiring.shortcuts(sizes)
    shapes: dict[str, tuple[int, ...]] = {
        name: (sizes[s], sizes[t]) for name, (s, t) in links.items()
    }
    for n, (fan_in, fan_out) in enumerate(wiring.shapes(sizes), 1):
        shapes |= {f"weights_{n}": (fan_in, fan_out), f"biases_{n}": (fan_out,)}
    for name, array in arrays.items():
        if array.dtype.kind != "f":
            raise ValueError(f"{name} has values of type {array.dtype}, not numbers")
        if array.shape != shapes[name]:
            raise ValueError(f"{name} has the shape {array.shape}, not {shapes[name]}")
    layers = range(1, dense + 1)
    return (
        [arrays[f"weights_{n}"] for n in layers],
        [arrays[f"biases_{n}"] for n in layers],
        {name: arrays[name] for name in links},
    )


def _ends(arrays: dict[str, Floats], config: Config) -> tuple[int, int]:
    """How many inputs and outputs the network has: those of its task, unless that is in a file."""
    task = config.task
    if task.outputs_known is not None and not hasattr(task, "path"):
        return _sizes(task.choice_name, tuple(vars(task).items()))
    last = f"biases_{len(config.hidden) + 1}"
    outputs = 1 if config.network.readout == "sum" else arrays[last].size
    return max(1, arrays["weights_1"].shape[0]), max(1, outputs)


@lru_cache(maxsize=1024)
def _sizes(name: str, values: tuple[tuple[str, Any], ...]) -> tuple[int, int]:
    """Inputs and outputs of a task."""
    task = make_task(TaskConfig.choices()[name](**dict(values)))
    return task.inputs.shape[1], task.targets.shape[1]


def _config(run: str, content: bytes) -> Config:
    """The configuration that `xorlab.trainers.spec.Spec.yaml` wrote."""
    # Runs of one setting differ only in the first line: the rest is parsed once for all of them.
    first, _, rest = content.partition(b"\n")
    with reading(run, FILES[1]):
        config = from_identity_params({**_parsed(first), **_parsed(rest)})
        check(config)
    return config


@lru_cache(maxsize=1024)
def _parsed(content: bytes) -> dict[str, Any]:
    """Nested YAML as identity params."""
    return unnested(read_yaml(FILES[1], content), CHOICES)
