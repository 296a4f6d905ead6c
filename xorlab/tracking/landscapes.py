"""Landscapes in a store: pieces while one is trained, one file of arrays at its end."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import yaml

from xorlab.config.values import as_texts, flat, from_flat, nested, unnested
from xorlab.errors import ConfigError, StoreError
from xorlab.landscapes.grid import Grid
from xorlab.landscapes.landscape import Landscape, Pixels
from xorlab.networks.config import CHOICES, Config
from xorlab.networks.identity import identity_params, run_keys
from xorlab.networks.tasks.tasks import Task
from xorlab.system.npz import npz_arrays, npz_bytes
from xorlab.tracking.names import FINISHED, LANDSCAPE_TAG
from xorlab.tracking.outbox.delivery import failure_reason
from xorlab.tracking.outbox.folder import Outbox, address_key
from xorlab.tracking.outbox.pending import PendingFile
from xorlab.tracking.read.by_name import LATEST
from xorlab.tracking.read.pages import newest_run
from xorlab.tracking.store.address import is_server
from xorlab.tracking.store.artifacts import local_folder, put_files
from xorlab.tracking.store.conditions import attribute, tag
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.server import ServerAwayError
from xorlab.tracking.store.store import Store, open_store
from xorlab.tracking.write.sweep_run import SweepIdentity
from xorlab.trainers.spec import as_yaml

ARRAYS_FILE, PICTURE_FILE, CONFIG_FILE = "landscape.npz", "landscape.png", "config.yaml"
_PIECES = "pieces"
_PIECE_FILE = re.compile(r"([0-9]+)\.npz")


def load_landscape(
    run_id: str = LATEST, uri: str | None = None, experiment: str | None = None
) -> Landscape:
    """A recorded landscape.

    Args:
        run_id: of the run that recorded it; ``latest`` for the last one that is finished.
        uri: address of the store; None for MLFLOW_TRACKING_URI, else mlflow.db in this folder.
        experiment: in which to look for the latest; None for ``xorlab``.

    Raises:
        StoreError: there is no such landscape, or it is not finished.
    """
    if run_id == LATEST:
        store = open_store(uri, experiment, create=False)
        return recorded_landscape(store, _latest(store))
    return recorded_landscape(open_store(uri, "Default", create=False), run_id)


def recorded_landscape(store: Store, run_id: str) -> Landscape:
    """The landscape that a run has recorded.

    Raises:
        StoreError: there is no such run, it is not a landscape, or it is not finished.
    """
    try:
        run = store.client.get_run(run_id)
    except mlflow_errors() as error:
        raise StoreError(f"there is no run {run_id} in this store") from error
    if LANDSCAPE_TAG not in run.data.tags:
        raise StoreError(f"run {run_id} is not a landscape")
    if run.info.status != FINISHED:
        raise StoreError(
            f"landscape {run_id} is {run.info.status}: only a finished one is complete"
        )
    with tempfile.TemporaryDirectory(prefix="xorlab-") as folder:
        text = _fetched(store, run_id, CONFIG_FILE, folder).read_text("utf-8")
        config = _config_of(run_id, text)
        arrays = npz_arrays(_fetched(store, run_id, ARRAYS_FILE, folder).read_bytes())
    kept = {name: arrays[name] for name in Pixels.__annotations__}
    return Landscape(config, **kept, run_id=run_id)


def landscape_identity(config: Config, task: Task) -> SweepIdentity:
    """What makes two landscapes the same: those with the same parts have the same pixels.

    `landscape.value`, which only the picture shows, does not count, nor do the values that the axes
    replace.

    Args:
        config: with the landscape.
        task: what its networks learn.
    """
    plane = {key: value for key, value in flat(config).items() if key.startswith("landscape.")}
    x, y = str(config.landscape.x), str(config.landscape.y)
    shared = {
        key: value
        for key, value in identity_params(config).items()
        if key not in (x, y, "training.record_every")
    }
    parts = [f"{key}={value!r}" for key, value in plane.items() if key != "landscape.value"]
    size = f"{config.landscape.width}x{config.landscape.height}"
    return SweepIdentity(
        parts=[run_keys(shared, task.counted)(config.seed), *parts],
        params=as_texts(shared | plane),
        name=f"landscape {config.task.choice_name} {x} by {y} {size}",
        tag=LANDSCAPE_TAG,
    )


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
    content = npz_bytes(pixels.arrays() | {"first": np.asarray(first)}, small=True)
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


def recorded_pieces(store: Store, run_id: str, grid: Grid) -> dict[int, Pixels]:
    """The pieces stored with a run; damaged ones and those of another division do not count."""
    found: dict[int, Pixels] = {}
    if _PIECES not in [item.path for item in store.client.list_artifacts(run_id)]:
        return found
    with tempfile.TemporaryDirectory(prefix="xorlab-") as folder:
        for path in _fetched(store, run_id, _PIECES, folder).iterdir():
            name = _PIECE_FILE.fullmatch(path.name)
            if name is None or int(name[1]) not in grid.pieces:
                continue
            with contextlib.suppress(OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
                arrays = npz_arrays(path.read_bytes())
                pixels = grid.pixels(int(name[1]))
                kept = Pixels(**{key: arrays[key] for key in Pixels.__annotations__})
                whole = all(len(array) == len(pixels) for array in kept.arrays().values())
                if whole and int(arrays["first"]) == pixels.start:
                    found[int(name[1])] = kept
    return found


def forget_pieces(store: Store, run_id: str) -> None:
    """Delete the pieces of a landscape that is in one file now."""
    # A server may not allow it, or not answer; then they stay.
    try:
        uri = store.client.get_run(run_id).info.artifact_uri
        local = local_folder(uri)
        if local is not None:
            shutil.rmtree(local / _PIECES, ignore_errors=True)
            return
        from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository

        files = get_artifact_repository(uri, tracking_uri=store.uri)
        files.delete_artifacts(_PIECES)  # type: ignore[no-untyped-call]
    except mlflow_errors(NotImplementedError, OSError, ServerAwayError):
        return


def put_config(store: Store, run_id: str, config: Config) -> None:
    """Record the configuration with the plane of the landscape."""
    values = flat(config)
    plane = {key: value for key, value in values.items() if key.startswith("landscape.")}
    text = as_yaml(identity_params(config), CHOICES) + str(
        yaml.safe_dump(nested(plane, CHOICES), sort_keys=False)
    )
    put_files(store, run_id, {CONFIG_FILE: text.encode()})


def landscape_file(landscape: Landscape) -> bytes:
    """An npz: x (W,), y (H,), and outcome, epochs_to_solve and final_loss, each (H, W)."""
    arrays = {name: getattr(landscape, name) for name in Pixels.__annotations__}
    return npz_bytes({"x": landscape.x.values, "y": landscape.y.values, **arrays}, small=True)


def _latest(store: Store) -> str:
    run = newest_run(store, [tag(LANDSCAPE_TAG), attribute("status", "is", FINISHED)])
    if run is None:
        raise StoreError(f"there is no finished landscape in experiment {store.experiment!r}")
    return str(run.info.run_id)


def _fetched(store: Store, run_id: str, path: str, folder: str) -> Path:
    return Path(store.client.download_artifacts(run_id, path, folder))


def _config_of(run_id: str, text: str) -> Config:
    """The reverse of `put_config`: what the file does not name is at its default."""
    try:
        return from_flat(Config, unnested(yaml.safe_load(text), CHOICES))
    except (ConfigError, yaml.YAMLError, AttributeError) as error:
        raise StoreError(f"config.yaml of landscape {run_id} cannot be used: {error}") from error
