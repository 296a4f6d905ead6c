"""Figures of published studies, each with what the paper says in it; each returns its Axes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from xorlab.analysis.figures import COLOURS, STYLES, epochs_axis, new_axes
from xorlab.analysis.published import CLAIMS, rates
from xorlab.analysis.replication import (
    Sample,
    efficiency,
    half_peak_first,
    half_peak_last,
    peak,
    peak_epoch,
    running_time,
    sample_of,
)
from xorlab.analysis.running_time import part

_PAPER = COLOURS[3]
_BATCHES = 4000


def efficiency_curve(runs: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Hamey's (1991) figure: networks trained per thousand epochs, by the epoch of giving up.

    Args:
        runs: of one setting.
        ax: where to draw; None for a figure of its own.
    """
    ax = ax or new_axes()
    sample = sample_of(runs)
    epochs = np.arange(1, int(sample.limit) + 1)
    _, least, most = part(sample.ascending, sample.n, epochs).ert()
    with np.errstate(divide="ignore"):
        ax.fill_between(epochs, 1000 / most, np.minimum(1000 / least, 1000), color=COLOURS[0],
                        alpha=0.2, lw=0)  # fmt: skip
    ax.plot(epochs, efficiency(sample), color=COLOURS[0], label=f"measured (n = {sample.n})")
    e, first, last = peak(sample), half_peak_first(sample), half_peak_last(sample)
    ax.plot([first, last], [e / 2] * 2, color=COLOURS[0], ls="--", label="half of its peak or more")
    ax.plot(peak_epoch(sample), e, "o", color=COLOURS[0], mec="white", ms=8)
    ax.errorbar(49, 17.1, yerr=0.3, fmt="s", color=_PAPER, capsize=4, label="the paper's peak")
    ax.plot([26, 235], [17.1 / 2] * 2, "|", color=_PAPER, ms=16, mew=2,
            label="the paper's half-peak range")  # fmt: skip
    ax.set_xlim(left=5)
    epochs_axis(ax, "t: epochs after which a network is given up")
    ax.set_ylim(0, 1.25 * max(e, 17.4))
    ax.set_ylabel("E(t): networks trained per 1,000 epochs")
    ax.set_title("Efficiency of training with restarts, 95 % band")
    ax.legend(frameon=False, fontsize="small")
    return ax


