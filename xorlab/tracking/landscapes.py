"""Landscapes in a store: their identity, their configuration, and reading them back."""

from __future__ import annotations

from typing import Any

import numpy as np
import yaml

from xorlab.config.landscape_keys import AnyLandscape
from xorlab.config.values import as_texts, flat, from_flat, nested, unnested
from xorlab.config.yaml_size import read_yaml
from xorlab.errors import StoreError, UsageError
from xorlab.landscapes.axis import axes_of
from xorlab.landscapes.grid import axes
from xorlab.landscapes.landscape import Landscape, of_pixels
from xorlab.system.npz import npz_arrays
from xorlab.tracking.landscape_arrays import ARRAYS_FILE, pixels_of
from xorlab.tracking.names import FINISHED, LANDSCAPE_TAG, LATEST
from xorlab.tracking.read.files import read_files, reading
from xorlab.tracking.read.pages import newest_run, search_all
from xorlab.tracking.store.artifacts import CONFIG_FILE, put_files
from xorlab.tracking.store.conditions import attribute, tag
from xorlab.tracking.store.errors import mlflow_errors
from xorlab.tracking.store.opening import open_store
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.sweep_run import SweepIdentity
from xorlab.trainers.find import built_in
from xorlab.trainers.spec import as_yaml
from xorlab.trainers.trainer import TRAINER_TAG, Data, Trainer


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
    ((_, (text, content)),) = read_files(store, [run_id], [CONFIG_FILE, ARRAYS_FILE])
    trainer = _trainer_of(run_id, run.data.tags.get(TRAINER_TAG), trainer)
    with reading(run_id, CONFIG_FILE):
        tree = read_yaml(CONFIG_FILE, text)
        plane = AnyLandscape(**tree["landscape"])
        config = None if trainer is None else _config_of(tree, trainer)
    with reading(run_id, ARRAYS_FILE):
        arrays = npz_arrays(content)
        pixels = pixels_of(arrays)
        sides = len(arrays["x"]), len(arrays["y"])
        # An absurd size is not made into an axis.
        if sides != (plane.width, plane.height) or len(pixels) != sides[0] * sides[1]:
            raise ValueError(f"it has {len(pixels)} pixels, not {plane.width} x {plane.height}")
        if trainer is not None:
            return of_pixels(pixels, config, axes(config, trainer), trainer, run_id)
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


def put_config(store: Store, run_id: str, config: Any, trainer: Trainer) -> None:
    """Record the configuration with the plane of the landscape."""
    values, groups = flat(config), trainer.schema.groups
    plane = {key: value for key, value in values.items() if key.startswith("landscape.")}
    params = {"seed": config.seed, **trainer.params(config)}
    text = as_yaml(params, groups) + str(yaml.safe_dump(nested(plane, groups), sort_keys=False))
    put_files(store, run_id, {CONFIG_FILE: text.encode()})


def _latest(store: Store) -> str:
    wanted = [tag(LANDSCAPE_TAG), attribute("status", "is", FINISHED)]
    run = newest_run(store, wanted)
    if run is None:
        others = {other.info.experiment_id for other in search_all(store, wanted, everywhere=True)}
        names = sorted(repr(store.client.get_experiment(other).name) for other in others)
        elsewhere = f"; experiments that have one: {', '.join(names)}" if names else ""
        raise StoreError(
            f"there is no finished landscape in experiment {store.experiment!r}{elsewhere}"
        )
    return str(run.info.run_id)


def _config_of(tree: dict[str, Any], trainer: Trainer) -> Any:
    """The reverse of `put_config`: what the file does not name is at its default."""
    config = from_flat(trainer.schema.kind, unnested(tree, trainer.schema.groups))
    trainer.check(config)
    return config
