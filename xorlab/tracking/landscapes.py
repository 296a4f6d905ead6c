"""Landscapes in a store: pieces while one is trained, one file of arrays at its end."""

from __future__ import annotations

import contextlib
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from xorlab.config.landscape_keys import AnyLandscape
from xorlab.config.values import as_texts, flat, from_flat, nested, unnested
from xorlab.errors import ConfigError, StoreError, UsageError
from xorlab.landscapes.axis import axes_of
from xorlab.landscapes.grid import Grid, axes
from xorlab.landscapes.landscape import Landscape, of_pixels
from xorlab.landscapes.pixels import Pixels
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
from xorlab.trainers.find import built_in
from xorlab.trainers.spec import as_yaml
from xorlab.trainers.trainer import TRAINER_TAG, Data, Trainer

Array = npt.NDArray[Any]
Arrays = dict[str, Array]

ARRAYS_FILE, PICTURE_FILE, CONFIG_FILE = "landscape.npz", "landscape.png", "config.yaml"
_PIECES = "pieces"
# Names of arrays in a file that are no metrics; a metric of this name has a prefix there.
_TAKEN = frozenset({"x", "y", "first", "failed", "reasons", "outcome", "epochs_to_solve"})
_METRIC = "metric."
_PIECE_FILE = re.compile(r"([0-9]+)\.npz")


def load_landscape(
    run_id: str = LATEST,
    uri: str | None = None,
    experiment: str | None = None,
    trainer: Trainer | None = None,
) -> Landscape:
    """A recorded landscape.

    Args:
        run_id: of the run that recorded it; ``latest`` for the last one that is finished.
        uri: address of the store; None for MLFLOW_TRACKING_URI, else mlflow.db in this folder.
        experiment: in which to look for the latest; None for ``xorlab``.
        trainer: the user's own that trained it; None for the built-in network, and where the
            configurations of its pixels are not needed.

    Raises:
        StoreError: there is no such landscape, or it is not finished.
        UsageError: another trainer trained it.
    """
    if run_id == LATEST:
        store = open_store(uri, experiment, create=False)
        return recorded_landscape(store, _latest(store), trainer)
    return recorded_landscape(open_store(uri, "Default", create=False), run_id, trainer)


