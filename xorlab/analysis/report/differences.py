"""Which settings differ: the table of pairs, with differences, intervals and claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from xorlab.analysis.counts import counted
from xorlab.analysis.labels import headers, setting_label, short
from xorlab.analysis.report.section import Section
from xorlab.analysis.statistics.clock import EPOCHS
from xorlab.analysis.statistics.comparison import compare_all
from xorlab.analysis.statistics.times import SEED
from xorlab.analysis.statistics.verdict import in_points, in_share
from xorlab.analysis.statistics.winner import Cheapest

_ALL_PAIRS = 4  # settings; of more, only the pairs with the best one are shown
_ALL_TESTED = 10  # settings; of more, only those pairs are tested
_MOST_SETTINGS = 100
_MOST_ROWS = 30
_TURNED = {"sooner": "later", "more often": "less often"}
_TURNED |= {turned: claim for claim, turned in _TURNED.items()}
_MINUS = "\N{MINUS SIGN}"
_TITLE = "Which settings differ"


@dataclass(frozen=True)
class Differences:
    """Comparisons of settings.

    Attributes:
        section: of the page; None where there is nothing to compare.
        pairs: from `xorlab.compare_all`; None where there are none.
        refused: why settings were not compared; empty where they were.
        slower: rows of the settings that are claimed to be solved later or less often than the
            one that looks cheapest.
    """

    section: Section | None = None
    pairs: pd.DataFrame | None = None
    refused: str = ""
    slower: frozenset[int] = frozenset()


def differences(
    runs: pd.DataFrame,
    settings: pd.DataFrame,
    by: Sequence[str],
    best: Cheapest | None,
    clock: str = EPOCHS,
) -> Differences:
    """Compare the settings: all pairs of a few, each with the best one of many.

    The correction for several tests always counts all pairs, because the same runs were used to
    choose the best setting.

    Args:
        runs: from `xorlab.load_runs`.
        settings: from `xorlab.convergence`, in the order of the report.
        by: the columns that make a setting.
        best: the cheapest of them, or None.
        clock: the time in which one is sooner than another.
    """
    count = len(settings)
    if count < 2:
        return Differences()
    if not settings["solved"].sum():
        return Differences(refused="Settings are not compared: none was solved.")
    if count > _MOST_SETTINGS or (best is None and count > _ALL_TESTED):
        return Differences(
            refused=f"{counted(count, 'setting')} are too many to compare in pairs; "
            "xorlab.compare takes two of your choice."
        )
    records = settings[list(by)].to_dict("records")
    leader: dict[Any, Any] | None = None if best is None else records[best.first]
    try:
        pairs = compare_all(
            runs,
            by=list(by),
            cluster=SEED if SEED in runs else None,
            against=leader if count > _ALL_TESTED else None,
            time=clock,
        )
    except ValueError as error:  # an epoch limit is unknown
        return Differences(refused=f"Settings are not compared: {error}.")
    limits = settings["limit"].nunique()
    if leader is None or count <= _ALL_PAIRS:
        section = _all_pairs(pairs, records, by, limits)
    else:
        section = _with_leader(pairs, records, leader, by, limits)
    if clock != EPOCHS:
        section = replace(section, text=[*section.text, f"Sooner means in fewer {clock}."])
    slower = frozenset() if leader is None else _slower(pairs, records, leader, by)
    return Differences(section, pairs, slower=slower)


def _slower(
    pairs: pd.DataFrame, records: Sequence[Any], leader: dict[Any, Any], by: Sequence[str]
) -> frozenset[int]:
    best, row_of = _values(leader, by), {_values(one, by): n for n, one in enumerate(records)}
    found = set()
    for pair in pairs.to_dict("records"):
        a, b = (_values(pair, by, f"{side}.") for side in "ab")
        if best in (a, b) and _claim(pair, turned=a == best) in ("later", "less often"):
            found.add(row_of[b if a == best else a])
    return frozenset(found)


def _all_pairs(
    pairs: pd.DataFrame, records: Sequence[Any], by: Sequence[str], limits: int
) -> Section:
    place = {_values(record, by): n for n, record in enumerate(records)}
    rows = []
    for pair in pairs.to_dict("records"):
        a, b = (_values(pair, by, f"{side}.") for side in "ab")
        turned = place[a] > place[b]
        first, second = (b, a) if turned else (a, b)
        names = [setting_label(dict(zip(by, one, strict=True)), by) for one in (first, second)]
        rows.append(((place[first], place[second]), [*names, *_cells(pair, turned)]))
    rows.sort(key=lambda row: row[0])
    header = ("setting A", "setting B", "solved A, B / %", "A - B / points", "A sooner", *_LAST)
    text = f"Every pair of {counted(len(records), 'setting')}."
    cells = [row for _, row in rows]
    note = _note(len(pairs), "Holm", limits, cells)
    return Section(_TITLE, [text], header, cells, 2, note=note)


def _with_leader(
    pairs: pd.DataFrame,
    records: Sequence[Any],
    leader: dict[Any, Any],
    by: Sequence[str],
    limits: int,
) -> Section:
    best = _values(leader, by)
    found = {}
    for pair in pairs.to_dict("records"):
        a, b = (_values(pair, by, f"{side}.") for side in "ab")
        if best in (a, b):
            turned = a == best
            found[b if turned else a] = _cells(pair, turned)
    rows = [
        [*(short(record[name]) for name in by), *found[_values(record, by)]]
        for record in records
        if _values(record, by) in found
    ]
    name = setting_label(leader, by)
    header = (*headers(by), "solved, best / %", "difference / points", "sooner", *_LAST)
    text = f"Each setting against the one that looks cheapest, {name}."
    tests = len(records) * (len(records) - 1) // 2
    first, rest = rows[:_MOST_ROWS], rows[_MOST_ROWS:]
    return Section(
        _TITLE,
        [text],
        header,
        first,
        len(by),
        more=rest,
        keys=True,
        note=_note(tests, "Bonferroni" if tests > len(pairs) else "Holm", limits, rows),
    )


_LAST = ("p", "compared", "what can be claimed")
_STAR = "*"  # of a pair whose interval shows a difference that is not claimed


def _note(tests: int, correction: str, limits: int, rows: Sequence[Sequence[str]]) -> str:
    """What the columns say, below what an asterisk says where a row has one."""
    corrected = ""
    if tests > 1:
        corrected = (
            f", corrected for all {counted(tests, 'pair')} ({correction}); the "
            "intervals are of each pair by itself, not corrected"
        )
    columns = (
        "Difference of the success rates in percentage points and probability that a run is solved "
        "sooner than one of the other setting, each with its 95 % interval; p is of the test of "
        f"which is solved sooner{corrected}. A difference is claimed at the level of 5 % for all "
        "pairs together. Sooner and later are about the epoch at which a run is solved; what a "
        "success costs is another question, since a fast setting can be started again."
        + (" The runs of a pair are followed to the smaller of its limits." if limits > 1 else "")
    )
    starred = any(_STAR in row[-1] for row in rows)
    return f"{_starred(tests)}\n{columns}" if starred else columns


def _starred(tests: int) -> str:
    """Why a pair is open although one of its intervals shows a difference."""
    alone = (
        f", both corrected for all {tests:,} pairs; the interval is of this pair alone, and of so "
        "many some leave it out by chance"
        if tests > 1
        else ""
    )
    return (
        f"{_STAR} An interval leaves out 0 points, or a probability of 0.5, yet no difference is "
        "claimed: p is not below 0.05, and rates count by themselves only if the p of their own "
        f"test is below 0.01{alone}."
    )


def _cells(pair: dict[Any, Any], turned: bool) -> list[str]:
    """A pair as text; ``turned`` with setting B first."""
    rates = [100 * pair["rate_a"], 100 * pair["rate_b"]]
    difference = [pair[f"difference{end}"] for end in ("", "_low", "_high")]
    sooner = [pair[f"sooner{end}"] for end in ("", "_low", "_high")]
    if turned:
        rates.reverse()
        difference = [-difference[0], -difference[2], -difference[1]]
        sooner = [1 - sooner[0], 1 - sooner[2], 1 - sooner[1]]
    signed = [text.replace("-", _MINUS) for text in in_points(difference)]
    likely = in_share(sooner)
    p = pair["p_holm"]
    return [
        f"{rates[0]:.0f}, {rates[1]:.0f}",
        f"{signed[0]} [{signed[1]} to {signed[2]}]",
        f"{likely[0]} [{likely[1]} to {likely[2]}]",
        "< 0.0001" if p < 1e-4 else f"{p:.2g}",
        "in pairs" if pair["paired"] else "independent",
        _claim(pair, turned),
    ]


def _claim(pair: dict[Any, Any], turned: bool) -> str:
    if pair["claimed"]:
        return _TURNED[pair["claim"]] if turned else str(pair["claim"])
    if not (pair["rate_a"] or pair["rate_b"]):
        return "none solved"
    if pair["sentence"].startswith("Too few runs"):
        return "too few runs"
    seen = not (
        pair["difference_low"] <= 0 <= pair["difference_high"]
        and pair["sooner_low"] <= 0.5 <= pair["sooner_high"]
    )
    star = _STAR if seen else ""
    if pd.notna(pair["seeds"]):
        return f"open{star}: {counted(int(pair['seeds']), 'fresh seed')} would tell"
    return f"open{star}" if seen else "no difference seen"


def _values(record: dict[Any, Any], by: Sequence[str], prefix: str = "") -> tuple[Any, ...]:
    return tuple(record[f"{prefix}{name}"] for name in by)
