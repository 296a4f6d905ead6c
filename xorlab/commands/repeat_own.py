"""Repeating a run of a user's own trainer: to every bit, or to the trainer's tolerance."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from xorlab.commands.common import DONE, FAILED
from xorlab.commands.repeat_conclusion import SAME, changed, conclusion
from xorlab.errors import StoreError, UsageError

if TYPE_CHECKING:
    from xorlab.tracking.read.found import FoundRun
    from xorlab.trainers.compare import Parts
    from xorlab.trainers.spec import Spec
    from xorlab.trainers.trainer import Trainer

CONFIG = "config.yaml"
_KINDS = {"outcome": "outcome", "metric": "numbers", "steps": "curves", "curve": "curves"}
_KINDS |= {"array": "arrays", "file": "files"}


def repeat_own(found: FoundRun, trainer: Trainer | None, table: str | None) -> int:
    """Train a recorded run again, and print whether it is the same; returns the exit code.

    Args:
        found: the run.
        trainer: that the command line names, or whose script this is; None if there is none.
        table: the option ``--table``, which is for the built-in trainer.

    Raises:
        UsageError: the trainer is missing, or is not the one that trained the run.
        StoreError: the run's files cannot be read.
    """
    from xorlab.engines.work import Work
    from xorlab.trainers.shard_result import Failure

    if table is not None:
        raise UsageError(f"--table {table}: only tasks of the built-in network are tables")
    spec, seed = _spec(found, trainer)
    sys.stdout.write(f"Training run {found.run_id} again: {found.run.info.run_name}\n")
    sys.stdout.flush()
    shard = Work([spec.run(seed)], spec.data, spec.trainer).run()
    result = shard.run(0, spec.trainer.result)
    if isinstance(result, Failure):
        sys.stderr.write(result.traceback)
        sys.stdout.write(f"The run does not repeat: it raised {result.reason}\n")
        return FAILED
    files = dict(shard.files[0]) if shard.files else {}
    now = _parts(result.outcome, result.numbers(), result.curves, files)
    rtol = float(getattr(spec.trainer, "rtol", 0.0))
    same, within = _compared(_recorded(found, now), now, rtol)
    code = spec.trainer.identity_tags()
    news = changed(found.tags) + _changed_code(found.tags, code)
    sys.stdout.write("\n".join(conclusion(same, news, rtol if within else 0.0)) + "\n")
    return DONE if same else FAILED


def _spec(found: FoundRun, trainer: Trainer | None) -> tuple[Spec, int]:
    """The run's setting and seed, of the trainer that trained it."""
    from xorlab.config.values import from_flat, unnested
    from xorlab.config.yaml_size import read_yaml
    from xorlab.tracking.names import KEY_TAG
    from xorlab.tracking.read.files import reading
    from xorlab.trainers.spec import spec_of
    from xorlab.trainers.trainer import TRAINER_TAG

    if trainer is None:
        raise UsageError(
            f"{found.run_id}: this is a run of the trainer {found.trainer}. Name the trainer, as "
            "--trainer ./file.py:function, --trainer pkg.module:function, or use its own script: "
            f"python file.py --repeat {found.run_id[:8]}. Code is never loaded because a record "
            "names it"
        )
    own = trainer.identity_tags().get(TRAINER_TAG)
    if own != found.trainer:
        raise UsageError(
            f"{found.run_id}: this is a run of the trainer {found.trainer or 'of networks'}, and "
            f"{own or 'the built-in one'} was named"
        )
    text = found.files.get(CONFIG)
    if text is None:
        raise StoreError(f"run {found.run_id} has no readable {CONFIG}")
    with reading(found.run_id, CONFIG):
        values = unnested(read_yaml(CONFIG, text), trainer.schema.groups)
        config = from_flat(trainer.schema.kind, values)
        trainer.check(config)
    spec = spec_of(trainer, config)
    if spec.key(config.seed) != found.tags[KEY_TAG]:
        raise StoreError(
            f"{CONFIG} of run {found.run_id} gives another key than its record: the trainer's "
            "keys have changed since, or the record was altered"
        )
    return spec, config.seed


def _parts(outcome: str, numbers: Any, curves: Any, files: dict[str, bytes]) -> Parts:
    from xorlab.trainers.compare import parts_of

    metrics = {name: value for name, value in numbers.items() if name not in curves}
    return {"outcome": outcome, **parts_of(metrics, curves, files)}


def _recorded(found: FoundRun, now: Parts) -> Parts:
    """The same of the record. What was added to it since does not count."""
    from xorlab.tracking.names import OUTCOME_TAG
    from xorlab.tracking.read.files import reading
    from xorlab.trainers.columns import ARRAYS_FILE

    names = [name.partition(" ")[2] for name in now if name.startswith("curve ")]
    outcome, metrics = found.tags.get(OUTCOME_TAG, ""), found.run.data.metrics
    curves = found.curves(names)
    with reading(found.run_id, ARRAYS_FILE):
        then = _parts(outcome, metrics, curves, found.files)
    facts = ("metric epochs_to_solve", "metric diverged_at")
    return {name: part for name, part in then.items() if name in now or name in facts}


def _compared(then: Parts, now: Parts, rtol: float) -> tuple[bool, bool]:
    """Print a line for each kind of part; whether all agree, and whether only to the tolerance."""
    from xorlab.trainers.compare import differences

    bits, apart = set(differences(then, now)), set(differences(then, now, rtol))
    groups: dict[str, list[str]] = {}
    for name in dict.fromkeys([*now, *then]):
        groups.setdefault(_KINDS[name.partition(" ")[0]], []).append(name)
    for kind, names in groups.items():
        differing = [name for name in names if name in apart]
        text = f"{SAME}: {_counted(kind, names, now)}"
        if differing:
            text = "; ".join(_said(name, then.get(name), now.get(name)) for name in differing)
        elif bits.intersection(names):
            text = f"the same to rtol={rtol:g}: {_counted(kind, names, now)}"
        sys.stdout.write(f"  {kind:<12} {text}\n")
    return not apart, bool(bits)


def _counted(kind: str, names: list[str], now: Parts) -> str:
    if kind == "outcome":
        return str(now["outcome"])
    return ", ".join(name.partition(" ")[2] for name in names if not name.startswith("steps "))


def _said(name: str, then: Any, now: Any) -> str:
    what, _, which = name.partition(" ")
    if what in ("outcome", "metric"):
        return f"{which or what} {then} then, {now} now"
    return f"{name} differs" if then is not None else f"{name} is not in the record"


def _changed_code(then: dict[str, str], now: dict[str, str]) -> list[str]:
    from xorlab.trainers.trainer import CODE_TAG

    if then.get(CODE_TAG) == now.get(CODE_TAG):
        return []
    return [f"the trainer's file: SHA-256 {then.get(CODE_TAG)} then, {now.get(CODE_TAG)} now"]
