"""The network's mathematics against definitions and finite differences."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.helpers.strategies import shapes
from xorlab.networks.activations.abs import Abs
from xorlab.networks.activations.activation import Activation
from xorlab.networks.losses.loss import Loss
from xorlab.networks.parameters import Parameters, pack, parameter_count, unpack, unpack_shortcuts
from xorlab.networks.passes import Pass
from xorlab.networks.program import Program
from xorlab.networks.tasks.tasks import make_task
from xorlab.networks.train import shape_of
from xorlab.networks.wiring import Wiring

PLAIN = {
    "sigmoid": lambda z, slope: 1 / (1 + np.exp(-z)),
    "tanh": lambda z, slope: np.tanh(z),
    "relu": lambda z, slope: np.where(z > 0, z, 0.0),
    "leaky_relu": lambda z, slope: np.where(z > 0, z, slope * z),
    "linear": lambda z, slope: z,
    "abs": lambda z, slope: np.abs(z),
    "softsign": lambda z, slope: z / (1 + np.abs(z)),
    "softmax": lambda z, slope: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
}
ALONE = [name for name, kind in Activation.choices().items() if not kind.couples]


def plain_forward(column, shape, inputs):
    """The textbook's forward pass of one network."""
    weights, biases = unpack(column[:, None], shape.sizes, shape.wiring)
    shortcuts = unpack_shortcuts(column[:, None], shape.sizes, shape.wiring)
    links = shape.wiring.shortcuts(shape.sizes)
    a, below = inputs, [inputs]
    for layer in range(len(shape.sizes) - 1):
        last = layer == len(shape.sizes) - 2
        if last and shape.wiring.readout == "sum":
            z = a.sum(axis=1, keepdims=True)
        else:
            z = a @ weights[layer][0] + biases[layer][0]
        for name, (source, target) in links.items():
            if target == layer + 1:
                z = z + below[source] @ shortcuts[name][0]
        a = PLAIN[shape.output if last else shape.activation](z, shape.slope)
        below.append(a)
    return a


def make(config, seed, width=3, dense=False):
    task = make_task(config.task)
    sizes = (task.inputs.shape[1], *config.hidden, task.targets.shape[1])
    shape = replace(shape_of(config, sizes), dtype="float64")
    program = Program("float64")
    parameters = Parameters.empty(program, sizes, width, shape.wiring)
    parameters.packed[:] = np.random.default_rng(seed).normal(0, 0.7, parameters.packed.shape)
    step = Parameters.empty(program, sizes, width, shape.wiring)
    codes = None if dense else task.codes
    return task, shape, parameters, step, Pass(shape, task.inputs, task.targets, codes, parameters)


def run(program):
    for call in program.calls:
        call()


@settings(max_examples=80)
@given(config=shapes(), seed=st.integers(0, 2**32 - 1), dense=st.booleans())
def test_the_forward_pass_is_the_textbooks(config, seed, dense):
    task, shape, parameters, _, network = make(config, seed, dense=dense)
    run(network.forward())
    for index in range(parameters.packed.shape[1]):
        expected = plain_forward(parameters.packed[:, index], shape, task.inputs)
        np.testing.assert_allclose(network.outputs[..., index], expected, rtol=1e-12, atol=1e-13)
        np.testing.assert_allclose(
            network.error[..., index], task.targets - expected, rtol=1e-12, atol=1e-12
        )


@settings(max_examples=80)
@given(config=shapes(), seed=st.integers(0, 2**32 - 1), dense=st.booleans())
def test_the_backward_pass_is_minus_the_gradient_by_finite_differences(config, seed, dense):
    task, shape, parameters, step, network = make(config, seed, dense=dense)
    rate = Program("float64").constant(1.0)
    run(network.forward())
    run(network.backward(step, rate))
    loss = Loss.choices()[shape.loss]
    scale = loss.scale(*task.targets.shape)
    column, size = parameters.packed[:, 1].copy(), 1e-6

    def value(shifted):
        return loss.value(plain_forward(shifted, shape, task.inputs), task.targets)

    for k in range(len(column)):
        up, down = column.copy(), column.copy()
        up[k] += size
        down[k] -= size
        left, right = (value(column) - value(down)) / size, (value(up) - value(column)) / size
        if abs(left - right) > 1e-3 * (1 + abs(left)):
            continue  # a kink lies between the two: there is no gradient to compare with
        gradient = (value(up) - value(down)) / (2 * size)
        assert scale * step.packed[k, 1] == pytest.approx(-gradient, rel=2e-5, abs=2e-6)


def test_the_rate_multiplies_the_step():
    from xorlab.networks.config import Config

    rates = np.array([0.5, 2.0, 3.0])
    *_, step, network = make(Config(), 0)
    run(network.forward())
    run(network.backward(step, np.array(1.0)))
    plain = step.packed.copy()
    *_, step, network = make(Config(), 0)
    run(network.forward())
    run(network.backward(step, rates))
    np.testing.assert_allclose(step.packed, plain * rates, rtol=1e-14)


