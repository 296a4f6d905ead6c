"""Landscapes of networks: over numbers of one shape, and over single initial weights."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from xorlab.config.values import with_values
from xorlab.errors import ConfigError
from xorlab.landscapes.plane_configs import PlaneConfigs
from xorlab.networks.config import Config
from xorlab.networks.identity import identity_params
from xorlab.networks.initial_weights import flat_weights, initial_layers, wiring_of
from xorlab.networks.initializers.given import Given
from xorlab.networks.landscape_config import LandscapeConfig
from xorlab.networks.landscape_rules import check_plane, varying, weight_number
from xorlab.networks.memory import estimate_landscape_memory
from xorlab.networks.target_rules import check_targets
from xorlab.networks.tasks.tasks import Task
from xorlab.networks.train import layer_sizes
from xorlab.trainers.memory import MemoryEstimate
from xorlab.trainers.planes import Planes


class NetworkPlanes(Planes):
    """The landscapes of the built-in trainer.

    With an axis weight.N the other weights are fixed at the values that the configured initialiser
    draws, and the N-th takes the values of the axis.
    """

    noun = "network"
    metrics = ("final_loss",)
    most_pieces = 16
    value_labels = MappingProxyType({"final_loss": "mean squared error at the end"})

    def varying(self, config: Config) -> Mapping[str, bool]:
        """Numbers that do not change the shape of a network."""
        return dict.fromkeys(varying(config), False)

    def check(self, config: Config) -> None:
        """Refuse a plane that is incomplete, or whose axes cannot vary."""
        check_plane(config)

    def base(self, config: Config, data: Task) -> tuple[Config, list[str]]:
        """Few recorded steps, and given weights if an axis needs them."""
        axes = {letter: str(getattr(config.landscape, letter)) for letter in "xy"}
        if not any(key.startswith("training.") for key in axes.values()):
            check_targets(config, data)
        # Curves are not kept, so few steps are recorded. But batches are repacked at recorded
        # steps, which saves time if runs end early.
        every = -(-config.training.epochs // (16 if config.training.stop_when_solved else 1))
        plain = replace(config, landscape=LandscapeConfig())
        base = with_values(plain, {"training.record_every": every})
        numbers = {letter: weight_number(key) for letter, key in axes.items()}
        weights = {number: letter for letter, number in numbers.items() if number is not None}
        keys = [
            key if numbers[letter] is None else f"init.{letter}" for letter, key in axes.items()
        ]
        return (with_values(base, _given(base, data, weights)) if weights else base), keys

    def groups(self, configs: Sequence[Any]) -> list[npt.NDArray[np.int64]]:
        """What can be trained together depends on which numbers are 0, and on no other value."""
        if not isinstance(configs, PlaneConfigs):
            return super().groups(configs)
        zeros = np.stack([column == 0 for column in configs.values.values()])
        kinds, first, of = np.unique(zeros, axis=1, return_index=True, return_inverse=True)
        together: dict[Hashable, list[int]] = {}
        for kind in range(kinds.shape[1]):
            shape = self.trainer.together(configs[int(first[kind])])
            together.setdefault(shape, []).append(kind)
        return [np.flatnonzero(np.isin(of.reshape(-1), some)) for some in together.values()]

    def params(self, config: Config) -> dict[str, Any]:
        """Without the recorded steps, as no curve is kept."""
        values = identity_params(config)
        return {key: value for key, value in values.items() if key != "training.record_every"}

    def memory(
        self, config: Config, data: Task, piece: int, shape: tuple[int, int], workers: int
    ) -> MemoryEstimate:
        """From the shapes of the arrays."""
        return estimate_landscape_memory(config, data, piece, shape[0] * shape[1], workers)

    def label(self, config: Config, key: str) -> str:
        """The key of an axis, and for a given weight its number too."""
        init, letter = config.init, key.removeprefix("init.")
        if isinstance(init, Given) and key in ("init.x", "init.y"):
            numbers = [n for n, weight in enumerate(init.weights, 1) if weight == letter]
            return f"{key} (weight {', '.join(map(str, numbers))})"
        return key


def _given(base: Config, task: Task, named: Mapping[int, str]) -> dict[str, Any]:
    """Overrides that fix the drawn weights, with the names x and y for those that vary."""
    sizes = layer_sizes(base, task)
    weights: list[Any] = list(flat_weights(initial_layers(base, sizes), sizes, wiring_of(base)))
    for number, letter in named.items():
        if number > len(weights):
            raise ConfigError(
                f"landscape.{letter}",
                f"weight.{number}",
                f"one of weight.1 to weight.{len(weights)}: the network has no more",
            )
        weights[number - 1] = letter
    values = {f"init.{letter}": 0.0 for letter in named.values()}
    return {"init": "given", "init.weights": weights, **values}
