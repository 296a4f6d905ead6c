"""Epochs per solution, as studies of few networks would have found it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes

from xorlab.analysis.figures.style import COLOURS, new_axes
from xorlab.studies.figures.style import OURS, PAPER
from xorlab.studies.replication.measures import running_time
from xorlab.studies.replication.registry import STUDIES
from xorlab.studies.replication.sample import Sample, sample_of

_SAMPLES = 4000


def batch_spread(
    runs: pd.DataFrame, study: str, size: int, ax: Axes | None = None, seed: int = 0
) -> Axes:
    """Epochs per solution, as studies of few networks would have found it.

    Args:
        runs: of one setting.
        study: preset of the study, for the value that it published.
        size: networks of a study such as the paper's.
        ax: where to draw; None for a new figure.
        seed: of the drawing of networks.
    """
    ax = ax or new_axes()
    sample = sample_of(runs)
    rng = np.random.default_rng(seed)
    failed = sample.n - len(sample.ascending)
    times = np.append(sample.ascending, np.full(failed, np.inf))
    drawn = np.array(
        [_epochs_per_solution(rng.choice(times, size), sample.limit) for _ in range(_SAMPLES)]
    )
    finite = drawn[np.isfinite(drawn)]
    none = f", {len(drawn) - len(finite):,} without a success" if len(finite) < len(drawn) else ""
    ax.hist(
        finite,
        bins=18,
        color=COLOURS[5],
        label=f"{_SAMPLES:,} samples of {size} of our networks{none}",
    )
    ours = running_time(sample)
    if np.isfinite(ours):
        ax.axvline(ours, color=OURS, label=f"all our networks (n = {sample.n:,})")
    published = STUDIES[study].find("EES")
    paper_n = STUDIES[study].networks or "not said"
    ax.axvline(published.middle, color=PAPER, ls="--", label=f"published (n = {paper_n})")
    ax.set_xlim(0, 1.08 * max(published.middle, float(finite.max(initial=0))))
    ax.set_ylim(0, 1.35 * ax.get_ylim()[1])  # room for the legend
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    ax.set_xlabel("epochs per solution (EES)")
    ax.set_ylabel("samples")
    ax.set_title(
        f"What {size} networks can tell: {STUDIES[study].source.rpartition(', ')[2]}",
        fontsize="medium",
    )
    ax.legend(fontsize="small", loc="upper right", framealpha=1, edgecolor="none")
    return ax


def _epochs_per_solution(times: npt.NDArray[np.float64], limit: float) -> float:
    solved = times[np.isfinite(times)]
    return running_time(Sample(solved, len(times), limit))
