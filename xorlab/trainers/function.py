"""A user's function as a trainer."""

from __future__ import annotations

import dataclasses
import inspect
import traceback
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Generic, TypeVar, get_type_hints

from xorlab.config.identity import RunKeys
from xorlab.config.schema import schema_of
from xorlab.config.values import flat
from xorlab.errors import ConfigError, UsageError
from xorlab.system.working_folder import kept_working_folder
from xorlab.trainers.columns import check_result, to_columns
from xorlab.trainers.fields import root_of
from xorlab.trainers.planes import Planes
from xorlab.trainers.reference import Reference, load, source_file
from xorlab.trainers.result import Result
from xorlab.trainers.shard_result import ShardResult, failed, joined
from xorlab.trainers.trainer import CODE_TAG, TRAINER_TAG, Data, Trainer

C = TypeVar("C")
Many = Callable[[Sequence[C]], Sequence[Result]]

_NO_PART = ("plan", "tracking.", "landscape.")
_MOST = 1024  # runs in a batch, or in a piece of a sweep
_PIECE_COST = 0.01  # seconds to send and record it


class _FunctionPlanes(Planes):
    def own(self, config: Any) -> Any:
        return self.trainer.own(config)  # type: ignore[attr-defined]


class FunctionTrainer(Trainer, Generic[C]):
    """A function from one configuration to one result, and optionally its batched twin.

    Calling it calls the function.

    Args:
        function: trains one configuration.
        kind: the dataclass of its configurations.
        version: to be raised when the function computes something else.
        name: of the trainer; that of its file, and of the function unless that is ``train``.

    Attributes:
        rtol: relative tolerance to which a batch equals single runs; 0 for every bit.
    """

    def __init__(
        self, function: Callable[[C], Result], kind: type[C], version: int, name: str
    ) -> None:
        self.function, self.kind = function, kind
        self.version, self.name = version, name
        node = name.replace(".", "_")
        self.schema = replace(
            schema_of(root_of(kind)), primary=f"trainer_{node}", node=f"schema_{node}"
        )
        self.reference = Reference.to(function)
        self.rtol = 0.0
        self._many: Many[C] | None = None
        self._together: Callable[[C], Hashable] | None = None
        self._most, self.piece_cost = _MOST, _PIECE_COST
        self.__doc__ = function.__doc__
        identity = {
            leaf.key: leaf.item
            for leaf in self.schema.fields
            if not leaf.key.startswith(_NO_PART) and leaf.item.metadata.get("identity", True)
        }
        self.setting_keys = tuple(key for key in identity if key != "seed")
        self._later = {
            key: item.default for key, item in identity.items() if item.metadata["later"]
        }

    @cached_property
    def planes(self) -> Planes:
        """How landscapes of its configurations are made."""
        return _FunctionPlanes(self)

    def __call__(self, config: C) -> Result:
        """Train one configuration."""
        return self.function(config)

    def __reduce__(self) -> Any:
        # A trainer goes to another process by name.
        if self.reference is None:
            raise TypeError(f"{self.name}: a trainer that is in no file cannot leave its process")
        return load, (self.reference.header(),)

    def many(
        self,
        together: Callable[[C], Hashable] | None = None,
        *,
        rtol: float = 0.0,
        most: int = _MOST,
    ) -> Callable[[Many[C]], Many[C]]:
        """Decorate the batched twin: from configurations to their results, in order.

        Args:
            together: equal for configurations that can be trained as one batch; None for all.
            rtol: relative tolerance to which a batch equals single runs; 0 for every bit.
            most: runs in a batch, which bounds the memory that it takes.
        """

        def decorated(function: Many[C]) -> Many[C]:
            self._many, self._together = function, together
            self.rtol, self._most = rtol, most
            # Equal pieces: many a twin is compiled anew for each size of a batch.
            self.fewest, self.piece_cost = min(most, 256), 0.0
            return function

        return decorated

    @property
    def has_twin(self) -> bool:
        """Whether there is a batched twin."""
        return self._many is not None

    def own(self, config: Any) -> C:
        """The user's configuration in a whole one."""
        given = vars(config)
        return self.kind(
            **{
                name: given[name] if kind is None else kind(**vars(given[name]))
                for name, kind in self._parts.items()
            }
        )

    def whole(self, config: C) -> Any:
        """The reverse of `own`, at the defaults of the harness's keys."""
        root = self.schema.kind()
        for item in dataclasses.fields(self.kind):  # type: ignore[arg-type]
            value = getattr(config, item.name)
            if item.name in self.schema.sections:
                value = self.schema.sections[item.name](**vars(value))
            setattr(root, item.name, value)
        return root

    def check(self, config: Any) -> None:
        """Refuse a value that its field does not allow, and what the dataclass itself refuses."""
        super().check(config)
        try:
            self.own(config)
        except (ConfigError, UsageError):
            raise
        except Exception as error:
            raise UsageError(f"{self.name}: {type(error).__name__}: {error}") from error
        self.planes.check(config)

    def params(self, config: Any) -> dict[str, Any]:
        """The values that take part in the identity, without the seed; null ones are left out."""
        values = flat(config)
        return {key: values[key] for key in self.setting_keys if values[key] is not None}

    def run_keys(self, params: Mapping[str, Any], data: Data) -> RunKeys:
        """Keys over name, version and params; a later key counts where it is not at its default."""
        counted = {
            key: value
            for key, value in params.items()
            if key not in self._later or value != self._later[key]
        }
        return RunKeys({"trainer": self.name, "trainer version": self.version, **counted})

    def together(self, config: Any) -> Hashable:
        """By the twin's own rule; without a twin it does not matter."""
        return None if self._together is None else self._together(self.own(config))

    def width(self, config: Any, data: Data) -> int:
        """As many as the twin takes."""
        return self._most

    def label(self, config: Any) -> str:
        """The name, and up to four values that are not at their defaults."""
        values = flat(config)
        parts = []
        for leaf in self.schema.fields:
            own = leaf.key in self.setting_keys and values[leaf.key] != leaf.default
            if own and values[leaf.key] is not None:
                value = values[leaf.key]
                text = f"{value:g}" if isinstance(value, float) else str(value)
                parts.append(f"{leaf.name}={text[:20]}")
        return " ".join([self.name, *parts[:4]])

    @cached_property
    def _parts(self) -> dict[str, Any]:
        """The fields of the user's dataclass, each with the class of its section if it is one."""
        hints, sections = get_type_hints(self.kind), self.schema.sections
        return {
            item.name: hints[item.name] if item.name in sections else None
            for item in dataclasses.fields(self.kind)  # type: ignore[arg-type]
        }

    @cached_property
    def _keys(self) -> frozenset[str]:
        return frozenset(leaf.key for leaf in self.schema.fields)

    def train(self, configs: Sequence[Any], data: Data) -> ShardResult:
        """Train; an error in one run costs only that run."""
        if self._many is None or len(configs) == 1:
            return joined([self._one(config) for config in configs])
        owns = [self.own(config) for config in configs]
        try:
            with kept_working_folder():
                results = list(self._many(owns))
        except (Exception, KeyboardInterrupt):
            raise
        except BaseException as error:  # such as SystemExit: it must not end a worker
            raise RuntimeError(f"{type(error).__name__}: {error}") from error
        if len(results) != len(configs):
            raise ValueError(
                f"{self.name}: {len(configs)} configurations, but {len(results)} results"
            )
        return self._columns(results)

    def _one(self, config: Any) -> ShardResult:
        try:
            with kept_working_folder():
                result = self.function(self.own(config))
            return self._columns([result])
        except KeyboardInterrupt:
            raise
        except BaseException:  # SystemExit too: it must not end a worker, which trains others
            return failed(1, traceback.format_exc())

    def _columns(self, results: Sequence[Result]) -> ShardResult:
        for result in results:
            check_result(result, self._keys)
        return to_columns(results)

    def identity_tags(self) -> dict[str, str]:
        """Name, version and the digest of the file, which is no part of the identity."""
        tags = {TRAINER_TAG: f"{self.name} {self.version}"}
        if self.reference is not None:
            tags[CODE_TAG] = str(self.reference.digest)[:12]
        return tags


