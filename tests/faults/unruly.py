"""A user's trainer that misbehaves while a file with the name of the fault lies in its folder."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

import xorlab


@dataclass
class Unruly:
    seed: int = 0
    size: int = 1


@xorlab.trainer(version=1)
def train(config: Unruly) -> xorlab.Result:
    """Draws numbers."""
    folder = Path.cwd().name
    time.sleep(0.05)
    values = np.random.default_rng([config.seed, config.size]).random(20)
    curves = {"loss": (np.arange(20), values)}
    if config.seed == 3:
        if Path("raises").exists():
            raise ArithmeticError("an odd number")
        if Path("quits").exists():
            os._exit(7)
        if Path("mistypes").exists():
            return values  # type: ignore[return-value]
        if Path("overflows").exists():
            curves["loss"] = np.arange(20), values * np.nan
        if Path("prints").exists():
            print("an odd number")
        while Path("hangs").exists():
            time.sleep(0.05)
        if Path("moves").exists():
            os.chdir("/")
    return xorlab.Result("unsolved", 19, curves=curves, texts={"folder.txt": folder})
