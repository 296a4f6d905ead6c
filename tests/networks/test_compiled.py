"""The compiled backend: the same steps as NumPy's, and the same bits on every processor."""

from __future__ import annotations

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.helpers.strategies import TABLE, draws, member, shapes
from tests.networks.test_train import bits
from xorlab import configure
from xorlab.errors import ConfigError
from xorlab.networks.config import Config
from xorlab.networks.cost import backend_rows
from xorlab.networks.identity import identity_params
from xorlab.networks.result import NetworkResult
from xorlab.networks.rules import check
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import predict, train, train_many
from xorlab.trainers.result import SOLVED

pytest.importorskip("llvmlite", reason="needs xorlab[compiled]")

from xorlab.networks.compiled import epoch_code, loops, machine, stretch

MANY = 500 if settings().max_examples == 500 else 15  # 500 with --hypothesis-profile=thorough
SLOW = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
# Where none of these is called, NumPy rounds every operation as IEEE 754 has it.
CURVED = {"sigmoid", "tanh", "softmax"}


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory):
    """A cache folder of this module's own; nothing that was compiled before is used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        forget()
        yield
    forget()


@pytest.fixture
def table(tmp_path: Path) -> str:
    path = tmp_path / "table.csv"
    path.write_text(TABLE)
    return str(path)


def forget() -> None:
    """Read and compile everything anew."""
    for function in (
        machine._target,
        machine.compiled,
        stretch.stretch_source,
        epoch_code.epochs_source,
    ):
        function.cache_clear()


def compiled(config: Config) -> Config:
    config = copy.deepcopy(config)
    config.training.backend = "compiled"
    return config


def members(shape: Config) -> st.SearchStrategy[list[Config]]:
    """Networks of one shape."""
    some = st.lists(draws(), min_size=2, max_size=4)
    return some.map(lambda values: [member(shape, one) for one in values])


def check_against_numpy(data: st.DataObject, table: str) -> None:
    """Every rule of the loop, every optimizer: what happens, at which step, with which numbers."""
    shape = data.draw(shapes(table))
    flat = data.draw(st.sampled_from(["relu", "leaky_relu", "linear", "abs", "softsign"]))
    if shape.network.activation in CURVED:
        shape.network.activation = flat
    if shape.network.output in CURVED:
        shape.network.output = flat
        if "cross_entropy" in shape.training.loss:
            shape.training.loss = "half_sse"
    configs = data.draw(members(shape))
    expected = [bits(unsigned(result)) for result in train_many(configs)]
    found = [bits(unsigned(result)) for result in train_many(map(compiled, configs))]
    assert found == expected


def unsigned(result: NetworkResult) -> NetworkResult:
    """The same with 0.0 for -0.0: which of the two is the larger NumPy's maximum leaves open."""
    return replace(result, arrays={name: array + 0.0 for name, array in result.arrays.items()})


CLASSES = "a,b,kind\n" + "".join(f"{n % 7 / 3},{n * n % 5},{'xyz'[n % 3]}\n" for n in range(24))


@st.composite
def looked_at(draw) -> list[str]:
    """Overrides for networks whose validation set is looked at, and may end them."""
    every = draw(st.sampled_from([1, 2, 5]))
    stop = ["generalisation_loss", "patience", "progress", "solved"]
    overrides = {
        "training.validate_every": every,
        "training.stop": f"[{','.join(draw(st.sets(st.sampled_from(stop))))}]",
        "training.max_generalisation_loss": draw(st.sampled_from([0.5, 5])),
        "training.patience": draw(st.integers(1, 9)),
        "training.epochs": draw(st.integers(every, 60)),
        "training.record_every": draw(st.sampled_from(["null", 1, 4])),
        "training.target_accuracy": draw(st.sampled_from([0.3, 0.7, 1])),
        "training.dtype": draw(st.sampled_from(["float64", "float32"])),
        "network.hidden": draw(st.sampled_from([1, 6])),
        "optimizer": draw(st.sampled_from(["gd", "adam"])),
    }
    kept = {
        "training.stop": overrides["training.stop"] != "[]",
        "training.max_generalisation_loss": "generalisation_loss" in overrides["training.stop"],
        "training.patience": "patience" in overrides["training.stop"],
    }
    return [f"{key}={value}" for key, value in overrides.items() if kept.get(key, True)]


@pytest.mark.parametrize("looped", [None, 2, 1000])  # rows from which a call is a loop
@settings(max_examples=10, suppress_health_check=SLOW, deadline=None)
@given(looked_at=looked_at(), rates=st.lists(st.sampled_from([0.01, 0.5, 1e150]), min_size=2))
def test_validation_sets_end_networks_alike(tmp_path, looked_at, rates, looped):
    (tmp_path / "classes.csv").write_text(CLASSES)
    common = [
        *("task=table", f"task.path={tmp_path / 'classes.csv'}", "task.classes=true"),
        *("task.validation=0.3", "task.test=0.1", "network.activation=relu"),
        *("network.output=linear", "init=uniform", *looked_at),
    ]
    configs = [
        configure(*common, f"seed={seed}", f"optimizer.lr={rate}")
        for seed, rate in enumerate(rates)
    ]
    expected = [bits(unsigned(result)) for result in train_many(configs)]
    with pytest.MonkeyPatch.context() as patch:
        if looped:
            patch.setattr(loops, "UNROLLED", 0)
            patch.setattr(loops, "LOOPED", looped)
            forget()
        found = [bits(unsigned(result)) for result in train_many(map(compiled, configs))]
    if looped:
        forget()
    assert found == expected