def recorded_landscape(store: Store, run_id: str, trainer: Trainer | None = None) -> Landscape:
    """The landscape that a run has recorded.

    Args:
        store: of the run.
        run_id: of the run.
        trainer: that trained it; None where it is the built-in one, or not needed.

    Raises:
        StoreError: there is no such run, it is not a landscape, or it is not finished.
        UsageError: another trainer trained it.
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
        arrays = npz_arrays(_fetched(store, run_id, ARRAYS_FILE, folder).read_bytes())
    pixels = _pixels_of(arrays)
    trainer = _trainer_of(run_id, run.data.tags.get(TRAINER_TAG), trainer)
    if trainer is not None:
        config = _config_of(run_id, text, trainer)
        return of_pixels(pixels, config, axes(config, trainer), trainer, run_id)
    tree = yaml.safe_load(text)
    plane = AnyLandscape(**tree["landscape"])
    # The pixels of a key of integers are not the middles of equal cells.
    x, y = (
        not np.allclose(axis.values, arrays[letter])
        for letter, axis in zip("xy", axes_of(plane), strict=True)
    )
    return of_pixels(pixels, None, axes_of(plane, (x, y)), None, run_id, plane.value)


def _trainer_of(run_id: str, recorded: str | None, given: Trainer | None) -> Trainer | None:
    """The trainer of a landscape, where it is known."""
    if given is None:
        return built_in() if recorded is None else None
    own = given.identity_tags().get(TRAINER_TAG)
    if own != recorded:
        raise UsageError(
            f"landscape {run_id} is of the trainer {recorded or 'of xorlab itself'}, not of {own}"
        )
    return given


def landscape_identity(config: Any, data: Data, trainer: Trainer) -> SweepIdentity:
    """What makes two landscapes the same: those with the same parts have the same pixels.

    `landscape.value`, which only the picture shows, does not count, nor do the values that the axes
    replace.

    Args:
        config: with the landscape.
        data: what its trainer has read.
        trainer: of the configuration.
    """
    plane = {key: value for key, value in flat(config).items() if key.startswith("landscape.")}
    x, y = str(config.landscape.x), str(config.landscape.y)
    shared = {
        key: value for key, value in trainer.planes.params(config).items() if key not in (x, y)
    }
    parts = [f"{key}={value!r}" for key, value in plane.items() if key != "landscape.value"]
    size = f"{config.landscape.width}x{config.landscape.height}"
    return SweepIdentity(
        parts=[trainer.run_keys(shared, data)(shared.get("seed", 0)), *parts],
        params=as_texts(shared | plane),
        name=f"landscape {trainer.sweep_label(config, ())} {x} by {y} {size}",
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
    content = npz_bytes(_arrays_of(pixels) | {"first": np.asarray(first)}, small=True)
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
                kept = _pixels_of(arrays)
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


def put_config(store: Store, run_id: str, config: Any, trainer: Trainer) -> None:
    """Record the configuration with the plane of the landscape."""
    values, groups = flat(config), trainer.schema.groups
    plane = {key: value for key, value in values.items() if key.startswith("landscape.")}
    params = {"seed": config.seed, **trainer.params(config)}
    text = as_yaml(params, groups) + str(yaml.safe_dump(nested(plane, groups), sort_keys=False))
    put_files(store, run_id, {CONFIG_FILE: text.encode()})


def landscape_file(landscape: Landscape) -> bytes:
    """An npz: x (W,), y (H,), and outcome, epochs_to_solve and each metric, (H, W) each.

    Where runs raised an error, ``failed`` (K,) has the numbers of their pixels, row by row, and
    ``reasons`` (K,) the last lines of their errors.
    """
    width = landscape.x.size
    failures = {row * width + column: text for (row, column), text in landscape.failures.items()}
    arrays = _arrays_of(
        Pixels(landscape.outcome, landscape.epochs_to_solve, landscape.metrics, failures)
    )
    return npz_bytes({"x": landscape.x.values, "y": landscape.y.values, **arrays}, small=True)


def _arrays_of(pixels: Pixels) -> Arrays:
    """Pixels as the arrays of a file."""
    arrays: Arrays = {"outcome": pixels.outcome, "epochs_to_solve": pixels.epochs_to_solve}
    for name, values in pixels.metrics.items():
        arrays[f"{_METRIC}{name}" if name in _TAKEN else name] = values
    if pixels.failures:
        arrays["failed"] = np.array([*pixels.failures], np.int64)
        arrays["reasons"] = np.array([*pixels.failures.values()])
    return arrays


def _pixels_of(arrays: Arrays) -> Pixels:
    """The reverse of `_arrays_of`; a landscape's in one row."""
    facts = {name: array.ravel() for name, array in arrays.items() if name not in _TAKEN}
    failures: dict[int, str] = {}
    if "failed" in arrays:
        failures = dict(zip(arrays["failed"].tolist(), arrays["reasons"].tolist(), strict=True))
    return Pixels(
        arrays["outcome"].ravel(),
        arrays["epochs_to_solve"].ravel(),
        {name.removeprefix(_METRIC): values for name, values in facts.items()},
        failures,
    )


def _latest(store: Store) -> str:
    run = newest_run(store, [tag(LANDSCAPE_TAG), attribute("status", "is", FINISHED)])
    if run is None:
        raise StoreError(f"there is no finished landscape in experiment {store.experiment!r}")
    return str(run.info.run_id)


def _fetched(store: Store, run_id: str, path: str, folder: str) -> Path:
    return Path(store.client.download_artifacts(run_id, path, folder))


def _config_of(run_id: str, text: str, trainer: Trainer) -> Any:
    """The reverse of `put_config`: what the file does not name is at its default."""
    try:
        return from_flat(trainer.schema.kind, unnested(yaml.safe_load(text), trainer.schema.groups))
    except (ConfigError, yaml.YAMLError, AttributeError) as error:
        raise StoreError(f"config.yaml of landscape {run_id} cannot be used: {error}") from error