def non_convergence(runs: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Kolen & Pollack's (1990) figure: networks not converged, by the range of their weights.

    Args:
        runs: of the study.
        ax: where to draw; None for a figure of its own.
    """
    ax = ax or new_axes(7.5, 4.6)
    table = rates(runs)
    box = Rectangle((2, 5), 2, 45, color=_PAPER, alpha=0.15, lw=0, label="the paper: 5 to 50 %")
    ax.add_patch(box)
    ax.axhline(80, color=_PAPER, lw=1, ls=":", label="end of the paper's axis")
    for number, ((lr, momentum), own) in enumerate(
        table.groupby(["optimizer.lr", "optimizer.momentum"])
    ):
        x = own["init.range"].to_numpy(float) * 1.012 ** (number - 2.5)  # bars side by side
        rate = own["rate"].to_numpy(float)
        errors = np.abs(own[["low", "high"]].to_numpy(float).T - rate)
        ax.errorbar(x, rate, yerr=errors, fmt="o" + STYLES[0 if lr == 1 else 1], ms=3.5, lw=1.2,
                    elinewidth=0.7, color=COLOURS[number % len(COLOURS)],
                    label=f"lr {lr:g}, momentum {momentum:g}")  # fmt: skip
    ax.set_xscale("log")
    ticks = [0.1, 0.2, 0.5, 1, 2, 4, 10]
    ax.set_xticks(ticks, [f"{tick:g}" for tick in ticks])
    ax.minorticks_off()
    ax.set_ylim(-1, 100)
    ax.set_xlabel("range of the initial weights")
    ax.set_ylabel("networks not converged / %")
    ax.set_title(f"Not converged, 95 % intervals (n = {table['n'].min()} per point)")
    ax.legend(frameon=False, fontsize="small", ncols=2, loc="upper left")
    return ax


def batch_spread(
    runs: pd.DataFrame, size: int, value: float, ax: Axes | None = None, seed: int = 0
) -> Axes:
    """Epochs per solution, as studies of few networks would have found it.

    Args:
        runs: of one setting.
        size: networks of such a study.
        value: what one such study did find.
        ax: where to draw; None for a figure of its own.
        seed: of the drawing of networks.
    """
    ax = ax or new_axes()
    sample = sample_of(runs)
    rng = np.random.default_rng(seed)
    padded = np.append(sample.ascending, np.full(sample.n - len(sample.ascending), np.inf))
    drawn = [_epochs_per_solution(rng.choice(padded, size), sample.limit) for _ in range(_BATCHES)]
    finite = np.array([one for one in drawn if np.isfinite(one)])
    ordered = runs[runs["outcome"].notna()].sort_values("seed")
    whole = [sample_of(ordered.iloc[k : k + size])
             for k in range(0, len(ordered) - size + 1, size)]  # fmt: skip
    ax.hist(finite, bins=50, color=COLOURS[5], label=f"{_BATCHES:,} samples of {size} of our runs")
    ax.plot([running_time(one) for one in whole], [0.0] * len(whole), "|", color="black", ms=22,
            mew=1.5, label=f"our {len(whole)} batches of {size}, seed after seed")  # fmt: skip
    ax.axvline(running_time(sample), color=COLOURS[0], label=f"all {sample.n}")
    ax.axvline(value, color=_PAPER, ls="--", label="the paper's")
    ax.set_xlim(left=0)
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    ax.set_xlabel("epochs per solution")
    ax.set_yticks([])
    ax.set_title(f"What {size} networks can tell")
    ax.legend(frameon=False, fontsize="small")
    return ax


def solve_times(runs: pd.DataFrame, study: str, ax: Axes | None = None) -> Axes:
    """Distribution of the epochs of the solved, with the percentiles that a study printed.

    Args:
        runs: of one setting.
        study: preset whose claims hold the fastest, the quartiles and the slowest.
        ax: where to draw; None for a figure of its own.
    """
    ax = ax or new_axes()
    sample = sample_of(runs)
    k = len(sample.ascending)
    ax.step(sample.ascending, 100 * np.arange(1, k + 1) / max(k, 1), where="post",
            color=COLOURS[0], label=f"measured (n = {k} solved)")  # fmt: skip
    own = [claim for claim in CLAIMS if claim.study == study and "epochs" in claim.quantity]
    printed = [(claim.low + claim.high) / 2 for claim in own]
    ax.plot(printed, np.linspace(0, 100, len(printed)), "s", color=_PAPER, label="the study's")
    ax.set_xlim(left=0)
    ax.set_xlabel("epochs to solve")
    ax.set_ylabel("of the solved, solved by then / %")
    ax.set_title("Epochs of the solved, beside the printed percentiles")
    ax.legend(frameon=False, fontsize="small")
    return ax


def agreement(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Measured over published for every row of the table of published results.

    Thick: our 95 % interval. Thin: the range of samples of the paper's size.

    Args:
        table: from `xorlab.analysis.published.published`.
        ax: where to draw; None for a figure of its own.
    """
    ax = ax or new_axes(8.5, 1.3 + 0.27 * len(table))
    places = np.arange(len(table))[::-1]
    for place, row in zip(places, table.to_dict("records"), strict=True):
        colour = COLOURS[0] if row["agrees"] else _PAPER
        ends = np.array([row["expected_low"], row["expected_high"], row["low"], row["high"]])
        ends = ends / row["value"]
        ax.plot(ends[:2], [place] * 2, color=colour, lw=1)
        ax.plot(ends[2:], [place] * 2, color=colour, lw=4, alpha=0.6, solid_capstyle="butt")
        ax.plot(row["estimate"] / row["value"], place, "o", color=colour, mec="white")
    ax.axvline(1, color="black", lw=0.8)
    names = [f"{row['quantity']}: {row['published']}" for row in table.to_dict("records")]
    ax.set_yticks(places, names, fontsize="small")
    ax.set_xscale("log")
    ticks = [0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10]
    low, high = ax.get_xlim()
    shown = [tick for tick in ticks if low <= tick <= high]
    ax.set_xticks(shown, [f"{tick:g}" for tick in shown])
    ax.minorticks_off()
    ax.set_xlabel("measured / published (orange-red: does not agree)")
    return ax


def _epochs_per_solution(times: np.ndarray, limit: float) -> float:
    solved = times[np.isfinite(times)]
    return running_time(Sample(solved, len(times), limit))
