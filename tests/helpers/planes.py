"""Overrides of a landscape over two weights."""

from __future__ import annotations


def plane(x: str, y: str, size: tuple[int, int], epochs: int) -> tuple[str, ...]:
    """Both axes run from -9 to 9; ``size`` is width and height in pixels."""
    width, height = size
    return (
        *(f"landscape.x{part}" for part in (f"={x}", "_low=-9", "_high=9")),
        *(f"landscape.y{part}" for part in (f"={y}", "_low=-9", "_high=9")),
        f"landscape.width={width}",
        f"landscape.height={height}",
        f"training.epochs={epochs}",
    )
