"""Figures of published studies, each with what the paper says in it; each returns its Axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from xorlab.analysis.figures.style import COLOURS, epochs_axis, new_axes
from xorlab.analysis.statistics.intervals import wilson
from xorlab.analysis.statistics.restarts import restart_curve
from xorlab.analysis.statistics.times import counted_runs, times_of
from xorlab.studies.claims import CLAIMS, SOURCES, Claim, rates
from xorlab.studies.measures import RESAMPLES, Sample, running_time, sample_of

_OURS, _PAPER = COLOURS[0], COLOURS[3]
_SAMPLES = 4000
_RANGES = (0.1, 0.2, 0.5, 1, 2, 4, 10)
_RATIOS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1, 1.5, 2, 3, 5, 10, 20, 50, 100)


def agreement(table: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Measured over published, for every row of the table of published results.

    Thick: our 95 % interval. Thin: the range of samples of the paper's size. Grey: what the
    published number may stand for. A row agrees where thin meets grey; a row of which nothing is
    known, as without a solved run, keeps its place and is empty.

    Args:
        table: from `xorlab.studies.claims.published`.
        ax: where to draw; None for a figure of its own.
    """
    ax = ax or new_axes(8.5, 1.2 + 0.34 * len(table))
    places = np.arange(len(table))[::-1]
    rows = table.to_dict("records")
    for place, row in zip(places, rows, strict=True):
        colour = _OURS if row["agrees"] else _PAPER
        unit = row["published_high"] if row["published_low"] == 0 else row["value"]
        start = max(row["published_low"] / unit, 1e-3)  # a logarithmic axis has no 0
        ax.plot([start, row["published_high"] / unit], [place] * 2, color="#999999", lw=9,
                alpha=0.5, solid_capstyle="butt")  # fmt: skip
        thin, thick = (
            np.array([row[f"{prefix}low"], row[f"{prefix}high"]], float) / unit
            for prefix in ("expected_", "")
        )
        ax.plot(thin, [place] * 2, color=colour, lw=1.2)
        ax.plot(thick, [place] * 2, color=colour, lw=5, alpha=0.6, solid_capstyle="butt")
        face = "white" if row["post_hoc"] else colour
        ax.plot(row["estimate"] / unit, place, "o", color=colour, mec=colour, mfc=face)
    ax.axvline(1, color="black", lw=0.8, zorder=0)
    several = len(table["source"].unique()) > 1
    ax.set_yticks(places, [_row_name(row, several) for row in rows], fontsize="small")
    ax.set_ylim(-0.7, len(table) - 0.3)
    ax.set_xscale("log")
    known = table.loc[table["published_low"] > 0]
    ends = known[["low", "high", "expected_low", "expected_high"]].to_numpy(float)
    ends = ends / known[["value"]].to_numpy(float)
    ends = ends[np.isfinite(ends) & (ends > 0)]
    low = min(0.6, 0.85 * float(ends.min(initial=1)))
    high = max(1.6, 1.15 * float(ends.max(initial=1)))
    shown = [tick for tick in _RATIOS if low <= tick <= high]
    ax.set_xlim(low, high)
    ax.set_xticks(shown, [f"{tick:g}" for tick in shown])
    ax.minorticks_off()
    ax.set_xlabel("measured / published, with 95 % interval (thick)\n"
                  "and range of samples of the paper's size (thin)")  # fmt: skip
    counted = table.loc[~table["post_hoc"], "agrees"]
    told = f"{int(counted.sum())} of {len(counted)} agree" if len(counted) else "Post hoc"
    ax.set_title(f"{told} (n = {_counts(table['n'])})")
    return ax


