"""xorlab: a convergence laboratory for small neural networks.

Sweep seeds and settings, track every run, and learn how often a setting learns and how fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xorlab.analysis.statistics.comparison import compare, compare_all
    from xorlab.analysis.statistics.convergence import convergence
    from xorlab.analysis.statistics.sample_size import seeds_needed
    from xorlab.analysis.statistics.verdict import Comparison
    from xorlab.config.compose import configure
    from xorlab.config.schema import Config
    from xorlab.errors import ConfigError, StoreError, UsageError
    from xorlab.failures.classes import failure_table
    from xorlab.failures.diagnose import diagnose
    from xorlab.landscapes.landscape import Landscape, landscape
    from xorlab.networks.result import Result
    from xorlab.networks.train import predict, train, train_many
    from xorlab.tracking.landscapes import load_landscape
    from xorlab.tracking.read.runs import load_curves, load_runs
    from xorlab.tracking.read.weights import load_weights

# Where each public name lives. They are imported when first used: MLflow alone takes seconds.
_HOMES = {
    "Comparison": "analysis.statistics.comparison",
    "Config": "config.schema",
    "ConfigError": "errors",
    "Landscape": "landscapes.landscape",
    "Result": "networks.result",
    "StoreError": "errors",
    "UsageError": "errors",
    "compare": "analysis.statistics.comparison",
    "compare_all": "analysis.statistics.comparison",
    "configure": "config.compose",
    "convergence": "analysis.statistics.convergence",
    "diagnose": "failures.diagnose",
    "failure_table": "failures.classes",
    "landscape": "landscapes.landscape",
    "load_curves": "tracking.read.runs",
    "load_landscape": "tracking.landscapes",
    "load_runs": "tracking.read.runs",
    "load_weights": "tracking.read.weights",
    "predict": "networks.train",
    "seeds_needed": "analysis.statistics.sample_size",
    "train": "networks.train",
    "train_many": "networks.train",
}

__all__ = [
    "Comparison",
    "Config",
    "ConfigError",
    "Landscape",
    "Result",
    "StoreError",
    "UsageError",
    "compare",
    "compare_all",
    "configure",
    "convergence",
    "diagnose",
    "failure_table",
    "landscape",
    "load_curves",
    "load_landscape",
    "load_runs",
    "load_weights",
    "predict",
    "seeds_needed",
    "train",
    "train_many",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
