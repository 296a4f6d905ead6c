"""What a landscape asks of a trainer: which keys may vary, and what its pixels have in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Any, get_args

import numpy as np
import numpy.typing as npt

from xorlab.config.landscape_keys import AnyLandscape
from xorlab.config.values import with_values
from xorlab.errors import ConfigError, UsageError
from xorlab.trainers.memory import PARENT, PIXEL, WORKER, MemoryEstimate

if TYPE_CHECKING:
    from xorlab.trainers.trainer import Trainer

_KEPT = 100_000  # bytes that the result of a run is taken to have while its piece is trained


class Planes:
    """The landscapes of a trainer, over any two of its keys that are numbers.

    Args:
        trainer: whose.

    Attributes:
        noun: what one pixel is.
        metrics: the names of the metrics that are kept of each pixel; None for all, and the last
            values of curves too.
        value_labels: what metrics are called in a picture, where it is not their name.
        most_pieces: a landscape is cut into so many pieces, each of at least `least_piece` pixels.
            What is interrupted loses one piece, so runs that may be slow are in small ones.
        least_piece: pixels that are trained together, if memory allows.
    """

    noun = "run"
    metrics: tuple[str, ...] | None = None
    most_pieces = 256
    value_labels: Mapping[str, str] = MappingProxyType({})

    def __init__(self, trainer: Trainer) -> None:
        self.trainer = trainer
        self.least_piece = 2 * trainer.fewest

    def varying(self, config: Any) -> Mapping[str, bool]:
        """The keys that may vary, each with whether its values are integers."""
        kinds = {
            leaf.key: _number(leaf.item.type)
            for leaf in self.trainer.schema.fields
            if leaf.key == "seed" or leaf.key in self.trainer.setting_keys
        }
        return {key: kind is int for key, kind in kinds.items() if kind is not None}

    def check(self, config: Any) -> None:
        """Refuse a plane that is incomplete, or whose axes cannot vary.

        Raises:
            ConfigError: names the key, the value and what is allowed.
        """
        allowed = self.varying(config)
        what = f"a key of numbers: one of {', '.join(allowed)}"
        check_plane(config.landscape, allowed, what)

    def base(self, config: Any, data: Any) -> tuple[Any, list[str]]:
        """What the pixels share, and the key that each axis sets in it.

        Args:
            config: checked, with a landscape.
            data: of the configuration.

        Raises:
            ConfigError: says why the pixels cannot be trained.
        """
        plane = config.landscape
        plain = with_values(config, {})
        plain.landscape = type(plane)()
        self.trainer.check_data(plain, data)
        return plain, [plane.x, plane.y]

    def params(self, config: Any) -> dict[str, Any]:
        """The values that decide the outcome of a pixel, the seed and those of the axes too."""
        return {"seed": config.seed, **self.trainer.params(config)}

    def memory(
        self, config: Any, data: Any, piece: int, shape: tuple[int, int], workers: int
    ) -> MemoryEstimate:
        """What a landscape needs.

        Args:
            config: of one of its pixels.
            data: of the configuration.
            piece: how many are trained at a time.
            shape: (H, W) of the plane.
            workers: processes that train; 0 where the parent does.
        """
        training = _KEPT * piece
        parent = PARENT + PIXEL * shape[0] * shape[1] + (0 if workers else training)
        return MemoryEstimate(
            parent,
            WORKER + training if workers else 0,
            workers,
            ("landscape.width", shape[1]),
            "a smaller landscape.width and landscape.height",
        )

    def label(self, config: Any, key: str) -> str:
        """How an axis is labelled in a picture."""
        return key

    def groups(self, configs: Sequence[Any]) -> list[npt.NDArray[np.int64]]:
        """The indices of the configurations that can be trained in one call, group by group."""
        groups: dict[Hashable, list[int]] = {}
        for index, config in enumerate(configs):
            groups.setdefault(self.trainer.together(config), []).append(index)
        return [np.array(members, np.int64) for members in groups.values()]

    def own(self, config: Any) -> Any:
        """The configuration of a pixel as the trainer's function takes it."""
        return config


def check_plane(
    plane: AnyLandscape,
    allowed: Mapping[str, bool],
    what: str,
    also: Callable[[str], bool] = lambda _: False,
) -> None:
    """Refuse a plane that is incomplete, or whose axes cannot vary.

    Args:
        plane: the section of the configuration.
        allowed: the keys that may vary, each with whether its values are integers.
        what: is allowed, in words.
        also: whether a further key may vary.

    Raises:
        ConfigError: names the key, the value and what is allowed.
    """
    values = vars(plane)
    for letter in "xy":
        if (named := values[letter]) is not None and named not in allowed and not also(named):
            raise ConfigError(f"landscape.{letter}", named, what)
    if plane.x is not None and plane.x == plane.y:
        raise ConfigError("landscape.y", plane.y, "another key than landscape.x")
    for letter, other in (("x", "y"), ("y", "x")):
        _check_axis(values, letter, other, allowed)


def _check_axis(
    values: Mapping[str, Any], letter: str, other: str, allowed: Mapping[str, bool]
) -> None:
    axis = values["x"] if values["x"] is not None else values["y"]
    low, high = values[f"{letter}_low"], values[f"{letter}_high"]
    if axis is None and low is None and high is None:
        return
    given = {letter: values[letter], f"{letter}_low": low, f"{letter}_high": high}
    for name, value in given.items():
        if value is None and axis is not None:
            what = "the key of an axis" if name == letter else "a finite number"
            set_ = letter if values[letter] is not None else other
            raise ConfigError(
                f"landscape.{name}", None, f"{what} where landscape.{set_}={values[set_]}"
            )
        if value is not None and axis is None:
            raise ConfigError(f"landscape.{name}", value, "left out where there is no landscape.x")
        if name != letter and allowed.get(values[letter]) and not float(value).is_integer():
            raise ConfigError(f"landscape.{name}", value, f"an integer, as {values[letter]} is one")
    if low is not None and high is not None and not low < high:
        raise ConfigError(f"landscape.{letter}_low", low, f"below landscape.{letter}_high={high}")
    if low is not None and low <= 0 and values[f"{letter}_scale"] == "log":
        raise ConfigError(
            f"landscape.{letter}_low", low, f"above 0 where landscape.{letter}_scale=log"
        )


def refuse_as_job(config: Any) -> None:
    """Refuse a landscape among the jobs of a sweep.

    Raises:
        UsageError: says how to run several.
    """
    if config.landscape.x is not None:
        raise UsageError(
            f"landscape.x={config.landscape.x}: a landscape is one run, not a job of a sweep; "
            "leave out -m, or run one after another with hydra/sweeper=basic hydra/launcher=basic"
        )


def _number(hint: Any) -> type[int] | type[float] | None:
    """Whether a key with this annotation has integers, or other numbers; None for neither."""
    kinds: Sequence[Any] = [kind for kind in get_args(hint) if kind is not NoneType] or [hint]
    for kind in (int, float):
        if list(kinds) == [kind] and not str(hint).startswith("list"):
            return kind
    return None
