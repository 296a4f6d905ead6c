"""Override strings in, checked configurations out: Hydra's own composition, done once."""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

from hydra._internal.config_loader_impl import ConfigLoaderImpl
from hydra._internal.utils import create_config_search_path
from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override, OverrideType, QuotedString
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf, open_dict

from xorlab.config.callables import refuse_calls
from xorlab.config.messages import readable, unknown_key
from xorlab.config.rules import check
from xorlab.config.schema import FIELDS, Config

CONFIG_NAME = "config"
_GROUP_OF = {key: (group, leaf) for key, group, leaf, _ in FIELDS}
_REMEMBERED = 4096  # overrides: a sweep names each of its values in very many jobs
_PLAIN_SEED = re.compile(r"seed=(0|[1-9][0-9]*)")


def config_directory() -> Path:
    """Where the groups are: inside an installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "conf"
    return inside if inside.is_dir() else package.parent / "conf"


def register_schema() -> None:
    """Give Hydra the typed schema that closes every configuration, and the plug-ins' own."""
    import_module("hydra_plugins.xorlab.vectorized")
    ConfigStore.instance().store(name="schema", node=Config, provider="xorlab")


def from_omegaconf(cfg: DictConfig) -> Config:
    """A composed configuration, without Hydra's node, as plain typed objects."""
    values = OmegaConf.to_container(cfg, resolve=True, throw_on_missing=True)
    assert isinstance(values, dict)  # noqa: S101  (the root is a mapping)
    _refuse_unknown(values)
    config = Config()
    for key, (group, leaf) in _GROUP_OF.items():
        if group:
            setattr(getattr(config, group), leaf, values[group][leaf])
        else:
            setattr(config, key, values[key])
    return config


def _refuse_unknown(values: dict[Any, Any]) -> None:
    """Hydra lets `+key=value` add to a closed configuration; no code would ever read it."""
    for key, value in values.items():
        names = [f"{key}.{inner}" for inner in value] if isinstance(value, dict) else [str(key)]
        for name in names:
            if name not in _GROUP_OF:
                raise unknown_key(name)


@dataclass(frozen=True, eq=False)
class _Read:
    """An override, and whether it changes which files are merged, or is a plain value."""

    text: str
    parsed: Override
    structural: bool
    plain: bool


class Composer:
    """Composes many configurations that differ by a few overrides.

    Hydra builds its defaults list and merges its files anew for every job. Here that happens once
    per distinct set of group overrides; plain values are then set on a typed copy, each converted
    once. Anything that is not a plain value (additions, deletions, dictionaries, interpolations)
    takes Hydra's way.

    Args:
        loader: Hydra's configuration loader.
        overrides: what every configuration shares, as Hydra overrides of its own node.
    """

    def __init__(self, loader: ConfigLoaderImpl, overrides: Sequence[str] = ()) -> None:
        self._loader = loader
        self._shared = list(overrides)
        self._parser = OverridesParser.create(config_loader=loader)
        self._read = lru_cache(_REMEMBERED)(self._read_anew)
        self._bases: dict[tuple[str, ...], _Base] = {}
        self._settings: dict[tuple[str, ...], Config] = {}

    def compose(self, overrides: Sequence[str]) -> Config:
        """The configuration that these overrides name, not yet checked.

        Raises:
            Exception: what Hydra raises for the same overrides.
        """
        read = [self._read(text) for text in overrides]
        base = self._base(tuple(one.text for one in read if one.structural))
        values = [one for one in read if not one.structural]
        if base.plain and all(one.plain for one in values):
            return base.with_values(values)
        return base.with_overrides([one.parsed for one in values])

    def setting(self, overrides: Sequence[str]) -> tuple[Config, int, bool]:
        """The same, taken apart: a configuration without its seed is composed once for all seeds.

        Returns:
            the configuration of the setting, not yet checked; the seed; and whether later calls
            return this very configuration for other seeds, whose own ``seed`` then does not count.

        Raises:
            Exception: what Hydra raises for the same overrides.
        """
        seeds = [text for text in overrides if "seed" in text]
        if len(seeds) != 1 or not (match := _PLAIN_SEED.fullmatch(seeds[0])):
            config = self.compose(overrides)
            return config, config.seed, False
        others = tuple(text for text in overrides if text is not seeds[0])
        if others not in self._settings:
            if not self._is_separable(others):
                config = self.compose(overrides)
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
                config_name=CONFIG_NAME,
                overrides=[*self._shared, *overrides],
                run_mode=RunMode.RUN,
            )
            with open_dict(cfg):
                hydra = OmegaConf.to_container(cfg.pop("hydra"), resolve=False)
            refuse_calls(hydra, [*self._shared, *overrides])
            self._bases[overrides] = _Base(cfg)
        return self._bases[overrides]


