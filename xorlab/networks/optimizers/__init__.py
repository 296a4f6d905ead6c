"""How a gradient becomes a step: one update rule per file, and the table that names them."""

from __future__ import annotations

from xorlab.networks.optimizers.adam import ADAM
from xorlab.networks.optimizers.delta_bar_delta import DELTA_BAR_DELTA
from xorlab.networks.optimizers.gd import GD
from xorlab.networks.optimizers.quickprop import QUICKPROP
from xorlab.networks.optimizers.rprop import RPROP
from xorlab.networks.optimizers.rule import Optimizer

OPTIMIZERS: dict[str, Optimizer] = {
    "gd": GD,
    "rprop": RPROP,
    "quickprop": QUICKPROP,
    "adam": ADAM,
    "delta_bar_delta": DELTA_BAR_DELTA,
}

__all__ = ["OPTIMIZERS", "Optimizer"]
