"""One 2-2-1 network on XOR in plain Python: gradients by hand, update rules from their papers.

Nothing here is shared with xorlab. Weights are a flat list, unit by unit: two weights and a bias
for each hidden unit, then for the output.
"""

from __future__ import annotations

import math

PATTERNS = [((0, 0), 0), ((0, 1), 1), ((1, 0), 1), ((1, 1), 0)]


def sigmoid(z):
    return 1 / (1 + math.exp(-z)) if z > -700 else 0.0


def gradient(w, patterns=PATTERNS, scale=1.0):
    """dE/dw for E = scale * 1/2 sum (t - y)^2."""
    g = [0.0] * 9
    for (x1, x2), t in patterns:
        h1 = sigmoid(w[0] * x1 + w[1] * x2 + w[2])
        h2 = sigmoid(w[3] * x1 + w[4] * x2 + w[5])
        y = sigmoid(w[6] * h1 + w[7] * h2 + w[8])
        dy = scale * (y - t) * y * (1 - y)
        d1, d2 = dy * w[6] * h1 * (1 - h1), dy * w[7] * h2 * (1 - h2)
        parts = (d1 * x1, d1 * x2, d1, d2 * x1, d2 * x2, d2, dy * h1, dy * h2, dy)
        g = [total + part for total, part in zip(g, parts, strict=True)]
    return g


def loss(w, patterns=PATTERNS, scale=1.0):
    """E, whose gradient that is."""
    total = 0.0
    for (x1, x2), t in patterns:
        h1 = sigmoid(w[0] * x1 + w[1] * x2 + w[2])
        h2 = sigmoid(w[3] * x1 + w[4] * x2 + w[5])
        total += scale * 0.5 * (sigmoid(w[6] * h1 + w[7] * h2 + w[8]) - t) ** 2
    return total


def gd(g, w, s, c):
    """Rumelhart, Hinton & Williams 1986; weight decay is added to the gradient."""
    s["dw"] = -c.lr * (g + c.weight_decay * w) + c.momentum * s.get("dw", 0.0)
    return s["dw"]


def sign(x):
    return (x > 0) - (x < 0)


def rprop(g, w, s, c):
    """Riedmiller & Braun 1993, with weight backtracking.

    The sign of a product is that of two signs, also where the product is too small for a number.
    """
    size, before = s.get("size", c.delta_0), s.get("g", 0.0)
    if sign(before) * sign(g) > 0:
        size = min(size * c.eta_plus, c.delta_max)
        dw = -sign(g) * size
    elif sign(before) * sign(g) < 0:
        size = max(size * c.eta_minus, c.delta_min)
        dw = -s["dw"]
        g = 0.0
    else:
        dw = -sign(g) * size
    s.update(size=size, g=g, dw=dw)
    return dw


def irprop_minus(g, w, s, c):
    """Igel & Huesken 2003: a weight whose gradient changes sign waits."""
    size, before = s.get("size", c.delta_0), s.get("g", 0.0)
    if sign(before) * sign(g) > 0:
        size = min(size * c.eta_plus, c.delta_max)
    elif sign(before) * sign(g) < 0:
        size = max(size * c.eta_minus, c.delta_min)
        g = 0.0
    s.update(size=size, g=g)
    return -sign(g) * size


def irprop_plus(g, w, s, c):
    """Igel & Huesken 2003: it goes back where the loss, s["E"], has risen."""
    size, before = s.get("size", c.delta_0), s.get("g", 0.0)
    if sign(before) * sign(g) < 0:
        size = max(size * c.eta_minus, c.delta_min)
        dw = -s["dw"] if s["E"] > s["last"] else 0.0
        g = 0.0
    else:
        if sign(before) * sign(g) > 0:
            size = min(size * c.eta_plus, c.delta_max)
        dw = -sign(g) * size
    s.update(size=size, g=g, dw=dw, last=s["E"])
    return dw


def quickprop(g, w, s, c):
    """Fahlman 1988."""
    slope = g + c.weight_decay * w
    last, before = s.get("dw", 0.0), s.get("slope", 0.0)
    dw = 0.0
    if last == 0:
        dw -= c.lr * slope
    else:
        same = slope * last < 0  # the slope still points the way of the last step
        if c.gradient_term == "always" or (c.gradient_term == "same_sign" and same):
            dw -= c.lr * slope
        limit = c.mu / (1 + c.mu) * before
        if (last > 0 and slope <= limit) or (last < 0 and slope >= limit):
            dw += c.mu * last
        else:
            dw += last * slope / (before - slope)
    s.update(dw=dw, slope=slope)
    return dw


def adam(g, w, s, c):
    """Kingma & Ba 2015, algorithm 1."""
    t = s.get("t", 0) + 1
    m = c.beta1 * s.get("m", 0.0) + (1 - c.beta1) * g
    v = c.beta2 * s.get("v", 0.0) + (1 - c.beta2) * g * g
    s.update(t=t, m=m, v=v)
    return -c.lr * (m / (1 - c.beta1**t)) / (math.sqrt(v / (1 - c.beta2**t)) + c.epsilon)


def delta_bar_delta(g, w, s, c):
    """Jacobs 1988."""
    rate, mean = s.get("rate", c.lr), s.get("mean", 0.0)
    if mean * g > 0:
        rate += c.kappa
    elif mean * g < 0:
        rate -= c.phi * rate
    s.update(rate=rate, mean=(1 - c.theta) * g + c.theta * mean)
    return -rate * g


RULES = {
    "gd": gd,
    "rprop": rprop,
    "quickprop": quickprop,
    "adam": adam,
    "delta_bar_delta": delta_bar_delta,
    "irprop_plus": irprop_plus,
    "irprop_minus": irprop_minus,
}


def train(w, config, epochs, scale=1.0):
    """The weights before every epoch and after the last."""
    rule, states, path = RULES[config.name], [{} for _ in w], [list(w)]
    return _train(rule, states, path, config, epochs, [PATTERNS], scale)


def train_online(w, config, epochs):
    """The same with an update after every pattern."""
    rule, states, path = RULES[config.name], [{} for _ in w], [list(w)]
    return _train(rule, states, path, config, epochs, [[p] for p in PATTERNS], 1.0)


def _train(rule, states, path, config, epochs, batches, scale):
    w = list(path[0])
    for _ in range(epochs):
        for patterns in batches:
            g, error = gradient(w, patterns, scale), loss(w, patterns, scale)
            for state in states:
                state["E"] = error
            w = [v + rule(d, v, s, config) for v, d, s in zip(w, g, states, strict=True)]
        path.append(w)
    return path
