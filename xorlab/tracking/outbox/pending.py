"""What waits while a tracking server is away: runs, files of runs, and the endings of sweeps."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xorlab.errors import StoreError
from xorlab.system.npz import npz_bytes
from xorlab.tracking.write.record import Record

_FORMAT = 1  # of the files; one that is not known is left alone


class DamagedError(StoreError):
    """A file in an outbox that cannot be what was put there."""


@dataclass(frozen=True)
class PendingRun:
    """A run that was trained and is not recorded yet.

    Attributes:
        id: of the record, the same however often it is sent.
        store: address of the server, as it may be shown.
        experiment: its name.
        skip_existing: whether it gives way to a finished run with its key.
        record: the run.
    """

    id: str
    store: str
    experiment: str
    skip_existing: bool
    record: Record

    @property
    def name(self) -> str:
        """Of its file; the oldest come first."""
        return f"{self.record.started:015d}-{self.id}.npz"

    def content(self) -> bytes:
        """An npz: ``run`` (JSON as bytes), ``steps``, ``loss``, and an array of bytes per file."""
        record = self.record
        told = {
            "format": _FORMAT,
            "id": self.id,
            "store": self.store,
            "experiment": self.experiment,
            "once": self.skip_existing,
            "name": record.name,
            "status": record.status,
            "started": record.started,
            "ended": record.ended,
            "params": record.params,
            "tags": record.tags,
            "metrics": record.metrics,
            "step": record.step,
            "files": list(record.artifacts),
        }
        arrays = {
            f"file_{n}": _bytes(content) for n, content in enumerate(record.artifacts.values())
        }
        run = _bytes(json.dumps(told).encode())
        return npz_bytes({"run": run, "steps": record.steps, "loss": record.loss, **arrays})


def pending_run(content: bytes) -> PendingRun:
    """The reverse of `PendingRun.content`.

    Raises:
        DamagedError: it is none, or not whole.
    """
    try:
        # Each array has a checksum of its own, which reading compares.
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            told = _told(arrays["run"].tobytes())
            files = {
                _plain(name): arrays[f"file_{n}"].tobytes() for n, name in enumerate(told["files"])
            }
            record = Record(
                name=str(told["name"]),
                status=str(told["status"]),
                started=int(told["started"]),
                ended=int(told["ended"]),
                params=_texts(told["params"]),
                tags=_texts(told["tags"]),
                metrics={str(key): float(value) for key, value in told["metrics"].items()},
                step=int(told["step"]),
                steps=arrays["steps"].astype(np.int64),
                loss=arrays["loss"].astype(np.float64),
                artifacts=files,
            )
            place = _plain(told["id"]), str(told["store"]), str(told["experiment"])
            return PendingRun(*place, bool(told["once"]), record)
    except Exception as error:  # a damaged archive raises what it likes
        raise DamagedError(f"no whole run: {_told_of(error)}") from error


@dataclass(frozen=True)
class PendingFile:
    """A file of a run that is under way, such as a piece of a landscape.

    Attributes:
        store: address of the server, as it may be shown.
        experiment: its name.
        run_id: of the run.
        folder: among its artifacts.
        file: name of the file.
        data: what is in it.
    """

    store: str
    experiment: str
    run_id: str
    folder: str
    file: str
    data: bytes

    @property
    def name(self) -> str:
        """Of its file in the outbox."""
        return f"{self.run_id}-{self.folder}-{self.file}.artifact"

    def content(self) -> bytes:
        """An npz: ``told`` (JSON as bytes) and ``data`` (bytes)."""
        told = {"format": _FORMAT, **asdict(self)}
        del told["data"]
        named = _bytes(json.dumps(told).encode())
        return npz_bytes({"told": named, "data": _bytes(self.data)})


def pending_file(content: bytes) -> PendingFile:
    """The reverse of `PendingFile.content`.

    Raises:
        DamagedError: it is none, or not whole.
    """
    try:
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            told = _told(arrays["told"].tobytes())
            return PendingFile(
                str(told["store"]),
                str(told["experiment"]),
                _plain(told["run_id"]),
                _plain(told["folder"]),
                _plain(told["file"]),
                arrays["data"].tobytes(),
            )
    except Exception as error:  # a damaged archive raises what it likes
        raise DamagedError(f"no whole file of a run: {_told_of(error)}") from error


@dataclass(frozen=True)
class PendingSweep:
    """How a sweep ended, for its parent run.

    Attributes:
        store: address of the server, as it may be shown.
        experiment: its name.
        run_id: of the parent run.
        status: that it ends with.
        keys: of its runs, in order.
        seconds: that it took.
        skipped: runs that were finished before.
        notes: further lines of its summary.
        failed: a line for each job that failed.
    """

    store: str
    experiment: str
    run_id: str
    status: str
    keys: Sequence[str]
    seconds: float
    skipped: int
    notes: Sequence[str]
    failed: Sequence[str]

    @property
    def name(self) -> str:
        """Of its file: one for a sweep, so that a later ending takes the place of an earlier."""
        return f"{self.run_id}.json"

    def content(self) -> bytes:
        """JSON."""
        return json.dumps({"format": _FORMAT, **asdict(self)}).encode()


def pending_sweep(content: bytes) -> PendingSweep:
    """The reverse of `PendingSweep.content`.

    Raises:
        DamagedError: it is none, or not whole.
    """
    try:
        told = _told(content)
        return PendingSweep(
            store=str(told["store"]),
            experiment=str(told["experiment"]),
            run_id=_plain(told["run_id"]),
            status=str(told["status"]),
            keys=_lines(told["keys"]),
            seconds=float(told["seconds"]),
            skipped=int(told["skipped"]),
            notes=_lines(told["notes"]),
            failed=_lines(told["failed"]),
        )
    except Exception as error:  # a damaged archive raises what it likes
        raise DamagedError(f"no whole ending of a sweep: {_told_of(error)}") from error


def _told(content: bytes) -> dict[str, Any]:
    told = json.loads(content)
    if not isinstance(told, dict) or told.get("format") != _FORMAT:
        raise ValueError("another version of xorlab wrote it, or none did")
    return told


def _told_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _bytes(content: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(content, np.uint8)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in values.items()}


def _lines(values: Any) -> list[str]:
    if not isinstance(values, list):
        raise TypeError("a list is missing")
    return [str(value) for value in values]


def _plain(name: Any) -> str:
    """The name of a file, which leads into no other folder."""
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & set("/\\\0"):
        raise ValueError(f"{name!r} is no name of a file")
    return name
