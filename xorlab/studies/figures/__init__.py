"""Figures of published studies, with the published values beside ours; each returns its Axes."""

from xorlab.studies.figures.agreement import agreement
from xorlab.studies.figures.batch_spread import batch_spread
from xorlab.studies.figures.efficiency import efficiency_curve
from xorlab.studies.figures.non_convergence import non_convergence
from xorlab.studies.figures.solve_times import solve_times
from xorlab.studies.figures.success import success_beside

__all__ = [
    "agreement",
    "batch_spread",
    "efficiency_curve",
    "non_convergence",
    "solve_times",
    "success_beside",
]
