"""Override strings in, checked configurations out: Hydra's own composition, done once."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, QuotedString
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from xorlab.config.callables import refuse_calls
from xorlab.config.directory import config_directory
from xorlab.config.job_node import job_values, refuse_other_settings
from xorlab.config.messages import unknown_key
from xorlab.config.registration import register_schema
from xorlab.config.schema import Schema, leaves_of
from xorlab.config.values import belongs_elsewhere, flat, with_values

_REMEMBERED = 4096  # overrides: a sweep names each of its values in very many jobs
_PLAIN_SEED = re.compile(r"seed=(0|[1-9][0-9]*)")


def from_omegaconf(schema: Schema, cfg: DictConfig) -> Any:
    """A composed configuration, without Hydra's node, as plain typed objects."""
    values = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    assert isinstance(values, dict)  # noqa: S101  (the root is a mapping)
    kinds: dict[str, Any] = {
        name: OmegaConf.get_type(cfg, name) if name in schema.groups else kind
        for name, kind in schema.sections.items()
    }
    _refuse_unknown(schema, values, kinds)
    parts = {str(key): value for key, value in values.items()}
    for name, kind in kinds.items():
        parts[name] = kind(**parts[name])
    return schema.kind(**parts)


def _refuse_unknown(schema: Schema, values: dict[Any, Any], kinds: dict[str, Any]) -> None:
    """Hydra lets `+key=value` add to a closed configuration; no code would ever read it."""
    known = {leaf.key for leaf in schema.fields if not leaf.section}
    for section, kind in kinds.items():
        known |= {f"{section}.{item.name}" for item in leaves_of(kind)}
    for key, value in values.items():
        inner = value if key in kinds and isinstance(value, dict) else None
        for name in [str(key)] if inner is None else [f"{key}.{name}" for name in inner]:
            if name in known:
                continue
            if name in schema.owners:
                chosen = kinds[key].choice_name
                raise belongs_elsewhere(schema, name, values[key][name.partition(".")[2]], chosen)
            raise unknown_key(schema, name)


@dataclass(frozen=True, eq=False)
class _Read:
    """An override, and whether it changes which files are merged, or is a plain value."""

    text: str
    parsed: Override
    structural: bool
    plain: bool

    @property
    def key(self) -> str:
        """Dotted, of what it changes."""
        return str(self.parsed.key_or_group)


class Composer:
    """Composes many configurations that differ by a few overrides.

    Hydra builds its defaults list and merges its files anew for every job. Here that happens once
    per distinct set of group overrides; plain values are then set on a typed copy, each converted
    once. Anything that is not a plain value (additions, deletions, dictionaries, interpolations)
    takes Hydra's way.

    Args:
        schema: of what is composed; registered with Hydra.
        loader: Hydra's configuration loader.
        master: the configuration of the sweep whose jobs are composed, with Hydra's node: its
            file, its overrides of Hydra's node and its moment are theirs too; None for no sweep.
    """

    def __init__(
        self, schema: Schema, loader: ConfigLoaderImpl, master: DictConfig | None = None
    ) -> None:
        self._schema, self._loader, self._master = schema, loader, master
        self._name: str | None = schema.primary
        self._shared: list[str] = []
        if master is not None:
            self._name = master.hydra.job.config_name
            self._shared = list(master.hydra.overrides.hydra)
        self._parser = OverridesParser.create(config_loader=loader)
        self._read = lru_cache(_REMEMBERED)(self._read_anew)
        self._bases: dict[tuple[str, ...], _Base] = {}
        self._settings: dict[tuple[str, ...], Any] = {}

    def compose(self, overrides: Sequence[str], number: int = 0) -> Any:
        """The configuration that these overrides name, not yet checked.

        Args:
            overrides: of the job.
            number: of the job in its sweep, which is ``${hydra:job.num}``.

        Raises:
            Exception: what Hydra raises for the same overrides.
        """
        read = [self._read(text) for text in overrides]
        base = self._base(tuple(one.text for one in read if one.structural))
        values = [one for one in read if not one.structural]
        if base.plain and all(one.plain and one.key in base.keys for one in values):
            return base.with_values(values)
        return base.with_overrides([one.parsed for one in values], read, number)

    def setting(self, overrides: Sequence[str], number: int = 0) -> tuple[Any, int, bool]:
        """The same, taken apart: a configuration without its seed is composed once for all seeds.

        Returns:
            the configuration of the setting, not yet checked; the seed; and whether later calls
            return this very configuration for other seeds, whose own ``seed`` then does not count.

        Raises:
            Exception: what Hydra raises for the same overrides.
        """
        seeds = [text for text in overrides if "seed" in text]
        if len(seeds) != 1 or not (match := _PLAIN_SEED.fullmatch(seeds[0])):
            config = self.compose(overrides, number)
            return config, config.seed, False
        others = tuple(text for text in overrides if text is not seeds[0])
        if others not in self._settings:
            if not self._is_separable(others):
                config = self.compose(overrides, number)
                return config, config.seed, False
            self._settings[others] = self.compose(others)
        return self._settings[others], int(match[1]), True

    def _is_separable(self, overrides: Sequence[str]) -> bool:
        """Whether no value may depend on the seed, as interpolations do."""
        read = [self._read(text) for text in overrides]
        base = self._base(tuple(one.text for one in read if one.structural))
        return base.plain and all(one.structural or one.plain for one in read)

    def _read_anew(self, text: str) -> _Read:
        (parsed,) = self._parser.parse_overrides([text])
        return _Read(text, parsed, self._is_structural(parsed), _is_plain(parsed))

    def _is_structural(self, override: Override) -> bool:
        """Whether it changes which files are merged, or Hydra's own node."""
        if override.is_hydra_override():
            return True
        exists = self._loader.repository.group_exists(override.key_or_group)
        return bool(exists) and not isinstance(override.value(), dict)

    def _base(self, overrides: tuple[str, ...]) -> _Base:
        if overrides not in self._bases:
            cfg = self._loader.load_configuration(
                config_name=self._name,
                overrides=[*self._shared, *overrides],
                run_mode=RunMode.RUN,
            )
            node = _plain(cfg.hydra)
            refuse_calls(node, [*self._shared, *overrides], self._loader)
            if self._master is not None:
                refuse_other_settings(node, _plain(self._master.hydra))
            self._bases[overrides] = _Base(self._schema, cfg, self._master)
        return self._bases[overrides]


