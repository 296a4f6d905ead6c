"""The notebook's training loop, plain NumPy, for any number of hidden units."""

from __future__ import annotations

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def sigmoid_derivative(sig):
    return sig * (1 - sig)


def train(seed: int, hidden: int, lr: float, epochs: int, report=None) -> np.ndarray:
    """Train one network on XOR; ``report(step, loss)`` is called at every tenth of the way."""
    rng = np.random.RandomState(seed)
    weights_1, weights_2 = rng.rand(2, hidden), rng.rand(hidden, 1)
    bias_1, bias_2 = rng.rand(1, hidden), rng.rand(1, 1)
    inputs = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    targets = np.array([[0], [1], [1], [0]])
    every = max(1, epochs // 10)
    for epoch in range(epochs):
        hidden_output = sigmoid(np.dot(inputs, weights_1) + bias_1)
        output = sigmoid(np.dot(hidden_output, weights_2) + bias_2)
        error = targets - output
        delta_2 = error * sigmoid_derivative(output)
        delta_1 = delta_2.dot(weights_2.T) * sigmoid_derivative(hidden_output)
        weights_2 += hidden_output.T.dot(delta_2) * lr
        bias_2 += np.sum(delta_2, axis=0, keepdims=True) * lr
        weights_1 += inputs.T.dot(delta_1) * lr
        bias_1 += np.sum(delta_1, axis=0, keepdims=True) * lr
        if epoch % every == 0 and report is not None:
            report(epoch, float(np.mean(error**2)))
    return sigmoid(np.dot(sigmoid(np.dot(inputs, weights_1) + bias_1), weights_2) + bias_2)
