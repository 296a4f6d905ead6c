"""A trainer that costs nothing: a run tosses a coin at every step until it shows heads."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

import xorlab

BREAKS = ["raise", "exit", "cancel", "wrong", "text", "nan", "quit", "chdir", "print", "hang"]


@dataclass
class Coin:
    seed: int = 0
    chance: float = xorlab.field(0.2, help="of heads", above=0, below=1, example="chance=0.1,0.2")
    epochs: int = xorlab.field(20, at_least=1)
    sides: list[int] = field(default_factory=lambda: [0, 1])
    breaks: str | None = xorlab.field(None, choices=BREAKS, help="bad")
    device: str = field(default="cpu", compare=False)


@xorlab.trainer(version=2)
def train(config: Coin) -> xorlab.Result:
    """Tosses a coin.

    More is not to be said.
    """
    log = f"seed {config.seed}"
    if config.breaks is not None:
        log += f" in {Path.cwd()}"
        if config.seed == 3 and (result := broken(config.breaks)) is not None:
            return result
    draw = np.random.default_rng(config.seed)
    note = xorlab.Recorder(solved=lambda now: now["hit"] > 0)
    for step in range(1, config.epochs + 1):
        if note(step, loss=1 / step, hit=float(draw.random() < config.chance)):
            break
    return note.result(last=draw.random(3), texts={"log.txt": log})


def broken(breaks: str) -> xorlab.Result | None:
    """What a trainer should not do; None where it returns a result all the same."""
    match breaks:
        case "raise":
            raise ArithmeticError("tails")
        case "exit":
            raise SystemExit(4)
        case "cancel":
            raise asyncio.CancelledError
        case "wrong":
            return "heads"  # type: ignore[return-value]
        case "text":
            return xorlab.Result("unsolved", 2, metrics={"hits": "two"})  # type: ignore[dict-item]
        case "nan":
            curve = np.arange(3), np.array([1.0, np.nan, 0.0])
            return xorlab.Result("unsolved", 2, curves={"loss": curve})
        case "quit":
            os._exit(7)
        case "chdir":
            os.chdir("/")
        case "print":
            print("heads or tails")
        case "hang":
            Path("hangs").touch()
            while Path("hang").exists():
                time.sleep(0.02)
    return None


@xorlab.trainer()
def twin(config: Coin) -> xorlab.Result:
    """The same with a batched twin."""
    return train.function(config)


@twin.many(together=lambda config: config.epochs, most=6)
def twin_many(configs: Sequence[Coin]) -> list[xorlab.Result]:
    return [train.function(config) for config in configs]
