"""Prechelt (1994), "PROBEN1: a set of neural network benchmark problems and benchmarking rules",
technical report 21/94, Universitaet Karlsruhe.

Networks that classify four data sets, trained by RPROP and ended early: "linear" ones without a
hidden layer, and larger ones with all shortcuts or none. The tables print means over runs, taken
where the error of the validation set is least. Errors are percentages: 100 times the mean squared
error, as targets are 0 and 1. The protocol, and what the report leaves open, is in
``conf/study/proben1_linear.yaml``. The user brings the files of the sets. The presets that end in
``_fifth`` look at the validation set in every fifth epoch.
"""  # noqa: D205

from __future__ import annotations

from dataclasses import replace

from xorlab.studies.replication.means import mean_of
from xorlab.studies.replication.study import MeasureRuns, PublishedValue, Study

_LINEAR, _LARGER = 10, 60  # networks of a row
_SETS = ("cancer1", "diabetes1", "glass1", "heartc1")
_COLUMNS: dict[str, tuple[str, float | None]] = {
    # The column of our runs, and what 1 is in the report's unit; None for an accuracy.
    "training error / %": ("final_loss", 100.0),
    "validation error / %": ("final_validation_loss", 100.0),
    "test error / %": ("test_loss", 100.0),
    "wrong in the test set / %": ("test_accuracy", None),
    "epochs": ("epochs_run", 1.0),
    "relevant epochs": ("relevant_epochs", 1.0),
}

# As printed, standard deviations in brackets; "" for what our copy does not have.
_TABLE_3 = {
    "cancer1": ("4.25", "2.91", "3.52", "2.93 (.18)", "129 (13)", "104 (31)"),
    "diabetes1": ("15.39", "16.30", "17.22", "25.83 (.56)", "209 (50)", ""),
    "glass1": ("8.83", "9.70", "9.98", "46.04 (2.21)", "129 (13)", "23 (5)"),
    "heartc1": ("10.17", "9.65", "16.12", "19.73", "", ""),
}
_TABLE_8 = {
    "cancer1": ("2.87 (.27)", "1.96 (.25)", "1.60 (.41)", "1.47 (.60)", "152 (111)", "133 (97)"),
    "diabetes1": (
        "14.74 (2.03)", "16.36 (2.14)", "17.30 (1.91)", "24.57 (3.53)", "196 (98)", "118 (72)",
    ),
    "glass1": ("7.68", "9.48", "9.75", "39.03 (8.14)", "67 (44)", "45 (39)"),
    "heartc1": ("6.82", "8.75", "17.18", "21.13 (1.49)", "45 (12)", "36 (11)"),
}  # fmt: skip
_TABLE_10 = {
    "cancer1": ("2.83", "1.89", "1.32 (.13)", "1.38 (.49)", "116 (123)", "95 (115)"),
    "diabetes1": ("14.36", "15.93", "16.99", "24.10 (1.91)", "201 (119)", "117"),
    "glass1": ("7.16", "9.15", "9.24 (.32)", "32.70 (5.34)", "71 (31)", "52"),
    "heartc1": ("5.98", "8.08", "16.99", "20.82", "38", "30"),
}
_HIDDEN = {"cancer1": "4+2", "diabetes1": "32", "glass1": "16+8", "heartc1": "16+8"}


def _measure(column: str, unit: float | None, networks: int) -> MeasureRuns:
    if unit is None:
        return mean_of(column, networks, lambda accuracy: 100 * (1 - accuracy))
    return mean_of(column, networks, lambda values: unit * values)


def _values(
    name: str, row: tuple[str, ...], networks: int, where: tuple[str, object], short: bool = False
) -> list[PublishedValue]:
    found = []
    for (quantity, (column, unit)), printed in zip(_COLUMNS.items(), row, strict=True):
        if not printed:
            continue
        number = printed.split()[0]
        half = 0.5 * 10.0 ** -len(number.partition(".")[2])
        found.append(
            PublishedValue(
                f"{name}: {quantity}",
                printed,
                float(number) - half,
                float(number) + half,
                _measure(column, unit, networks),
                where=where,
                in_readme=short and unit is None,
            )
        )
    return found


def _linear() -> Study:
    return Study(
        preset="proben1_linear",
        source="Prechelt (1994), no hidden layer",
        networks=_LINEAR,
        published=tuple(
            value
            for name, row in _TABLE_3.items()
            for value in _values(name, row, _LINEAR, ("task.path", f"{name}.dt"))
        ),
        small=("seed=range(0,3)", "training.epochs=20"),
        order=3,
        files=tuple(f"{name}.dt" for name in _SETS),
    )


def _larger(name: str) -> Study:
    every = _values(
        "all shortcuts", _TABLE_8[name], _LARGER, ("network.skip", "all"), short=name == "cancer1"
    )
    none = _values("no shortcuts", _TABLE_10[name], _LARGER, ("network.skip", False))
    return Study(
        preset=f"proben1_{name}",
        source=f"Prechelt (1994), {name}, {_HIDDEN[name]}",
        networks=_LARGER,
        published=(*every, *none),
        small=("seed=range(0,3)", "training.epochs=20"),
        order=3,
        files=(f"{name}.dt",),
    )


def _every_fifth(study: Study) -> Study:
    """The same values, by a protocol that was chosen after they had been seen not to agree."""
    return replace(
        study,
        preset=f"{study.preset}_fifth",
        source=f"{study.source}, validated every fifth epoch",
        published=tuple(
            replace(value, post_hoc=True, in_readme=False) for value in study.published
        ),
    )


_PRINTED = (_linear(), *map(_larger, _SETS))
STUDIES = (*_PRINTED, *map(_every_fifth, _PRINTED))
