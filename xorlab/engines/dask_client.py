"""A Dask client that unpickles nothing of what workers send.

A worker's results are read as plain bytes. The errors of its tasks, and what it has Dask print or
warn of, are pickles as well, which Dask's own client would load: that runs whatever is in them.
"""

from __future__ import annotations

import pickletools
from types import ModuleType
from typing import Any

_DESERIALIZERS = ["msgpack"]  # of results
_KILLED = "KilledWorker"
_LONGEST = 500  # characters of an error
_FRAMES = "unpickle_traceback"  # after which the traceback follows
# How Dask, and tblib in it, pickle an error: this says nothing about it.
_NOISE = {"tblib.pickling_support", "unpickle_exception", "unpickle_exception_with_attrs"}
_NOISE |= {"builtins", "exceptions", "distributed.scheduler", "__dict__", "args"}


def connected(distributed: ModuleType, address: str, timeout: float) -> Any:
    """A client that is connected to a scheduler.

    Dask's messages themselves may have pickles in them, and no option forbids that: the scheduler
    has to be trusted.

    Raises:
        OSError, ValueError: the scheduler does not answer, or its address is none.
    """
    base: Any = distributed.Client

    class PlainClient(base):  # type: ignore[misc]
        """Errors come as text, without a traceback; workers' events are left alone."""

        async def _handle_event(self, *_arguments: Any, **_options: Any) -> None:
            pass

        def _handle_task_erred(
            self,
            key: Any = None,
            exception: Any = None,
            traceback: Any = None,  # noqa: ARG002
        ) -> None:
            super()._handle_task_erred(key=key, exception=error_text(exception), traceback=None)

    return PlainClient(address, timeout=timeout, set_as_default=False, deserializers=_DESERIALIZERS)


def error_text(error: object) -> str:
    """What an error says that a worker or the scheduler has pickled, read without unpickling it."""
    if not isinstance(error, bytes | bytearray):
        return str(error)
    texts: list[str] = []
    try:
        for opcode, argument, _ in pickletools.genops(bytes(error)):
            if isinstance(argument, str):
                found = argument.split(" ") if opcode.name == "GLOBAL" else [argument]
                texts += [one for one in found if one not in _NOISE]
    except Exception:
        texts.append("it cannot be read")
    if _FRAMES in texts:
        texts = texts[: texts.index(_FRAMES)]
    return ": ".join(texts)[:_LONGEST]


def tells_of_killed_workers(text: str) -> bool:
    """Whether an error is the one of a task whose workers were all killed."""
    return text.startswith(_KILLED)