def success_beside(rows: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Success rates, each with its interval and, where there is one, the published rate's.

    Args:
        rows: a row per setting: ``setting`` in words, ``solved`` of ``n`` networks, and
            ``published_solved`` of ``published_n``, missing where nothing was published.
        ax: where to draw; None for a figure of its own.
    """
    ax = ax or new_axes(7.0, 1.2 + 0.42 * len(rows))
    places = np.arange(len(rows), dtype=float)[::-1]
    there = rows["published_n"].notna().to_numpy(bool)
    _rates(ax, places + 0.14, rows["solved"], rows["n"], "o", _OURS, "measured")
    if there.any():
        said = rows[there]
        _rates(ax, places[there] - 0.14, said["published_solved"], said["published_n"], "s", _PAPER,
               "published")  # fmt: skip
    names = [f"{row['setting']} (n = {row['n']:,})" for row in rows.to_dict("records")]
    ax.set_yticks(places, names)
    ax.set_ylim(-0.6, len(rows) - 0.4)
    ax.set_xlim(0, 100)
    ax.set_xlabel("networks solved / %, with 95 % Wilson interval")
    ax.set_title(f"Success rate (n = {int(rows['n'].sum()):,} networks)", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def efficiency_curve(
    runs: pd.DataFrame, ax: Axes | None = None, resamples: int = RESAMPLES
) -> Axes:
    """Hamey's (1991) figure: networks trained per thousand epochs, by the epoch of giving up.

    Args:
        runs: of one setting.
        ax: where to draw; None for a figure of its own.
        resamples: of the bootstrap behind the interval of the best epoch.
    """
    ax = ax or new_axes(7.0, 4.4)
    times = times_of(counted_runs(runs, ["outcome"], "runs")).common()
    epochs = np.arange(1, int(times.horizon) + 1)
    curve = restart_curve(times.time, times.solved, times.horizon, epochs, resamples=resamples)
    with np.errstate(divide="ignore"):
        low, middle, high = (1000 / ert for ert in (curve.high, curve.ert, curve.low))
    e, best = float(middle.max()), curve.best
    ax.fill_between(epochs, low, np.minimum(high, 1000), color=_OURS, alpha=0.2, lw=0)
    ax.plot(epochs, middle, color=_OURS, label=f"measured (n = {len(times):,})")
    if e > 0:
        half = epochs[middle >= e / 2]
        ax.plot([half[0], half[-1]], [e / 2] * 2, "--", color=_OURS, label="at least half its peak")
        ax.plot([best.low, best.high], [e] * 2, color=_OURS, lw=4, alpha=0.5)
        ax.plot(best.cutoff, e, "o", color=_OURS, mec="white", ms=8, label="peak: e at T_E")
    said = {claim.quantity.partition(" /")[0]: claim for claim in _claims("hamey1991")}
    top = said["e, largest efficiency"]
    peak, first, last = (
        _middle(said[name])
        for name in (
            "T_E, best cutoff",
            "half-peak range, first epoch",
            "half-peak range, last epoch",
        )
    )
    ax.errorbar(peak, _middle(top), yerr=(top.high - top.low) / 2, fmt="s", color=_PAPER, capsize=4,
                ms=5, label="the paper's peak")  # fmt: skip
    ax.plot([first, last], [_middle(top) / 2] * 2, "|", color=_PAPER, ms=16, mew=2,
            label="ends of the paper's half-peak range")  # fmt: skip
    ax.set_xlim(left=8)
    epochs_axis(ax, "t: epochs after which a network is given up")
    ax.set_ylim(0, 1.25 * max(e, top.high))
    ax.set_ylabel("E(t): networks trained per 1,000 epochs")
    ax.set_title("Efficiency of training with restarts, 95 % band", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="upper right")
    return ax


def non_convergence(runs: pd.DataFrame, ax: Axes | None = None) -> Axes:
    """Kolen & Pollack's (1990) figure: networks not converged, by the range of their weights.

    Args:
        runs: of the study, or of some of its settings.
        ax: where to draw; None for a figure of its own.
    """
    ax = ax or new_axes(6.0, 4.4)
    table = rates(runs)
    least, largest, end, _ = _claims("kolen1990")
    ax.add_patch(Rectangle((2, _middle(least)), 2, _middle(largest) - _middle(least),
                           color=_PAPER, alpha=0.18, lw=0,
                           label=f"the paper: {least.printed} to {largest.printed} %"))  # fmt: skip
    ax.axhline(end.high, color=_PAPER, lw=1, ls=":", label="end of the paper's axis")
    settings = table.groupby(["optimizer.lr", "optimizer.momentum"], dropna=False)
    for number, ((lr, momentum), own) in enumerate(settings):
        shift = 1.02 ** (number - (settings.ngroups - 1) / 2)  # intervals side by side
        rate = own["rate"].to_numpy(float)
        errors = np.abs(own[["low", "high"]].to_numpy(float).T - rate)
        ax.errorbar(own["init.range"].to_numpy(float) * shift, rate, yerr=errors, ms=4, lw=1.2,
                    fmt="os^Dvx"[number % 6] + "-", elinewidth=0.8,
                    color=(COLOURS[:3] + COLOURS[4:])[number % 7],
                    label=f"lr {lr:g}, momentum {momentum:g}")  # fmt: skip
    ax.set_xscale("log")
    ax.set_xticks(_RANGES, [f"{tick:g}" for tick in _RANGES])
    ax.minorticks_off()
    ax.set_ylim(-2, 102)
    ax.set_xlabel("range of the initial weights")
    ax.set_ylabel("networks not converged / %")
    ax.set_title(f"Not converged, 95 % intervals (n = {_counts(table['n'])} a point)",
                 fontsize="medium")  # fmt: skip
    ax.legend(fontsize="small", loc="upper left", framealpha=1, edgecolor="none")
    return ax


def batch_spread(
    runs: pd.DataFrame, study: str, size: int, ax: Axes | None = None, seed: int = 0
) -> Axes:
    """Epochs per solution, as studies of few networks would have found it.

    Args:
        runs: of one setting.
        study: preset whose claims hold what the paper found.
        size: networks of a study such as the paper's.
        ax: where to draw; None for a figure of its own.
        seed: of the drawing of networks.
    """
    ax = ax or new_axes()
    sample = sample_of(runs)
    rng = np.random.default_rng(seed)
    failed = sample.n - len(sample.ascending)
    padded = np.append(sample.ascending, np.full(failed, np.inf))
    drawn = np.array([
        _epochs_per_solution(rng.choice(padded, size), sample.limit) for _ in range(_SAMPLES)
    ])  # fmt: skip
    finite = drawn[np.isfinite(drawn)]
    none = f", {len(drawn) - len(finite):,} without a success" if len(finite) < len(drawn) else ""
    ax.hist(finite, bins=18, color=COLOURS[5],
            label=f"{_SAMPLES:,} samples of {size} of our networks{none}")  # fmt: skip
    ours = running_time(sample)
    if np.isfinite(ours):
        ax.axvline(ours, color=_OURS, label=f"all our networks (n = {sample.n:,})")
    said = next(claim for claim in _claims(study) if claim.quantity.startswith("EES"))
    ax.axvline(_middle(said), color=_PAPER, ls="--", label=f"published (n = {_networks(study)})")
    ax.set_xlim(0, 1.08 * max(_middle(said), float(finite.max(initial=0))))
    ax.set_ylim(0, 1.35 * ax.get_ylim()[1])  # room for the legend
    ax.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
    ax.set_xlabel("epochs per solution (EES)")
    ax.set_ylabel("samples")
    ax.set_title(f"What {size} networks can tell: {SOURCES[study].name.rpartition(', ')[2]}",
                 fontsize="medium")  # fmt: skip
    ax.legend(fontsize="small", loc="upper right", framealpha=1, edgecolor="none")
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
    ax.step(np.append(0.0, sample.ascending), 100 * np.arange(k + 1) / max(k, 1), where="post",
            color=_OURS, label=f"measured (n = {k:,} solved)")  # fmt: skip
    printed = [_middle(claim) for claim in _claims(study) if "epochs" in claim.quantity]
    ax.plot(printed, np.linspace(0, 100, len(printed)), "s", color=_PAPER,
            label="published: fastest, quartiles, slowest")  # fmt: skip
    ax.set_xlim(left=0)
    ax.set_xlabel("epochs to solve")
    ax.set_ylabel("of the solved, solved by then / %")
    ax.set_title("Epochs of the solved", fontsize="medium")
    ax.legend(frameon=False, fontsize="small", loc="lower right")
    return ax


def _rates(
    ax: Axes, places: npt.NDArray[np.float64], solved: pd.Series, n: pd.Series, marker: str,
    colour: str, label: str,
) -> None:  # fmt: skip
    rate = 100 * solved.to_numpy(float) / n.to_numpy(float)
    ends = 100 * np.array(wilson(solved.to_numpy(float), n.to_numpy(float)))
    ax.errorbar(rate, places, xerr=np.abs(ends - rate), fmt=marker, color=colour, capsize=3,
                label=label)  # fmt: skip


def _claims(study: str) -> list[Claim]:
    return [claim for claim in CLAIMS if claim.study == study]


def _networks(study: str) -> int | str:
    return SOURCES[study].networks or "not said"


def _middle(claim: Claim) -> float:
    return (claim.low + claim.high) / 2


def _row_name(row: Mapping[Any, Any], several: bool) -> str:
    """What is compared, and with which network where there are several."""
    network = f"{row['source'].rpartition(', ')[2]}, " if several else ""
    hindsight = " (post hoc)" if row["post_hoc"] else ""
    return f"{network}{row['quantity']}: {row['published']}{hindsight}"


def _counts(n: pd.Series) -> str:
    low, high = int(n.min()), int(n.max())
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _epochs_per_solution(times: npt.NDArray[np.float64], limit: float) -> float:
    solved = times[np.isfinite(times)]
    return running_time(Sample(solved, len(times), limit))
