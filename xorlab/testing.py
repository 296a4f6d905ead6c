"""Whether a trainer keeps the contract on which batching, resuming and repeating rest.

In a test of your own::

    @xorlab.testing.each_check(train)
    def test_train(check):
        check()
"""

from __future__ import annotations

import contextlib
import os
import random
import sys
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from xorlab.config.values import from_flat, unnested
from xorlab.engines.local import Processes
from xorlab.engines.work import ShardGroup, Work
from xorlab.trainers.columns import check_result
from xorlab.trainers.compare import Parts, differences, parts_of
from xorlab.trainers.function import FunctionTrainer
from xorlab.trainers.line_interrupt import LineInterrupt
from xorlab.trainers.result import Result
from xorlab.trainers.shard_result import ShardResult
from xorlab.trainers.spec import spec_of
from xorlab.trainers.trainer import Trainer

_SEEDS = 5
_TRIES = 3  # to interrupt runs of different lengths
_ENVIRONMENT = "environment variables"


def check(
    trainer: Trainer, config: Any = None, *, expected_failures: Mapping[str, str] | None = None
) -> None:
    """Check a trainer against its contract.

    Args:
        trainer: made by `xorlab.trainer`.
        config: that trains within seconds; None for the defaults.
        expected_failures: names of checks that may fail, each with the reason.

    Raises:
        AssertionError: what the trainer does not keep, one line for each check.
    """
    failures = []
    for name, one in checks(trainer, config).items():
        try:
            one()
        except AssertionError as error:
            if name not in (expected_failures or {}):
                failures.append(f"{name}: {error}")
    assert not failures, "\n".join([f"{trainer.name} does not keep its contract:", *failures])


def checks(trainer: Trainer, config: Any = None) -> dict[str, Callable[[], None]]:
    """Each check by its name; it raises an AssertionError."""
    whole = _whole(trainer, config)
    return {name: partial(one, trainer, whole) for name, one in _CHECKS.items()}


def each_check(
    trainer: Trainer, config: Any = None, *, expected_failures: Mapping[str, str] | None = None
) -> Any:
    """Decorate a test with an argument ``check``: pytest runs it once for each check."""
    import pytest

    expected = expected_failures or {}
    parameters = [
        pytest.param(
            one,
            id=name.replace(" ", "-"),
            marks=[pytest.mark.xfail(reason=expected[name], strict=True)]
            if name in expected
            else [],
        )
        for name, one in checks(trainer, config).items()
    ]
    return pytest.mark.parametrize("check", parameters)


def _whole(trainer: Trainer, config: Any) -> Any:
    if config is None:
        return trainer.schema.kind()
    if isinstance(trainer, FunctionTrainer) and isinstance(config, trainer.kind):
        return trainer.whole(config)
    return config


def _train(trainer: Trainer, *configs: Any) -> ShardResult:
    result = trainer.train(list(configs), trainer.data(configs[0]))
    _assert_none_failed(result)
    return result


def _assert_none_failed(result: ShardResult) -> None:
    assert not result.failures, "it raised an error\n" + "\n".join(result.failures.values())


def _leaves_no_trace(trainer: Trainer, config: Any) -> None:
    with _in_new_folder() as folder:
        before, threads = _traces(folder), set(threading.enumerate())
        _train(trainer, config)
        if dict(os.environ) != before[_ENVIRONMENT]:
            # A library may set a variable when it is loaded, as PyTorch's optimizers do: it does
            # not do so again.
            os.environ.clear()
            os.environ.update(before[_ENVIRONMENT])
            _train(trainer, config)
        for name, value in _traces(folder).items():
            assert value == before[name], f"it changed {name}"
        assert threads.issuperset(threading.enumerate()), "it left a thread running"


def _traces(folder: Path) -> dict[str, Any]:
    state: Any = np.random.get_state()  # noqa: NPY002  (the state that nobody may touch)
    torch = sys.modules.get("torch")
    return {
        "PyTorch's global generator": torch and torch.get_rng_state().tolist(),
        "the working directory": Path.cwd(),
        "files in the working directory": sorted(folder.rglob("*")),
        _ENVIRONMENT: dict(os.environ),
        "the global state of random": random.getstate(),
        "the global state of numpy.random": (state[0], state[1].tobytes(), *state[2:]),
        "how NumPy treats floating-point errors": np.geterr(),
    }


@contextlib.contextmanager
def _in_new_folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="xorlab-") as name, contextlib.chdir(name):
        yield Path(name)


def _is_deterministic(trainer: Trainer, config: Any) -> None:
    _assert_same(_train(trainer, config), 0, _train(trainer, config), 0)


