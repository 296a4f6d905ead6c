"""Modules that are imported in a thread while something else is done, and given up with that."""

from __future__ import annotations

import sys
import threading
from collections.abc import Sequence
from importlib import import_module
from types import ModuleType


class _GivenUpError(BaseException):
    """Passes those who expect an `ImportError`, as of a package that may be missing."""


class EarlyImport:
    """Imports a module before it is needed; who then imports it waits for the rest.

    Args:
        name: of the module.
    """

    _at_work: set[EarlyImport] = set()  # noqa: RUF012  (of all of them)

    def __init__(self, name: str) -> None:
        self._name = name
        self._given_up = False
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begin; repeated calls do nothing."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="xorlab-import")
            self._thread.start()

    def _run(self) -> None:
        self._at_work.add(self)
        sys.meta_path.insert(0, self)
        try:
            import_module(self._name)
        except (ImportError, _GivenUpError):
            pass  # who needs the module meets the first itself
        finally:
            sys.meta_path.remove(self)
            self._at_work.discard(self)

    def find_spec(
        self, _name: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> None:
        """Find nothing; asked for each module, this is where the thread can end.

        Raises:
            _GivenUpError: the import is given up, in the thread that does it.
        """
        if self._given_up and threading.current_thread() is self._thread:
            raise _GivenUpError

    @classmethod
    def give_up(cls) -> None:
        """End all such threads, for which Python would wait before it ends itself."""
        for one in list(cls._at_work):
            one._given_up = True  # noqa: SLF001