def check_processors(data: st.DataObject, table: str) -> None:
    """Plain instructions and this processor's own; written out or in loops; in any company."""
    configs = data.draw(members(compiled(data.draw(shapes(table)))))
    expected = [bits(result) for result in train_many(configs)]
    assert bits(train(configs[0])) == expected[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NUMBA_CPU_NAME", "generic")
        patch.setattr(loops, "UNROLLED", 0)
        patch.setattr(loops, "LOOPED", 2)
        patch.setattr(loops, "HEAVY", 1)
        patch.setattr(loops, "LIGHT", 2)
        forget()
        generic = [bits(result) for result in train_many(configs[::-1])][::-1]
    forget()
    assert generic == expected


CHECKS = pytest.mark.parametrize("check_bits", [check_against_numpy, check_processors])


@CHECKS
@settings(max_examples=8, suppress_health_check=SLOW, deadline=None)
@given(data=st.data())
def test_the_bits_are_the_same(data, table, check_bits):
    check_bits(data, table)


@pytest.mark.slow
@CHECKS
@settings(max_examples=MANY, suppress_health_check=SLOW, deadline=None)
@given(data=st.data())
def test_the_bits_are_the_same_for_many_configurations(data, table, check_bits):
    check_bits(data, table)


def test_no_multiplication_and_addition_are_fused(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    forget()
    modules: list[str] = []
    emit = machine.object_code
    monkeypatch.setattr(machine, "object_code", lambda text: modules.append(text) or emit(text))
    train(short())
    monkeypatch.setenv("NUMBA_CPU_NAME", "haswell")  # which has such instructions
    machine._target.cache_clear()
    for text in modules:
        assembly = machine._machine().emit_assembly(machine._llvm().parse_assembly(text))
        assert "vmulpd" in assembly
        assert "fmadd" not in assembly
    forget()


def test_the_notebooks_run_comes_out_the_same():
    numpy, machine_code = train(Config()), train(compiled(Config()))
    assert (machine_code.outcome, machine_code.epochs_to_solve) == (SOLVED, numpy.epochs_to_solve)
    assert [f"{loss:.4f}" for loss in machine_code.loss] == [f"{loss:.4f}" for loss in numpy.loss]
    np.testing.assert_allclose(machine_code.predictions, numpy.predictions, atol=1e-6)


def test_the_backend_is_a_part_of_a_runs_identity_where_it_is_not_numpy():
    assert "training.backend" not in identity_params(Config())
    assert identity_params(compiled(Config()))["training.backend"] == "compiled"


def test_without_the_library_a_run_is_refused_in_one_line(monkeypatch):
    monkeypatch.setattr("xorlab.networks.rules.installed", lambda: False)
    with pytest.raises(ConfigError, match=r'pip install "xorlab\[compiled\]"') as caught:
        check(compiled(Config()))
    assert str(caught.value).startswith("training.backend=compiled: must be numpy")
    check(Config())


def test_a_plan_says_what_compiling_takes_and_where_it_pays():
    task = make_task(Config().task)
    assert backend_rows([(Config(), task, 10)]) == {}
    (title,) = backend_rows([(Config(), task, 100_000)])
    assert title == "training.backend=compiled"
    searching = configure("optimizer=lbfgs", "training.epochs=100000")
    assert backend_rows([(searching, task, 100_000)]) == {}
    rows = backend_rows([(compiled(Config()), task, 10), (compiled(searching), task, 10)])
    assert "about 2 s" in rows["compiling"]
    assert "1 of 2 shapes only in part" in rows["compiling"]


def test_a_network_answers_as_it_did_when_it_was_trained():
    config = short()
    result = train(config)
    assert predict(config, result, make_task(config.task).inputs).tobytes() == (
        result.predictions.tobytes()
    )


def kept() -> list[Path]:
    return sorted((machine.user_cache() / "compiled").iterdir())


def short() -> Config:
    config = compiled(Config())
    config.training.epochs = 30
    return config


def test_code_is_kept_and_a_damaged_file_is_made_anew(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    forget()
    expected = bits(train(short()))
    files = {path: path.read_bytes() for path in kept()}
    assert files
    forget()
    monkeypatch.setattr(machine, "object_code", lambda text: pytest.fail("compiled again"))
    assert bits(train(short())) == expected
    monkeypatch.undo()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for path, content in files.items():
        path.write_bytes(content[:-1])
    forget()
    assert bits(train(short())) == expected
    assert {path: path.read_bytes() for path in kept()} == files


def test_a_folder_that_others_can_write_to_is_not_used(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    folder = tmp_path / "xorlab" / "compiled"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    forget()
    assert train(short()).epochs_run == 30
    assert not list(folder.iterdir())
