"""How rough a boundary is: its box-counting dimension, compared with smooth curves.

After Sohl-Dickstein (2024), "The boundary of neural network trainability is fractal"
(arXiv:2402.06184). Boundary pixels are those with a neighbour of the other kind. Boxes of side s
that contain some of them are counted, N(s), for many sizes, and the slope of log N against log 1/s
is the dimension. A sequence of zooms is summarised by the median of their dimensions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from xorlab.landscapes.landscape import Landscape

Bools = npt.NDArray[np.bool_]
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_LEAST_SIDE = 64  # pixels; a smaller picture has fewer than three box sizes
# Boxes of one pixel would count only what the pixels resolve, which is too little.
_SMALLEST_BOX = 2
_TILES_ACROSS = 8  # the largest box fits this many times into a side
_LEAST_TILES = 8  # with some boundary; resampling fewer is meaningless
_LEAST_SMOOTHING = 2.0  # pixels; with less a field is not smooth from pixel to pixel


@dataclass(frozen=True, eq=False)
class Dimension:
    """A box-counting dimension.

    Attributes:
        dimension: slope of log N against log 1/s by least squares.
        low: lower end of its interval.
        high: upper end.
        sizes: (S,) sides s of the boxes in pixels: powers of two from 2, ascending.
        counts: (S,) N, the number of boxes of that side that contain some boundary.
        local: (S - 1,) slopes between neighbouring sizes; all similar if one number describes the
            boundary at every scale.
    """

    dimension: float
    low: float
    high: float
    sizes: Ints
    counts: Ints
    local: Floats


@dataclass(frozen=True, eq=False)
class SmoothNull:
    """The dimensions that the same estimate gives for boundaries that are smooth curves.

    Attributes:
        dimensions: (F,) of random smooth boundaries.
        smoothing: standard deviation in pixels of the Gaussian that made their fields smooth.
        example: (H, W) the first of them, True inside.
    """

    dimensions: Floats
    smoothing: float
    example: Bools

    @property
    def median(self) -> float:
        """The median of the dimensions."""
        return float(np.median(self.dimensions))

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """The interval that holds this central share of the dimensions."""
        tail = (1 - confidence) / 2
        low, high = np.quantile(self.dimensions, [tail, 1 - tail])
        return float(low), float(high)


def boundary(inside: Bools) -> Bools:
    """The corners where four pixels meet that are not all on the same side.

    Args:
        inside: (H, W) whether each pixel is inside.

    Returns:
        (H - 1, W - 1) True at each such corner. A smooth boundary is one corner thick.
    """
    corners = np.stack([inside[:-1, :-1], inside[:-1, 1:], inside[1:, :-1], inside[1:, 1:]])
    return np.logical_and(corners.any(axis=0), ~corners.all(axis=0))


def box_dimension(
    inside: Bools, seed: int = 0, confidence: float = 0.95, resamples: int = 2000
) -> Dimension:
    """The box-counting dimension of the boundary between pixels inside and outside.

    The interval is from a bootstrap over tiles of the plane, each as large as the largest box.
    Every smaller box lies within one tile, so a tile contributes its counts at all sizes together.
    (The counts of one boundary at two sizes are correlated, so the residuals of the fitted line
    are not independent errors, and cannot give an interval.) The interval shows how much the
    dimension depends on which part of the boundary is in the picture. It does not cover a slope
    that changes with the scale; `Dimension.local` shows that.

    Args:
        inside: (H, W) whether each pixel is inside; at least 64 x 64.
        seed: of the bootstrap.
        confidence: of the interval.
        resamples: number of bootstrap samples.

    Raises:
        ValueError: the picture is too small, or too few tiles contain any boundary.
    """
    sizes, tiles = _tile_counts(inside)
    occupied = np.count_nonzero(tiles[0])
    if occupied < _LEAST_TILES:
        raise ValueError(
            f"only {occupied} of {tiles.shape[1]} tiles hold any boundary; at least {_LEAST_TILES} "
            "must for a dimension: take another window, or one with more pixels"
        )
    counts = tiles.sum(axis=1)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, tiles.shape[1], (resamples, tiles.shape[1]))
    again = np.stack([size[drawn].sum(axis=1) for size in tiles])
    slopes = _slopes(sizes, again[:, again[-1] > 0])
    tail = (1 - confidence) / 2
    low, high = np.quantile(slopes, [tail, 1 - tail])
    dimension = float(_slopes(sizes, counts[:, None])[0])
    return Dimension(
        dimension=dimension,
        # For a straight line all three are equal but for rounding.
        low=min(float(low), dimension),
        high=max(float(high), dimension),
        sizes=sizes,
        counts=counts,
        local=-np.diff(np.log2(counts)),
    )


def smooth_null(inside: Bools, seed: int = 0, fields: int = 20) -> SmoothNull:
    """Dimensions of smooth boundaries that are as crowded as the given one, in as large a picture.

    Each is a level set of white noise smoothed by a Gaussian, at the level that leaves the same
    share of pixels inside. The width of the Gaussian is chosen so that the boundary meets as many
    of the largest boxes as the given one: a crowded smooth curve looks rough at large scales too,
    and a fractal must be rougher than that.

    Args:
        inside: (H, W) whether each pixel is inside; at least 64 x 64.
        seed: of the noise.
        fields: number of smooth boundaries.

    Raises:
        ValueError: the picture is too small, or all its pixels are on one side.
    """
    share = float(np.mean(inside))
    if share in (0.0, 1.0):
        raise ValueError("all pixels are on one side: there is no boundary")
    _, tiles = _tile_counts(inside)
    wanted = int(tiles[-1].sum())  # largest boxes that the boundary meets
    noises = np.random.default_rng(seed).normal(size=(fields, *inside.shape))
    low, high = _LEAST_SMOOTHING, min(inside.shape) / 2
    for _ in range(8):
        middle = float(np.sqrt(low * high))
        met = np.mean([_tile_counts(_level_set(n, middle, share))[1][-1].sum() for n in noises[:4]])
        low, high = (middle, high) if met > wanted else (low, middle)
    smoothing = float(np.sqrt(low * high))
    sets = [_level_set(noise, smoothing, share) for noise in noises]
    dimensions = []
    for level_set in sets:
        sizes, tiles = _tile_counts(level_set)
        if tiles.any():
            dimensions.append(float(_slopes(sizes, tiles.sum(axis=1)[:, None])[0]))
    return SmoothNull(np.array(dimensions), smoothing, sets[0])


def dimension_table(landscapes: Sequence[Landscape], seed: int = 0) -> pd.DataFrame:
    """The dimension of the boundary of the solved region, for each zoom, beside the smooth null.

    Args:
        landscapes: the zooms, from the widest to the closest.
        seed: of the bootstraps and the smooth boundaries.

    Returns:
        a row per landscape: ``magnification`` of its first axis, ``solved`` and ``boundary``
        (shares of pixels), ``dimension``, ``low``, ``high`` (95 % interval), ``slope_low``,
        ``slope_high`` (least and largest slope between neighbouring scales), ``null``,
        ``null_low``, ``null_high`` (median and 95 % range of the smooth boundaries).

    Raises:
        ValueError: a landscape is too small, or has too little boundary.
    """
    rows = []
    for number, one in enumerate(landscapes):
        found = box_dimension(one.solved, seed + number)
        null = smooth_null(one.solved, seed + number)
        null_low, null_high = null.interval()
        rows.append(
            {
                "magnification": _extent(landscapes[0]) / _extent(one),
                "solved": float(one.solved.mean()),
                "boundary": float(boundary(one.solved).mean()),
                "dimension": found.dimension,
                "low": found.low,
                "high": found.high,
                "slope_low": found.local.min(),
                "slope_high": found.local.max(),
                "null": null.median,
                "null_low": null_low,
                "null_high": null_high,
            }
        )
    return pd.DataFrame(rows)


def busiest(landscape: Landscape, factor: float) -> tuple[float, float]:
    """Where to zoom in: the centre of the window that contains the most boundary.

    Args:
        landscape: to zoom into.
        factor: how many times smaller the sides of the window are.

    Returns:
        x and y of the centre.
    """
    edges = boundary(landscape.solved)
    rows, columns = (max(1, round((side + 1) / factor)) for side in edges.shape)
    sums = np.pad(edges.cumsum(axis=0).cumsum(axis=1), ((1, 0), (1, 0)))
    inside = (
        sums[rows:, columns:]
        - sums[:-rows, columns:]
        - sums[rows:, :-columns]
        + sums[:-rows, :-columns]
    )
    row, column = np.unravel_index(int(np.argmax(inside)), inside.shape)
    x, y = landscape.x, landscape.y
    return float(x.values[int(column) + columns // 2]), float(y.values[int(row) + rows // 2])  # noqa: PD011


def _extent(landscape: Landscape) -> float:
    low, high = landscape.x.ends
    return float(np.log(high / low)) if landscape.x.log else high - low


def _tile_counts(inside: Bools) -> tuple[Ints, Ints]:
    """Box sizes (S,), and the number of boxes with some boundary per size and tile, (S, T)."""
    side = min(inside.shape)
    if side < _LEAST_SIDE:
        raise ValueError(
            f"a picture of {inside.shape[0]} x {inside.shape[1]} pixels: at least {_LEAST_SIDE} x "
            f"{_LEAST_SIDE} are needed for a dimension"
        )
    largest = 2 ** int(np.log2(side / _TILES_ACROSS))
    edges = boundary(inside)
    edges = np.pad(edges, [(0, -length % largest) for length in edges.shape])
    sizes = _SMALLEST_BOX * 2 ** np.arange(int(np.log2(largest // _SMALLEST_BOX)) + 1)
    counts = []
    for size in sizes.tolist():
        boxes = np.asarray(_blocks(edges, size).any(axis=(1, 3)))
        counts.append(_blocks(boxes, largest // size).sum(axis=(1, 3)).ravel())
    return sizes, np.array(counts, np.int64)


def _blocks(values: Bools, side: int) -> Bools:
    height, width = values.shape
    return values.reshape(height // side, side, width // side, side)


def _slopes(sizes: Ints, counts: Ints) -> Floats:
    """Least-squares slopes of log N against log 1/s, for counts (S, M)."""
    scale = -np.log(sizes)
    weights = (scale - scale.mean()) / ((scale - scale.mean()) ** 2).sum()
    return np.asarray(weights @ np.log(counts), np.float64)


def _level_set(noise: Floats, smoothing: float, share: float) -> Bools:
    """This share of the pixels: those where smoothed, periodic noise is highest."""
    down, across = np.fft.fftfreq(noise.shape[0]), np.fft.rfftfreq(noise.shape[1])
    kernel = np.exp(-2 * (np.pi * smoothing) ** 2 * (down[:, None] ** 2 + across[None, :] ** 2))
    smooth = np.fft.irfft2(np.fft.rfft2(noise) * kernel, s=noise.shape)
    return np.asarray(smooth > np.quantile(smooth, 1 - share), np.bool_)