def _is_plain(override: Override) -> bool:
    """A value for a key of the schema, that means the same whatever the others are."""
    if override.type is not OverrideType.CHANGE or override.key_or_group not in _GROUP_OF:
        return False
    if override.package is not None:
        return False
    value = override.value()
    if isinstance(value, QuotedString | str):
        return "${" not in str(override.input_line) and "???" not in str(override.input_line)
    return value is None or isinstance(value, int | float | bool) or _is_flat(value)


def _is_flat(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, int) for item in value)


class _Base:
    """What one set of group overrides composes to, and copies of it with other values."""

    def __init__(self, cfg: DictConfig) -> None:
        self._cfg = cfg
        self._scratch = copy.deepcopy(cfg)
        self.plain = "${" not in OmegaConf.to_yaml(cfg) and not OmegaConf.missing_keys(cfg)
        self._config = from_omegaconf(cfg) if self.plain else Config()
        self._converted = lru_cache(_REMEMBERED)(self._convert)

    def with_values(self, overrides: Sequence[_Read]) -> Config:
        """Convert each value by its key's type, and put it into a copy of the base."""
        config = copy.copy(self._config)
        touched: set[str] = set()
        for override in overrides:
            group, leaf = _GROUP_OF[override.parsed.key_or_group]
            value = self._converted(override)
            if not group:
                setattr(config, leaf, value)
                continue
            if group not in touched:
                setattr(config, group, copy.copy(getattr(config, group)))
                touched.add(group)
            setattr(getattr(config, group), leaf, value)
        # Values, and sections that no override touched, are shared between configurations, which
        # no code that holds a composed configuration changes.
        return config

    def _convert(self, override: _Read) -> Any:
        key = override.parsed.key_or_group
        before = OmegaConf.select(self._cfg, key)
        try:
            ConfigLoaderImpl._apply_overrides_to_config([override.parsed], self._scratch)  # noqa: SLF001
            value = OmegaConf.select(self._scratch, key)
        finally:
            OmegaConf.update(self._scratch, key, before, merge=False)
        return OmegaConf.to_container(value) if OmegaConf.is_config(value) else value

    def with_overrides(self, overrides: Sequence[Override]) -> Config:
        """Hydra's own way, for whatever is not a plain value."""
        cfg = copy.deepcopy(self._cfg)
        ConfigLoaderImpl._apply_overrides_to_config(list(overrides), cfg)  # noqa: SLF001
        return from_omegaconf(cfg)


@cache
def _own_composer() -> Composer:
    register_schema()
    path = create_config_search_path(f"file://{config_directory()}")
    return Composer(ConfigLoaderImpl(config_search_path=path))


def configure(*overrides: str) -> Config:
    """The configuration that these overrides name, as on the command line.

    Raises:
        UsageError: an unknown key or group, or an override that cannot be parsed.
        ConfigError: a value that cannot be used.
    """
    with readable(overrides):
        config = copy.deepcopy(_own_composer().compose(overrides))
    check(config)
    return config
