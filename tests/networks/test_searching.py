"""Optimizers that search, against plain loops, SciPy, closed forms and finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from tests.helpers import plain_searches
from xorlab import configure, train, train_many
from xorlab.errors import ConfigError
from xorlab.networks.initial_weights import initial_layers
from xorlab.networks.jacobian import Jacobian
from xorlab.networks.line_searches.line_search import LineSearch
from xorlab.networks.optimizers.optimizer import Optimizer
from xorlab.networks.optimizers.searching import Descending
from xorlab.networks.parameters import Parameters, parameter_count
from xorlab.networks.passes import Pass
from xorlab.networks.program import Program
from xorlab.networks.shape import Shape
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import layer_sizes
from xorlab.networks.wiring import Wiring

SEARCHING = [name for name, rule in Optimizer.choices().items() if rule.searches]
DESCENDING = [name for name in SEARCHING if issubclass(Optimizer.choices()[name], Descending)]
SEARCHES = [*LineSearch.choices()]
METHODS = [
    *((name, f"optimizer.line_search={search}") for name in DESCENDING for search in SEARCHES),
    *((name, "") for name in SEARCHING if name not in DESCENDING),
]
ENCODER = (
    "task=encoder",
    "task.width=4",
    "network.hidden=2",
    "init=uniform",
    "init.range=0.5",
    "training.epochs=50",
)
# Long steps that are taken as they come, or differences of gradients, multiply rounding errors.
UPDATES = {"steepest_descent backtracking": 20, "conjugate_gradient backtracking": 20}
TAME = {"scg": "optimizer.sigma=0.01"}


def config_of(name, own="", *more):
    return configure(f"optimizer={name}", *own.split(), *more)


def problem_of(config):
    task = make_task(config.task)
    first = initial_layers(config, layer_sizes(config, task))
    network = config.network
    return plain_searches.Problem(
        list(zip(first.weights, first.biases, strict=True)),
        task.inputs,
        task.targets,
        network.activation,
        network.output,
        config.training.loss,
        config.optimizer.weight_decay,
    )


def start_of(problem, config):
    layers = initial_layers(config, layer_sizes(config, make_task(config.task)))
    return problem.flat(zip(layers.weights, layers.biases, strict=True))


def weights_of(problem, result):
    return problem.flat(zip(result.weights, result.biases, strict=True))


def evaluations_of(result, event="evaluations"):
    found = result.numbers()
    epochs = {"evaluations": "epochs_run", "evaluations_to_solve": "epochs_to_solve"}
    return found.get(event, found.get(epochs[event]))


def test_every_optimizer_that_searches_has_a_plain_twin():
    assert set(SEARCHING) == set(plain_searches.RULES)
    assert set(SEARCHES) == set(plain_searches.SEARCHES)


@pytest.mark.parametrize(("name", "own"), METHODS)
def test_fifty_updates_are_those_of_plain_loops(name, own):
    epochs = UPDATES.get(f"{name} {own.rpartition('=')[2]}", 50)
    tame = TAME.get(name, "").split()
    decay = "optimizer.weight_decay=0.003" if name == "scg" else "optimizer.weight_decay=0.001"
    config = config_of(name, own, *ENCODER, decay, *tame, "seed=3", f"training.epochs={epochs}")
    problem = problem_of(config)
    path = plain_searches.train(problem, start_of(problem, config), config.optimizer, epochs)
    result = train(config)
    expected, evaluations = path[-1]
    off = weights_of(problem, result) - expected
    assert np.abs(off).max() <= 1e-10 * np.abs(expected).max()
    assert evaluations_of(result) == evaluations > epochs
    assert result.epochs_run == epochs


KINDS = [
    "network.output=softmax training.loss=categorical_cross_entropy",
    "network.output=softsign training.loss=half_mse network.activation=tanh",
    "training.loss=half_mse network.hidden=[3,2]",
]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        (name, kind)
        for name in SEARCHING
        for kind in KINDS
        if Optimizer.choices()[name].losses is None or "cross_entropy" not in kind
    ],
)
def test_updates_lower_the_loss_that_is_minimised(name, kind):
    more = (*ENCODER, *kind.split(), "optimizer.weight_decay=0.001", "training.epochs=10")
    configs = [config_of(name, "", *more, f"seed={seed}") for seed in range(3)]
    for config, result in zip(configs, train_many(configs), strict=True):
        problem = problem_of(config)
        path = plain_searches.train(problem, start_of(problem, config), config.optimizer, 10)
        expected = path[-1][0]
        np.testing.assert_allclose(weights_of(problem, result), expected, rtol=1e-7, atol=1e-7)
        assert problem.loss(expected) < problem.loss(start_of(problem, config))


# Problems with a known answer: one linear unit on a table, whose loss is a parabola.


@pytest.fixture
def linear(tmp_path):
    rng = np.random.default_rng(0)
    inputs = rng.normal(size=(12, 4)) * [1, 2, 0.5, 1]
    targets = inputs @ [0.3, -0.2, 0.5, 0.1] + 0.2 * rng.random(12) + 0.2
    path = tmp_path / "linear.csv"
    rows = [",".join(map(repr, map(float, [*x, y]))) for x, y in zip(inputs, targets, strict=True)]
    path.write_text("\n".join(["x1,x2,x3,x4,y", *rows]) + "\n")
    own = ("task=table", f"task.path={path}", "network.hidden=1", "network.activation=linear")
    return (*own, "network.output=linear", "network.readout=sum", "init=normal"), inputs, targets


def ridge(inputs, targets, decay):
    design = np.c_[inputs, np.ones(len(inputs))]
    return np.linalg.solve(design.T @ design + decay * np.eye(5), design.T @ targets)


@pytest.mark.parametrize(
    ("name", "own", "epochs"),
    [
        # As many steps as weights, and one to be exact in spite of rounding.
        ("conjugate_gradient", "optimizer.line_search=parabolic", 6),
        ("conjugate_gradient", "optimizer.curvature=0.001", 8),
        ("lbfgs", "optimizer.line_search=parabolic", 6),
        ("lbfgs", "", 25),
        ("scg", "", 20),
        ("levenberg_marquardt", "optimizer.damping=1e-9", 2),
        ("steepest_descent", "optimizer.line_search=parabolic", 400),
        ("steepest_descent", "", 400),
        ("steepest_descent", "optimizer.line_search=backtracking", 400),
        ("conjugate_gradient", "optimizer.line_search=backtracking", 60),
        ("lbfgs", "optimizer.line_search=backtracking", 40),
    ],
)
def test_the_minimum_of_a_parabola_is_found(name, own, epochs, linear):
    overrides, inputs, targets = linear
    decay = "optimizer.weight_decay=0.1"
    result = train(config_of(name, own, *overrides, decay, f"training.epochs={epochs}"))
    found = [*result.weights[0][:, 0], *result.biases[0]]
    np.testing.assert_allclose(found, ridge(inputs, targets, 0.1), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "method"), [("conjugate_gradient", "CG"), ("lbfgs", "L-BFGS-B")])
def test_scipy_finds_the_same_minimum_for_a_like_price(name, method):
    config = config_of(
        name, "", *ENCODER, "optimizer.weight_decay=0.01", "seed=1", "training.epochs=200"
    )
    problem = problem_of(config)
    theirs = optimize.minimize(
        problem.loss,
        start_of(problem, config),
        jac=problem.gradient,
        method=method,
        options={"gtol": 1e-7, "ftol": 1e-15} if method == "L-BFGS-B" else {"gtol": 1e-7},
    )
    config.training.min_gradient = 1e-6
    ours = train(config)
    assert problem.loss(weights_of(problem, ours)) == pytest.approx(theirs.fun, rel=1e-9)
    assert evaluations_of(ours) < 2 * theirs.nfev


# Derivatives


@pytest.mark.parametrize("wiring", [{}, {"skip": True}, {"skip": "all"}])
@pytest.mark.parametrize("output", ["sigmoid", "tanh", "linear", "softsign", "softmax"])
def test_the_jacobian_agrees_with_finite_differences(output, wiring):
    sizes, width, rng = (2, 2, 2, 2), 3, np.random.default_rng(1)
    shape = Shape(sizes, "tanh", output, 0.01, "half_mse", "float64", Wiring(**wiring))
    inputs, count = rng.normal(size=(5, 2)), parameter_count(sizes, shape.wiring)
    networks = Parameters.empty(Program("float64"), sizes, width, shape.wiring)
    networks.packed[:] = start = rng.normal(size=(count, width))
    jacobian = Jacobian(shape, inputs, networks.packed)
    squares = jacobian.squares().copy()
    whole = Pass(shape, inputs, np.zeros((5, 2)), None, networks)
    forward, near = whole.forward().calls, 1e-5
    rows = np.empty((count, 5, 2, width))
    for k in range(count):
        ends = []
        for sign in (1, -1):
            networks.packed[:] = start
            networks.packed[k] += sign * near
            for call in forward:
                call()
            ends.append(whole.outputs.copy())
        rows[k] = (ends[0] - ends[1]) / (2 * near)
    networks.packed[:] = start
    for one in range(2):
        jacobian.squares()
        np.testing.assert_allclose(jacobian.rows(one), rows[:, :, one], rtol=1e-6, atol=1e-8)
    lower = np.tril_indices(count)
    expected = np.einsum("kpon,lpon->kln", rows, rows)
    np.testing.assert_allclose(squares[lower], expected[lower], rtol=1e-6, atol=1e-7)


# How runs end, and what is counted


@pytest.mark.parametrize("name", SEARCHING)
def test_a_run_ends_where_nothing_lower_is_found(name):
    decay = "optimizer.weight_decay=0.05"
    result = train(config_of(name, "", "init=uniform", decay, "training.epochs=2000"))
    assert result.outcome == "unsolved"  # with so much decay zero weights are the minimum
    assert result.epochs_run < 500
    assert result.steps[-1] == result.epochs_run


@pytest.mark.parametrize("name", SEARCHING)
def test_evaluations_are_counted_to_the_solution_and_to_the_end(name):
    more = ("init=uniform", "init.range=1", "training.epochs=60")
    configs = [config_of(name, "", *more, f"seed={seed}") for seed in range(20)]
    results = train_many(configs)
    for config in configs:
        config.training.stop_when_solved = True
    checked = 0
    for result, stopped in zip(results, train_many(configs), strict=True):
        at = evaluations_of(result, "evaluations_to_solve")
        if stopped.outcome == "solved":
            checked += 1
            assert evaluations_of(stopped) == at <= evaluations_of(result)
        else:
            assert at is None
            assert evaluations_of(stopped) == evaluations_of(result)
        assert all(np.isfinite(value) for value in result.numbers().values())
    assert checked > 3


def test_other_optimizers_record_no_evaluations():
    result = train(configure("training.epochs=20"))
    assert not [name for name in result.metrics if name.startswith("evaluations")]


@pytest.mark.parametrize("name", SEARCHING)
def test_what_cannot_be_searched_is_refused(name):
    for update in ("online", "minibatch training.batch_size=2"):
        with pytest.raises(ConfigError, match=rf"training\.update=\w+: must be batch .*={name}"):
            config_of(name, "", *f"training.update={update}".split())


def test_levenberg_marquardt_needs_a_squared_error():
    with pytest.raises(
        ConfigError, match=r"training\.loss=cross_entropy: must be half_sse or half_"
    ):
        config_of("levenberg_marquardt", "", "training.loss=cross_entropy")
