"""A network on data in plain NumPy, one pattern and one network at a time; gradients by hand.

Nothing here is shared with xorlab. Layers are a list of (weights (I, O), biases (O,)).
"""

from __future__ import annotations

import numpy as np

F = {
    "tanh": (np.tanh, lambda a: 1 - a**2),
    "sigmoid": (lambda z: 1 / (1 + np.exp(-z)), lambda a: a * (1 - a)),
    "softsign": (lambda z: z / (1 + np.abs(z)), lambda a: (1 - np.abs(a)) ** 2),
    "linear": (lambda z: z, np.ones_like),
}


def answers(layers, x, hidden, output):
    """The activations of every layer for one pattern, inputs first."""
    a = [x]
    for weights, biases in layers[:-1]:
        a.append(F[hidden][0](a[-1] @ weights + biases))
    z = a[-1] @ layers[-1][0] + layers[-1][1]
    if output == "softmax":
        e = np.exp(z - z.max())
        return [*a, e / e.sum()]
    return [*a, F[output][0](z)]


def loss(layers, inputs, targets, hidden, output, kind):
    """The loss of some patterns: a sum over patterns, half_mse a mean."""
    total = 0.0
    for x, t in zip(inputs, targets, strict=True):
        y = answers(layers, x, hidden, output)[-1]
        if kind == "categorical_cross_entropy":
            total -= np.log(y[t == 1][0])
        else:
            total += 0.5 * ((y - t) ** 2).sum()
    return total / targets.size if kind == "half_mse" else total


def gradient(layers, inputs, targets, hidden, output, kind):
    """Its gradient, layer by layer."""
    found = [(np.zeros_like(w), np.zeros_like(b)) for w, b in layers]
    for x, t in zip(inputs, targets, strict=True):
        a = answers(layers, x, hidden, output)
        y, e = a[-1], a[-1] - t
        if kind == "categorical_cross_entropy":
            delta = e
        elif output == "softmax":
            delta = (np.diag(y) - np.outer(y, y)) @ e
        else:
            delta = e * F[output][1](y)
        for layer in reversed(range(len(layers))):
            found[layer][0][:] += np.outer(a[layer], delta)
            found[layer][1][:] += delta
            if layer:
                delta = (layers[layer][0] @ delta) * F[hidden][1](a[layer])
    share = 1 / targets.size if kind == "half_mse" else 1.0
    return [(share * w, share * b) for w, b in found]


def descend(layers, batches, rate, hidden, output, kind):
    """Gradient descent, one update after another."""
    for inputs, targets in batches:
        steps = gradient(layers, inputs, targets, hidden, output, kind)
        layers = [
            (w - rate * dw, b - rate * db) for (w, b), (dw, db) in zip(layers, steps, strict=True)
        ]
    return layers
