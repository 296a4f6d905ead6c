"""What Hydra is given before it composes: the typed schema, and where the files are."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING, DictConfig, OmegaConf

from xorlab.config.directory import config_directory
from xorlab.config.schema import Schema

CONFIG_NAME = "config"

# The schema that was registered last, and what Hydra has for it. Registering copies every node, and
# a command asks for it more than once.
_last: list[tuple[Schema, Any]] = []


def register_schema(schema: Schema) -> None:
    """Give Hydra the typed schema that closes every configuration, and the plug-ins' own.

    A group's base is the type of its field, which is missing until a choice is merged into it; each
    choice is an option of its group.
    """
    import_module("hydra_plugins.xorlab.vectorized")
    store = ConfigStore.instance()
    if _last and _last[0] == (schema, store.repo.get(f"{schema.node}.yaml")):
        return
    root = OmegaConf.structured(schema.kind)
    for name, kind in schema.sections.items():
        if name in schema.groups:
            root[name] = MISSING
            for choice, node in schema.groups[name].choices().items():
                store.store(group=name, name=choice, node=node, provider="xorlab")
        elif name in schema.choices:
            (choice,) = schema.choices[name]
            store.store(group=name, name=choice, node=kind, provider="xorlab")
    store.store(name=schema.node, node=root, provider="xorlab")
    if schema.primary != CONFIG_NAME:
        store.store(name=schema.primary, node=_primary(schema), provider="xorlab")
    _last[:] = [(schema, store.repo[f"{schema.node}.yaml"])]


def _primary(schema: Schema) -> DictConfig:
    """As `conf/config.yaml` for a schema that has no file: its defaults list, and Hydra's node."""
    own: Any = OmegaConf.load(config_directory() / f"{CONFIG_NAME}.yaml")
    defaults: list[Any] = []
    for item in OmegaConf.to_container(own.defaults):  # type: ignore[union-attr]
        if item == "schema":
            defaults.append(schema.node)
        elif not isinstance(item, dict):
            defaults.append(item)
        else:
            ((group, choice),) = item.items()
            if group in schema.choices:
                defaults.append({group: schema.choices[group][0]})
            elif group.startswith("override "):
                defaults.append({group: choice})
    return OmegaConf.create({"defaults": defaults, "hydra": own.hydra})
