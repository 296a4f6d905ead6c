"""Overrides of landscapes."""

from __future__ import annotations


def plane(x: str, y: str, size: tuple[int, int], epochs: int) -> tuple[str, ...]:
    """Over two weights: both axes run from -9 to 9; ``size`` is width and height in pixels."""
    width, height = size
    return (
        *(f"landscape.x{part}" for part in (f"={x}", "_low=-9", "_high=9")),
        *(f"landscape.y{part}" for part in (f"={y}", "_low=-9", "_high=9")),
        f"landscape.width={width}",
        f"landscape.height={height}",
        f"training.epochs={epochs}",
    )


def rates_and_ranges(size: tuple[int, int], epochs: int, widest: int = 5) -> tuple[str, ...]:
    """Learning rates from 0.1 to 10 against uniform initial weights of up to ``widest``."""
    width, height = size
    return (
        *("landscape.x=optimizer.lr", "landscape.x_low=0.1", "landscape.x_high=10"),
        *("landscape.y=init.range", "landscape.y_low=0.1", f"landscape.y_high={widest}"),
        "init=uniform",
        f"landscape.width={width}",
        f"landscape.height={height}",
        f"training.epochs={epochs}",
    )
