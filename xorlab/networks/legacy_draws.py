"""Draws of NumPy's legacy generator for many seeds at once."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

# The Mersenne Twister MT19937 (Matsumoto & Nishimura 1998).
_LENGTH, _SHIFT = 624, 397
_UPPER, _LOWER, _TWIST = np.uint32(0x80000000), np.uint32(0x7FFFFFFF), np.uint32(0x9908B0DF)


def legacy_draws(seeds: npt.ArrayLike, count: int) -> npt.NDArray[np.float64]:
    """What ``numpy.random.RandomState(seed).rand(count)`` draws, for every seed.

    Args:
        seeds: (N,) integers from 0 to 2^32 - 1.
        count: how many numbers of each.

    Returns:
        (count, N).
    """
    first = np.asarray(seeds).astype(np.uint32)
    words = _words(first, 2 * count)
    high, low = words[::2] >> np.uint32(5), words[1::2] >> np.uint32(6)
    return np.asarray((high * 67108864.0 + low) / 9007199254740992.0)


def _words(seeds: npt.NDArray[np.uint32], count: int) -> npt.NDArray[np.uint32]:
    """(count, N) the first words of each generator."""
    few = count <= _LENGTH - _SHIFT
    state = _seeded(seeds, _SHIFT + count if few else _LENGTH)
    drawn: list[npt.NDArray[np.uint32]] = []
    left = count
    while left > 0:
        some = min(left, _LENGTH)
        _twist(state, count if few else _LENGTH)
        drawn.append(_tempered(state[:some]))
        left -= some
    return np.concatenate(drawn) if drawn else np.empty((0, len(seeds)), np.uint32)


def _seeded(seeds: npt.NDArray[np.uint32], rows: int) -> npt.NDArray[np.uint32]:
    """The first rows of each generator's state."""
    state = np.empty((rows, len(seeds)), np.uint32)
    state[0] = seeds
    for row in range(1, rows):
        before, now = state[row - 1], state[row]
        np.right_shift(before, np.uint32(30), now)
        np.bitwise_xor(before, now, now)
        np.multiply(now, np.uint32(1812433253), now)
        np.add(now, np.uint32(row), now)
    return state


def _twist(state: npt.NDArray[np.uint32], rows: int) -> None:
    """The next state in place, so many rows of it, in parts that do not need what they set."""
    for start in range(0, rows, _LENGTH - _SHIFT):
        own = np.arange(start, min(rows, start + _LENGTH - _SHIFT))
        after, other = (own + 1) % _LENGTH, (own + _SHIFT) % _LENGTH
        mixed = (state[own] & _UPPER) | (state[after] & _LOWER)
        odd = (mixed & np.uint32(1)) * _TWIST
        state[own] = state[other] ^ (mixed >> np.uint32(1)) ^ odd


def _tempered(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    words = words ^ (words >> np.uint32(11))
    words ^= (words << np.uint32(7)) & np.uint32(0x9D2C5680)
    words ^= (words << np.uint32(15)) & np.uint32(0xEFC60000)
    return np.asarray(words ^ (words >> np.uint32(18)))
