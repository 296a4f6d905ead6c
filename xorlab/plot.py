"""Figures under short names: `xorlab.plot.survival(runs, by="optimizer.lr")` and so on.

Each draws on one Axes, a new one unless ``ax`` is given, and returns it.
"""

from xorlab.analysis.figures.forest import success_bars as success
from xorlab.analysis.figures.parallel import parallel_coordinates as parallel_coordinates
from xorlab.analysis.figures.seeds import rate_by_seeds as rate_by_seeds
from xorlab.analysis.figures.survival import ert_curves as ert
from xorlab.analysis.figures.survival import survival_curves as survival
from xorlab.analysis.figures.sweep import curve_bands as loss
from xorlab.analysis.figures.sweep import epochs_distribution as epochs
from xorlab.analysis.figures.sweep import success_heatmap as heatmap
from xorlab.failures.figures import curvature_scatter as curvature
from xorlab.failures.figures import descent_scatter as descent
from xorlab.failures.figures import failure_bars as failures
from xorlab.landscapes.figures import landscape_image as landscape

__all__ = [
    "curvature",
    "descent",
    "epochs",
    "ert",
    "failures",
    "heatmap",
    "landscape",
    "loss",
    "parallel_coordinates",
    "rate_by_seeds",
    "success",
    "survival",
]
