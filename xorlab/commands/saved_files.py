"""Files in which Hydra keeps a configuration: without passwords."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from omegaconf import OmegaConf

from xorlab.system.credentials import without_credentials


@contextlib.contextmanager
def without_passwords() -> Iterator[None]:
    """While the block runs, passwords of addresses are left out of what OmegaConf saves.

    Sweepers of Hydra save the configuration of a sweep in ``multirun.yaml``, with the address of
    the store in it, and have no option against that.
    """
    save = OmegaConf.save

    def save_hidden(config: Any, f: str | Path | IO[Any], resolve: bool = False) -> None:
        plain = (
            OmegaConf.to_container(config, resolve=resolve)
            if OmegaConf.is_config(config)
            else config
        )
        save(OmegaConf.create(_hidden(plain)), f)

    OmegaConf.save = staticmethod(save_hidden)  # type: ignore[method-assign]
    try:
        yield
    finally:
        OmegaConf.save = staticmethod(save)  # type: ignore[method-assign]


def _hidden(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _hidden(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_hidden(one) for one in value]
    return without_credentials(value) if isinstance(value, str) else value
