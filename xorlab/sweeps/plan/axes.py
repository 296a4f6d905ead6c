"""What differs between the jobs of a sweep."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING, Any

from xorlab.config.as_typed import unusual_keys
from xorlab.errors import spell
from xorlab.tracking.write.sweep_run import SweepIdentity
from xorlab.trainers.trainer import Trainer

if TYPE_CHECKING:
    from xorlab.sweeps.plan.jobs import Jobs

_LONGEST_NAME = 200  # characters
_MOST_NAMED = 4  # keys of a single run


def swept(jobs: Jobs) -> dict[str, list[str]]:
    """Identity params with more than one value, and those values in order of appearance.

    A key that follows from a choice, as the defaults of an optimizer do, is not an axis itself.
    """
    # By key and choice of its group, as most keys of a group belong to some choices alone.
    found: dict[str, dict[str | None, dict[str, int]]] = {}
    sizes: Counter[tuple[str, str | None]] = Counter()
    groups = jobs.catalogue.trainer.schema.groups
    for spec, count in jobs.settings():
        values = {"seed": spec.config.seed, **spec.values}
        for group in groups:
            sizes[group, values[group]] += count
        for key, value in values.items():
            counts = found.setdefault(key, {}).setdefault(_choice(key, values, groups), {})
            counts[spell(value)] = counts.get(spell(value), 0) + count
    found["seed"] = {None: Counter(map(spell, jobs.seeds.tolist()))}
    axes = {}
    for key, choices in found.items():
        for choice, counts in choices.items():
            whole = len(jobs) if choice is None else sizes[key.partition(".")[0], choice]
            if len(counts) > 1 or sum(counts.values()) < whole:
                axes[key] = list(dict.fromkeys(chain.from_iterable(choices.values())))
    return axes


def shared_params(jobs: Jobs) -> dict[str, str]:
    """The params that all jobs share, as they are recorded, without the seed."""
    shared: dict[str, str] | None = None
    for spec, _ in jobs.settings():
        own = spec.params(0)
        if shared is None:
            shared = own
        else:
            shared = {key: value for key, value in shared.items() if own.get(key) == value}
    return {key: value for key, value in (shared or {}).items() if key != "seed"}


def _choice(key: str, values: dict[str, Any], groups: Container[str]) -> str | None:
    """What is chosen in the group that a key belongs to; None for a key of no such group."""
    group, dot, _ = key.partition(".")
    return str(values[group]) if dot and group in groups else None


def described(axis: Sequence[str]) -> str:
    """The values of one axis in short: a run of whole numbers by its ends."""
    numbers: list[Any] = [int(value) for value in axis if value.isdigit()]
    if len(numbers) == len(axis) > 3 and sorted(numbers) == list(
        range(min(numbers), min(numbers) + len(numbers))
    ):
        return f"{min(numbers)}..{max(numbers)}"
    return ", ".join(axis)


def sweep_identity(jobs: Jobs) -> SweepIdentity:
    """A sweep is the same one if it has the same runs."""
    axes = {key: described(values) for key, values in swept(jobs).items()}
    return SweepIdentity(jobs.run_keys(), axes, sweep_name(jobs, axes))


def sweep_name(jobs: Jobs, axes: Mapping[str, str]) -> str:
    """A name for a parent run: what the trainer calls it, and the swept values.

    Args:
        jobs: of the sweep.
        axes: swept keys with their values in short.
    """
    values = [f"{key.rpartition('.')[2]}={text}" for key, text in axes.items()]
    label = jobs.catalogue.trainer.sweep_label(jobs[0].spec.config, axes)
    return " ".join(filter(None, ["sweep", label, *values]))[:_LONGEST_NAME]


def named_keys(trainer: Trainer, swept: Container[str]) -> list[str]:
    """The swept keys that begin the names of a sweep's runs: those that no name has anyway."""
    return [key for key in trainer.setting_keys if key in swept and not trainer.names(key)]


def first_keys(trainer: Trainer, values: Mapping[str, Any]) -> list[str]:
    """The keys that begin the name of a single run: some of those that differ from their default.

    Args:
        trainer: of the run.
        values: its identity params.
    """
    unusual = unusual_keys(trainer.schema, values)
    return [key for key in unusual if not trainer.names(key)][:_MOST_NAMED]


def settings_axes(axes: dict[str, list[str]]) -> list[str]:
    """The swept keys that make a setting: all but the seed."""
    return [key for key in axes if key != "seed"]