def _ignores_global_random_state(trainer: Trainer, config: Any) -> None:
    before = random.getstate(), np.random.get_state()  # noqa: NPY002
    results = []
    try:
        for seed in (1, 2):
            random.seed(seed)
            np.random.set_state(np.random.RandomState(seed).get_state())  # noqa: NPY002
            results.append(_train(trainer, config))
    finally:
        random.setstate(before[0])
        np.random.set_state(before[1])  # noqa: NPY002
    _assert_same(results[0], 0, results[1], 0)


def _seed_matters(trainer: Trainer, config: Any) -> None:
    runs = [_train(trainer, spec_of(trainer, config).run(seed)) for seed in range(_SEEDS)]
    first, *others = (_parts(run, 0) for run in runs)
    assert any(differences(first, other) for other in others), (
        f"seeds 0 to {_SEEDS - 1} give one and the same result"
    )


def _result_is_consistent(trainer: Trainer, config: Any) -> None:
    keys = {leaf.key for leaf in trainer.schema.fields}
    for seed in range(_SEEDS):
        result = _train(trainer, spec_of(trainer, config).run(seed)).run(0, trainer.result)
        assert isinstance(result, Result)
        try:
            check_result(result, keys)
        except (TypeError, ValueError) as error:
            raise AssertionError(f"seed {seed}: {error}") from error


def _runs_in_a_fresh_process(trainer: Trainer, config: Any) -> None:
    assert trainer.reference is not None, "it is in no file that a worker could load"
    here = _train(trainer, config)
    executor = Processes(1)
    try:
        work = ShardGroup((Work([config], trainer.data(config), trainer),))
        (there,) = executor.submit(work).result()
    finally:
        executor.close()
    _assert_none_failed(there)
    _assert_same(here, 0, there, 0)


def _identity_is_stable(trainer: Trainer, config: Any) -> None:
    spec = spec_of(trainer, config)
    key = spec.key(config.seed)
    read = unnested(yaml.safe_load(spec.yaml(config.seed)), trainer.schema.groups)
    again = spec_of(trainer, from_flat(trainer.schema.kind, read))
    assert again.key(config.seed) == key, "its own config.yaml gives another key"
    assert spec.key(config.seed + 1) != key, "another seed gives the same key"


def _batch_equals_single_runs(trainer: Trainer, config: Any) -> None:
    configs = [spec_of(trainer, config).run(seed) for seed in range(_SEEDS)]
    rtol = getattr(trainer, "rtol", 0.0)
    singles = [_train(trainer, one) for one in configs]
    for order in ([*range(_SEEDS)], [*reversed(range(_SEEDS))], [3, 1]):
        batch = _train(trainer, *(configs[n] for n in order))
        for number, n in enumerate(order):
            _assert_same(singles[n], 0, batch, number, rtol)


def _interrupt_ends_it(trainer: Trainer, config: Any) -> None:
    lines = LineInterrupt(trainer, None)
    with lines:
        _train(trainer, config)
    for line_of in (_middle, _near_end):
        count = lines.count
        for _ in range(_TRIES):
            interrupted = LineInterrupt(trainer, max(1, line_of(count)))
            try:
                with interrupted:
                    trainer.train([config], trainer.data(config))
            except KeyboardInterrupt:
                break
            assert not interrupted.raised, (
                "KeyboardInterrupt was swallowed: catch Exception, not BaseException"
            )
            # It is not deterministic, and ended before that line: another check says so.
            count = interrupted.count


def _middle(count: int) -> int:
    return count // 2


def _near_end(count: int) -> int:
    return count - 2


def _assert_same(one: ShardResult, n: int, other: ShardResult, m: int, rtol: float = 0.0) -> None:
    found = differences(_parts(one, n), _parts(other, m), rtol)
    assert not found, f"results differ in {', '.join(found)}"


def _parts(shard: ShardResult, number: int) -> Parts:
    result = shard.run(number, Result)
    assert isinstance(result, Result)
    facts = ("outcome", "epochs_run", "epochs_to_solve", "diverged_at")
    files = dict(shard.files[number]) if shard.files else {}
    arrays = {f"array {name}": array for name, array in result.arrays.items()}
    numbers = {name: getattr(result, name) for name in facts}
    return numbers | arrays | parts_of(result.metrics, result.curves, files)


_CHECKS: dict[str, Callable[[Trainer, Any], None]] = {
    "leaves no trace": _leaves_no_trace,
    "the same configuration gives the same result": _is_deterministic,
    "uses no global random state": _ignores_global_random_state,
    "the seed matters": _seed_matters,
    "the outcome agrees with times and curves": _result_is_consistent,
    "runs in a fresh process": _runs_in_a_fresh_process,
    "its identity is stable": _identity_is_stable,
    "a batch equals single runs": _batch_equals_single_runs,
    "an interrupt ends it": _interrupt_ends_it,
}
