"""Keys of very many runs, each as text when it is asked for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import overload

KEY_BYTES = 16  # of a run's identity, which is written as 32 hexadecimal digits


class RunKeyList(Sequence[str]):
    """Identities of runs, 16 bytes each: as texts in a list they would take 90.

    Args:
        content: the bytes of all keys, one after another.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __len__(self) -> int:
        return len(self._content) // KEY_BYTES

    def __iter__(self) -> Iterator[str]:
        return map(self._key, range(len(self)))

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        numbers = range(len(self))[index]
        return self._key(numbers) if isinstance(numbers, int) else [*map(self._key, numbers)]

    def _key(self, number: int) -> str:
        return self._content[number * KEY_BYTES : (number + 1) * KEY_BYTES].hex()
