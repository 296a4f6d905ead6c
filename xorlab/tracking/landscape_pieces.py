"""Pieces of a landscape that is being trained, stored with its run until it is finished."""

from __future__ import annotations

import re
import shutil

import numpy as np

from xorlab.errors import StoreError
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.pixels import Pixels
from xorlab.system.npz import npz_arrays, npz_bytes
from xorlab.tracking.landscape_arrays import arrays_of, pixels_of
from xorlab.tracking.outbox.delivery import failure_reason
from xorlab.tracking.outbox.folder import Outbox, address_key
from xorlab.tracking.outbox.pending import PendingFile
from xorlab.tracking.read.files import read_file, reading
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.answers import refuse_location
from xorlab.tracking.store.artifacts import local_folder, put_files
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store

_PIECES = "pieces"
_PIECE_FILE = re.compile(rf"{_PIECES}/([0-9]+)\.npz")


def record_piece(
    store: Store, outbox: Outbox, run_id: str, grid: Grid, piece: int, pixels: Pixels
) -> ServerAwayError | None:
    """Store a piece with the run of a landscape that is being trained.

    Returns:
        why its server does not have it, if the piece waits in the outbox instead.

    Raises:
        StoreError: the server refuses the piece, which waits in the outbox.
    """
    first = np.int64(grid.pixels(piece).start)
    content = npz_bytes(arrays_of(pixels) | {"first": np.asarray(first)}, small=True)
    name, address = f"{piece:04d}.npz", address_key(store.uri)
    if not is_server(store.uri):
        put_files(store, run_id, {name: content}, _PIECES)
        return None
    pending = PendingFile(address, store.experiment, run_id, _PIECES, name, content)
    try:
        with outbox.sending([pending]) as (path,):
            try:
                put_files(store, run_id, {name: content}, _PIECES)
            except ServerAwayError:
                raise
            except Exception as error:
                kept = f"; it is kept in {path.parent}. Once the cause is mended start the same "
                raise StoreError(
                    f"{address}, piece {piece} of the landscape: {failure_reason(error)}"
                    f"{kept + 'command again' if path.exists() else ''}"
                ) from error
            outbox.remove(path)
    except ServerAwayError as error:
        return error
    return None


def recorded_pieces(store: Store, run_id: str, grid: Grid) -> tuple[dict[int, Pixels], list[str]]:
    """The pieces stored with a run, by number; those of another division do not count.

    Returns:
        the pieces, and for each that cannot be used a line that says why.

    Raises:
        ServerAwayError: the server does not answer.
    """
    found: dict[int, Pixels] = {}
    damaged: list[str] = []
    if _PIECES not in [item.path for item in store.client.list_artifacts(run_id)]:
        return found, damaged
    for item in store.client.list_artifacts(run_id, _PIECES):
        name = _PIECE_FILE.fullmatch(item.path)
        if name is None or int(name[1]) not in grid.pieces:
            continue
        try:
            content = read_file(store, run_id, item.path)
            with reading(run_id, item.path):
                arrays = npz_arrays(content)
                kept, first = pixels_of(arrays), int(arrays["first"])
        except ServerAwayError:
            raise
        except StoreError as error:
            damaged.append(str(error))
            continue
        pixels = grid.pixels(int(name[1]))
        if len(kept) == len(pixels) and first == pixels.start:
            found[int(name[1])] = kept
    return found, damaged


def forget_pieces(store: Store, run_id: str) -> None:
    """Delete the pieces of a landscape that is in one file now."""
    # A server may not allow it, or not answer; then they stay.
    try:
        uri = store.client.get_run(run_id).info.artifact_uri
        if not store.has_sql:
            refuse_location(store.uri, uri, store.artifacts)
        local = local_folder(uri)
        if local is not None:
            shutil.rmtree(local / _PIECES, ignore_errors=True)
            return
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        files = get_artifact_repository(uri, tracking_uri=store.uri)
        files.delete_artifacts(_PIECES)  # type: ignore[no-untyped-call]
    except mlflow_errors(NotImplementedError, OSError, ServerAwayError):
        return