def trainer(
    *wrong: Any, version: int = 1, name: str | None = None, config: type[Any] | None = None
) -> Callable[[Callable[[C], Result]], FunctionTrainer[C]]:
    """Decorate a function from one configuration to one `Result`: it becomes a trainer.

    The function is pure: it sees no store, no path and no logger, and draws from no global
    generator. That is why its runs can be batched, resumed, repeated and sent to a cluster.

    Args:
        *wrong: nothing; without brackets Python would give the function here.
        version: a part of the identity of every run: raise it when the function computes something
            else.
        name: also a part; None for the name of the file, with that of the function unless it is
            ``train``.
        config: the dataclass of its configurations; None for the annotation of its argument.

    Raises:
        TypeError: there is no such annotation, or a field of the dataclass cannot be a key.
    """
    if wrong:
        raise TypeError("write @xorlab.trainer(version=1), with brackets")

    def decorated(function: Callable[[C], Result]) -> FunctionTrainer[C]:
        kind = config or _annotated(function)
        return FunctionTrainer(function, kind, version, name or _name_of(function))

    return decorated


def _annotated(function: Callable[..., Any]) -> type[Any]:
    parameters = list(inspect.signature(function).parameters)
    kind = get_type_hints(function).get(parameters[0]) if parameters else None
    if len(parameters) != 1 or not isinstance(kind, type):
        raise TypeError(
            f"{function.__name__}: a trainer takes one argument that is annotated with the "
            "dataclass of its configurations, as train(config: Digits)"
        )
    return kind


def _name_of(function: Callable[..., Any]) -> str:
    path = source_file(function)
    if path is None:
        raise TypeError(
            f"{function.__name__}: it is in no file; name it, as "
            f'@xorlab.trainer(version=1, name="{function.__name__}")'
        )
    stem = path.parent.name if path.stem == "__init__" else path.stem
    return stem if function.__name__ == "train" else f"{stem}.{function.__name__}"