def _is_plain(override: Override) -> bool:
    """Whether it is a value that means the same whatever the others are."""
    if override.type is not OverrideType.CHANGE or override.package is not None:
        return False
    value = override.value()
    if isinstance(value, QuotedString | str):
        # Not as it is typed: a sweeper writes $\\{ for ${, which means the same.
        text = value.text if isinstance(value, QuotedString) else value
        return "${" not in text and "???" not in text
    return value is None or isinstance(value, int | float | bool) or _is_flat(value)


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, int) for item in value)


def _plain(node: DictConfig) -> dict[Any, Any]:
    values = OmegaConf.to_container(node, resolve=False)
    assert isinstance(values, dict)  # noqa: S101  (Hydra's own node is a mapping)
    return values


class _Base:
    """What one set of group overrides composes to, and copies of it with other values."""

    def __init__(self, schema: Schema, whole: DictConfig, master: DictConfig | None) -> None:
        self._schema, self._whole, self._master = schema, whole, master
        cfg = self._cfg = copy.deepcopy(whole)
        with open_dict(cfg):
            del cfg["hydra"]
        self._scratch = copy.deepcopy(cfg)
        self._refers = "${" in OmegaConf.to_yaml(cfg)
        self.plain = not self._refers and not OmegaConf.missing_keys(cfg)
        self._config = from_omegaconf(schema, cfg) if self.plain else None
        self.keys = frozenset(flat(self._config)) - schema.groups.keys() if self.plain else ()
        self._converted = lru_cache(_REMEMBERED)(self._convert)

    def with_values(self, overrides: Sequence[_Read]) -> Any:
        """Convert each value by its key's type, and put it into a copy of the base.

        Values, and sections that no override touches, are shared between configurations, which
        no code that holds a composed configuration changes.
        """
        return with_values(self._config, {one.key: self._converted(one) for one in overrides})

    def _convert(self, override: _Read) -> Any:
        key = override.key
        before = OmegaConf.select(self._cfg, key)
        try:
            ConfigLoaderImpl._apply_overrides_to_config([override.parsed], self._scratch)  # noqa: SLF001
            value = OmegaConf.select(self._scratch, key)
        finally:
            OmegaConf.update(self._scratch, key, before, merge=False)
        return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value

    def with_overrides(self, values: Sequence[Override], job: Sequence[_Read], number: int) -> Any:
        """Hydra's own way, for whatever is not a plain value.

        Args:
            values: what is set on a copy of the base.
            job: all overrides of the job.
            number: of the job.
        """
        if not self._refers and not any("{" in str(one.input_line) for one in values):
            cfg = copy.deepcopy(self._cfg)
            ConfigLoaderImpl._apply_overrides_to_config(list(values), cfg)  # noqa: SLF001
            return from_omegaconf(self._schema, cfg)
        # Copying Hydra's node as well takes ten times as long.
        whole = copy.deepcopy(self._whole)
        ConfigLoaderImpl._apply_overrides_to_config(list(values), whole)  # noqa: SLF001
        with job_values(whole, self._master, [one.parsed for one in job], number) as cfg:
            return from_omegaconf(self._schema, cfg)


def own_composer(schema: Schema) -> Composer:
    """A composer outside an application of Hydra: the files of `conf/` and no others."""
    register_schema(schema)
    path = create_config_search_path(f"file://{config_directory()}")
    return Composer(schema, ConfigLoaderImpl(config_search_path=path))
