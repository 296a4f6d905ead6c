"""Small files in the format of Proben1, as users bring them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from xorlab.studies.replication.registry import STUDIES

FILES = tuple(dict.fromkeys(file for study in STUDIES.values() for file in study.files))


def write_samples(folder: Path) -> None:
    """Write a file of random patterns of two classes in place of each that studies read."""
    rng = np.random.default_rng(0)
    counts = {"training": 24, "validation": 12, "test": 12}
    head = ["bool_in=0", "real_in=3", "bool_out=2", "real_out=0"]
    head += [f"{name}_examples={count}" for name, count in counts.items()]
    for file in FILES:
        inputs = rng.random((sum(counts.values()), 3))
        second = (inputs.sum(axis=1) + 0.2 * rng.normal(size=len(inputs)) > 1.5).astype(int)
        rows = np.c_[inputs.round(4), 1 - second, second]
        text = "\n".join([*head, *(" ".join(f"{value:g}" for value in row) for row in rows)])
        (folder / file).write_text(text + "\n")
