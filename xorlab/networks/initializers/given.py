"""Weights that are written down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from xorlab.config.fields import is_finite, is_optional, key
from xorlab.errors import ConfigError
from xorlab.networks.initializers.initializer import Initializer, Layers

if TYPE_CHECKING:
    from xorlab.networks.initializers.initializer import Layer
    from xorlab.networks.wiring import Wiring

_EXAMPLE = "init=given 'init.weights=[5,5,-2,5,5,-7,x,-6,-3]' init.x=6"


def is_weights(v: Any) -> bool:
    """Whether a value is a list of weights: finite numbers, or x or y for those that vary."""
    return isinstance(v, list) and bool(v) and all(w in ("x", "y") or is_finite(w) for w in v)


@dataclass
class Given(Initializer, name="given", order=7):
    """Every weight as it stands in init.weights; x and y among them are init.x and init.y."""

    draws: ClassVar[bool] = False

    weights: Any = key(
        None,
        "given: every weight, unit by unit from the first hidden to the last "
        "output: its weights from the layer below, those of network.skip from the inputs on, its "
        "bias; x and y stand for init.x and init.y, so that a sweep can vary those",
        "a list of numbers, x and y, such as [1,1,-0.5,1,1,-1.5,1,-1,x]",
        _EXAMPLE,
        is_weights,
    )
    x: float | None = key(
        None,
        "given: the weight called x",
        "a finite number",
        _EXAMPLE,
        is_optional(is_finite),
    )
    y: float | None = key(
        None,
        "given: the weight called y",
        "a finite number",
        "init=given 'init.weights=[5,5,-2,5,5,y,x,-6,-3]' init.x=6 init.y=-7",
        is_optional(is_finite),
    )

    def check(self) -> None:
        """Refuse a named weight without its value, and a value without its weight."""
        for letter, value in (("x", self.x), ("y", self.y)):
            named = letter in self.weights
            if named and value is None:
                raise ConfigError(
                    f"init.{letter}", None, f"a finite number: init.weights names {letter}"
                )
            if value is not None and not named:
                raise ConfigError(
                    f"init.{letter}",
                    value,
                    f"left out: no weight of init.weights is called {letter}",
                )

    def check_count(self, count: int, sizes: Sequence[int]) -> None:
        """Refuse `init.weights` that do not fill the network."""
        if len(self.weights) != count:
            layers = "-".join(map(str, sizes))
            raise ConfigError(
                "init.weights",
                self.weights,
                f"a list of {count}, the weights of a {layers} network unit by unit (this one has "
                f"{len(self.weights)})",
            )

    def layers(
        self, rng: Any, sizes: Sequence[int], wiring: Wiring, layers: Sequence[Layer]
    ) -> Layers:
        """Weights as they stand in the configuration, unit by unit; nothing is drawn."""
        import numpy as np

        named = {"x": self.x, "y": self.y}
        numbers = iter([float(named.get(weight, weight)) for weight in self.weights])
        weights, biases = [], []
        links = wiring.shortcuts(sizes)
        shortcuts = {name: np.empty((sizes[s], sizes[t])) for name, (s, t) in links.items()}
        for number, (fan_in, fan_out) in enumerate(wiring.shapes(sizes)):
            weight, bias = np.empty((fan_in, fan_out)), np.empty(fan_out)
            for unit in range(fan_out):
                weight[:, unit] = [next(numbers) for _ in range(fan_in)]
                for name, (source, target) in links.items():
                    if target == number + 1:
                        shortcuts[name][:, unit] = [next(numbers) for _ in range(sizes[source])]
                bias[unit] = next(numbers)
            weights.append(weight)
            biases.append(bias)
        for name, (source, target) in links.items():
            if target > len(weights):  # of an output that is a sum, and has nothing else
                shortcuts[name][:, 0] = [next(numbers) for _ in range(sizes[source])]
        return Layers(weights, biases, shortcuts)
