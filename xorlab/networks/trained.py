"""Networks that were trained without being recorded, as the statistics take them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from xorlab.errors import spell
from xorlab.networks.config import Config
from xorlab.networks.identity import setting_params
from xorlab.networks.result import NetworkResult

if TYPE_CHECKING:
    import pandas as pd


class TrainedNetworks(list[NetworkResult]):
    """Results in the order of their configurations.

    Args:
        configs: what was trained.
        results: of each.
    """

    def __init__(self, configs: Sequence[Config], results: Sequence[NetworkResult]) -> None:
        super().__init__(results)
        self._configs = tuple(configs)

    def runs(self) -> pd.DataFrame:
        """One row per network: its outcome, its keys by their dotted names, and its metrics."""
        import pandas as pd

        return pd.DataFrame(
            {
                "outcome": result.outcome,
                **{key: _cell(value) for key, value in setting_params(config).items()},
                "seed": config.seed,
                **result.numbers(),
            }
            for config, result in zip(self._configs, self, strict=True)
        )


def _cell(value: Any) -> Any:
    """Lists as they are spelled: a setting must be hashable."""
    return spell(value) if isinstance(value, list) else value