def test_softmax_is_finite_wherever_its_sums_lie():
    z, program = np.array([[[1e3, -1e300], [1e3, 0.0], [-1e3, 5.0]]]), Program("float64")
    Activation.choices()["softmax"].apply(program, z, 0.0, np.empty(0))
    run(program)
    assert z[0, :, 0].tolist() == [0.5, 0.5, 0.0]
    np.testing.assert_allclose(z.sum(axis=1), 1)


@pytest.mark.parametrize("name", ALONE)
def test_an_activation_and_its_slope_are_what_their_name_says(name):
    z = np.linspace(-4, 4, 41).reshape(1, 1, 41)[..., z_without_zero()]
    program, activation = Program("float64"), Activation.choices()[name]
    a = -z if activation.negated else z.copy()
    kept = np.empty_like(z)
    activation.apply(program, a, 0.2, kept)
    run(program)
    expected = PLAIN[name](z, 0.2)
    np.testing.assert_allclose(a, expected, rtol=1e-14)
    descend, delta = Program("float64"), np.full_like(z, 3.0)
    activation.backward(descend, a, delta, a * delta, 0.2, kept)
    run(descend)
    h = 1e-6
    slope = (PLAIN[name](z + h, 0.2) - PLAIN[name](z - h, 0.2)) / (2 * h)
    np.testing.assert_allclose(a, 3 * slope, rtol=1e-7, atol=1e-9)


def z_without_zero():
    return np.arange(41) != 20


@given(
    sizes=st.lists(st.integers(1, 5), min_size=3, max_size=5),
    readout=st.sampled_from(["dense", "sum"]),
    skips=st.sampled_from([False, True, "all"]),
    seed=st.integers(0, 99),
)
def test_packing_and_unpacking_layers_is_lossless(sizes, readout, skips, seed):
    rng, wiring = np.random.default_rng(seed), Wiring(readout, skips)
    shapes = list(pairwise(sizes))[: -1 if readout == "sum" else None]
    weights = [rng.random(shape) for shape in shapes]
    biases = [rng.random(units) for _, units in shapes]
    links = wiring.shortcuts(sizes)
    shortcuts = {name: rng.random((sizes[s], sizes[t])) for name, (s, t) in links.items()}
    column = pack(weights, biases, shortcuts)
    assert column.shape == (parameter_count(sizes, wiring),)
    back, offsets = unpack(column[:, None], sizes, wiring)
    for given_, returned in zip(weights + biases, back + offsets, strict=True):
        np.testing.assert_array_equal(given_, returned[0])
    direct = unpack_shortcuts(column[:, None], sizes, wiring)
    assert direct.keys() == shortcuts.keys()
    for name, weight in shortcuts.items():
        np.testing.assert_array_equal(direct[name][0], weight)
    layers = len(sizes)
    assert len(links) == {False: 0, True: 1, "all": (layers - 1) * (layers - 2) // 2}[skips]


def test_abs_has_no_slope_at_its_kink():
    z, kept = np.array([[[-0.0, 0.0, -2.0, 3.0]]]), np.empty((1, 1, 4))
    forward, back = Program("float64"), Program("float64")
    Abs.apply(forward, z, 0.0, kept)
    run(forward)
    assert z.tolist() == [[[0, 0, 2, 3]]]
    Abs.backward(back, z, np.full_like(z, 5.0), 5 * z, 0.0, kept)
    run(back)
    assert z.tolist() == [[[0, 0, -5, 5]]]


@given(count=st.integers(1, 40), seed=st.integers(0, 99))
def test_a_fold_is_a_sum_whose_order_does_not_depend_on_the_width(count, seed):
    terms = np.random.default_rng(seed).normal(size=(count, 7))
    sums = []
    for width in (7, 2):
        program = Program("float64")
        used, out = terms[:, :width].copy(), np.empty(width)
        program.fold(used, 0, out)
        run(program)
        sums.append(out[:2].tobytes())
        np.testing.assert_allclose(out, terms[:, :width].sum(axis=0), rtol=1e-12, atol=1e-13)
    assert sums[0] == sums[1]


@settings(max_examples=40)
@given(config=shapes(), seed=st.integers(0, 2**32 - 1))
def test_the_emitted_loss_is_the_one_that_is_defined(config, seed):
    task, shape, parameters, _, network = make(config, seed)
    run(network.forward())
    program, found = Program("float64"), np.empty(parameters.packed.shape[1])
    loss = Loss.choices()[shape.loss]
    loss.emit(program, network.outputs, network.error, task.targets[:, :, None], found)
    run(program)
    for index, value in enumerate(found * loss.scale(*task.targets.shape)):
        expected = loss.value(network.outputs[..., index], task.targets)
        assert value == pytest.approx(expected, rel=1e-10, abs=1e-12)
