"""What waits for a tracking server: runs, files of runs under way, and ends of sweeps.

Each is one file, an npz. Its array ``header`` is JSON as bytes: the format, the kind, and all
values but arrays and contents of files, which are arrays of their own. Files of format 1 are read
too: their headers have other names, and the end of a sweep is plain JSON.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from xorlab.errors import StoreError
from xorlab.system.npz import npz_arrays, npz_bytes
from xorlab.tracking.names import CURVE
from xorlab.tracking.write.record import Record
from xorlab.trainers.result import Curve

_FORMAT = 3
_READABLE = (1, 2, _FORMAT)
_HEADER = "header"
_FORMAT_1_HEADERS = {"run": "run", "told": "file"}  # names of the array, with the kind

Arrays = Mapping[str, np.ndarray[Any, np.dtype[Any]]]


class DamagedError(StoreError):
    """A file in an outbox that differs from what was written there."""


@dataclass(frozen=True)
class PendingRun:
    """A run that was trained and is not recorded yet.

    Attributes:
        id: of the record, the same however often it is sent.
        store: address of the server, without credentials.
        experiment: its name.
        skip_existing: whether a finished run with its key makes it superfluous.
        record: the run.
    """

    id: str
    store: str
    experiment: str
    skip_existing: bool
    record: Record

    @property
    def name(self) -> str:
        """Of its file; the oldest runs come first."""
        return f"{self.record.started:015d}-{self.id}"

    def content(self) -> bytes:
        """The file: ``steps_N`` and ``values_N`` of each curve, ``file_N`` of each artifact."""
        record = self.record
        files = {f"file_{n}": _array(data) for n, data in enumerate(record.artifacts.values())}
        return _encoded(
            "run",
            {
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
                "curves": list(record.curves),
            },
            {**files, **_arrays(record.curves)},
        )


@dataclass(frozen=True)
class PendingFile:
    """A file of a run that is under way, such as a piece of a landscape.

    Attributes:
        store: address of the server, without credentials.
        experiment: its name.
        run_id: of the run.
        folder: among its artifacts.
        file: name of the file.
        data: its content.
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
        return f"{self.run_id}-{self.folder}-{self.file}"

    def content(self) -> bytes:
        """The file: also an array ``data``."""
        header = asdict(self)
        del header["data"]
        return _encoded("file", header, {"data": _array(self.data)})


@dataclass(frozen=True)
class PendingSweep:
    """How a sweep ended, for its parent run.

    Attributes:
        store: address of the server, without credentials.
        experiment: its name.
        run_id: of the parent run.
        status: of the parent run, once it has its summary.
        keys: of the sweep's runs, in order.
        seconds: that the sweep took.
        skipped: how many runs were finished before.
        notes: further lines of its summary.
        failed: a line for each job that failed.
        report: whether it gets a report, and not its tables alone.
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
    report: bool = True

    @property
    def name(self) -> str:
        """Of its file: the same for each end of a sweep, because the last one counts."""
        return self.run_id

    def content(self) -> bytes:
        """The file: a header alone."""
        return _encoded("sweep", asdict(self) | {"keys": list(self.keys)}, {})


Pending = PendingRun | PendingFile | PendingSweep


def decoded(content: bytes) -> Pending:
    """Read a file of an outbox, of any format.

    Raises:
        DamagedError: it is damaged, or another program or a later version wrote it.
    """
    try:
        if content.startswith(b"{"):
            return _sweep(_checked(content))
        # Each array has a checksum, which reading compares.
        arrays = npz_arrays(content)
        name = next(n for n in (_HEADER, *_FORMAT_1_HEADERS) if n in arrays)
        header = _checked(arrays[name].tobytes())
        kind = _FORMAT_1_HEADERS.get(name) or header["kind"]
        if kind == "run":
            return _run(header, arrays)
        return _file(header, arrays) if kind == "file" else _sweep(header)
    except Exception as error:  # a damaged archive raises errors of many kinds
        raise DamagedError(f"it is damaged: {type(error).__name__}: {error}") from error


def _run(header: dict[str, Any], arrays: Arrays) -> PendingRun:
    files = {
        _file_name(name): arrays[f"file_{n}"].tobytes() for n, name in enumerate(header["files"])
    }
    record = Record(
        name=str(header["name"]),
        status=str(header["status"]),
        started=int(header["started"]),
        ended=int(header["ended"]),
        params=_texts(header["params"]),
        tags=_texts(header["tags"]),
        metrics={str(key): float(value) for key, value in header["metrics"].items()},
        step=int(header["step"]),
        curves=_curves(header, arrays),
        artifacts=files,
    )
    return PendingRun(
        _file_name(header["id"]),
        str(header["store"]),
        str(header["experiment"]),
        bool(header["once"]),
        record,
    )


def _arrays(curves: Mapping[str, Curve]) -> dict[str, Any]:
    arrays: dict[str, Any] = {}
    for n, (steps, values) in enumerate(curves.values()):
        arrays |= {f"steps_{n}": steps, f"values_{n}": values}
    return arrays


def _curves(header: dict[str, Any], arrays: Arrays) -> dict[str, Curve]:
    """The reverse of `_arrays`; up to format 2 the loss had its own arrays."""
    names = enumerate(header.get("curves", ()))
    kept = {str(name): (f"steps_{n}", f"values_{n}") for n, name in names}
    if "loss" in arrays:
        kept = {CURVE: ("steps", "loss")} | kept
    return {
        name: (arrays[steps].astype(np.int64), arrays[values].astype(np.float64))
        for name, (steps, values) in kept.items()
    }


def _file(header: dict[str, Any], arrays: Arrays) -> PendingFile:
    return PendingFile(
        str(header["store"]),
        str(header["experiment"]),
        _file_name(header["run_id"]),
        _file_name(header["folder"]),
        _file_name(header["file"]),
        arrays["data"].tobytes(),
    )


def _sweep(header: dict[str, Any]) -> PendingSweep:
    return PendingSweep(
        store=str(header["store"]),
        experiment=str(header["experiment"]),
        run_id=_file_name(header["run_id"]),
        status=str(header["status"]),
        keys=_lines(header["keys"]),
        seconds=float(header["seconds"]),
        skipped=int(header["skipped"]),
        notes=_lines(header["notes"]),
        failed=_lines(header["failed"]),
        report=bool(header.get("report", True)),
    )


def _encoded(kind: str, values: Mapping[str, Any], arrays: Arrays) -> bytes:
    header = json.dumps({"format": _FORMAT, "kind": kind, **values}).encode()
    return npz_bytes({_HEADER: _array(header), **arrays})


def _checked(content: bytes) -> dict[str, Any]:
    header = json.loads(content)
    if not isinstance(header, dict) or header.get("format") not in _READABLE:
        raise ValueError("another version of xorlab wrote it, or another program")
    return header


def _array(content: bytes) -> np.ndarray[Any, np.dtype[np.uint8]]:
    return np.frombuffer(content, np.uint8)


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(key): str(value) for key, value in values.items()}


def _lines(values: Any) -> list[str]:
    if not isinstance(values, list):
        raise TypeError("a list is missing")
    return [str(value) for value in values]


def _file_name(name: Any) -> str:
    """Check that a name leads into no other folder."""
    if not isinstance(name, str) or name in ("", ".", "..") or set(name) & set("/\\\0"):
        raise ValueError(f"{name!r} cannot be the name of a file")
    return name
