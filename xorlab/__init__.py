"""xorlab: a convergence laboratory for small neural networks.

Sweep seeds and settings, track every run, and learn how often a setting learns and how fast.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xorlab.analysis.comparison import Comparison, compare, compare_all
    from xorlab.analysis.convergence import convergence
    from xorlab.analysis.failures import failure_table
    from xorlab.analysis.sample_size import seeds_needed
    from xorlab.composition import configure
    from xorlab.config import Config
    from xorlab.diagnosis import diagnose
    from xorlab.errors import ConfigError, StoreError, UsageError
    from xorlab.landscapes import Landscape, landscape
    from xorlab.result import Result
    from xorlab.tracking.landscapes import load_landscape
    from xorlab.tracking.reader import load_curves, load_runs
    from xorlab.tracking.weights import load_weights
    from xorlab.training import predict, train, train_many

# Where each public name lives. They are imported when first used: MLflow alone takes seconds.
_HOMES = {
    "Comparison": "analysis.comparison",
    "Config": "config",
    "ConfigError": "errors",
    "Landscape": "landscapes",
    "Result": "result",
    "StoreError": "errors",
    "UsageError": "errors",
    "compare": "analysis.comparison",
    "compare_all": "analysis.comparison",
    "configure": "composition",
    "convergence": "analysis.convergence",
    "diagnose": "diagnosis",
    "failure_table": "analysis.failures",
    "landscape": "landscapes",
    "load_curves": "tracking.reader",
    "load_landscape": "tracking.landscapes",
    "load_runs": "tracking.reader",
    "load_weights": "tracking.weights",
    "predict": "training",
    "seeds_needed": "analysis.sample_size",
    "train": "training",
    "train_many": "training",
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
