"""Optimizers that search, for one network and one trial at a time, in plain NumPy.

Nothing here is shared with xorlab: each method is written from its paper, over one flat vector.
"""

from __future__ import annotations

import math

import numpy as np

from tests.helpers import plain_data


class Problem:
    """The loss of one network over flat weights; counts the points at which it is asked for."""

    def __init__(self, layers, inputs, targets, hidden, output, kind, decay=0.0):
        self.shapes = [(w.shape, b.shape) for w, b in layers]
        self.inputs, self.targets, self.decay, self.kind = inputs, targets, decay, kind
        self.how = hidden, output, kind
        self.evaluations = 0

    def layers(self, w):
        found, start = [], 0
        for (rows, columns), (biases,) in self.shapes:
            middle = start + rows * columns
            found.append((w[start:middle].reshape(rows, columns), w[middle : middle + biases]))
            start = middle + biases
        return found

    def flat(self, layers):
        return np.concatenate([part.ravel() for layer in layers for part in layer])

    def loss(self, w):
        value = plain_data.loss(self.layers(w), self.inputs, self.targets, *self.how)
        return value + self.decay / 2 * (w @ w)

    def gradient(self, w):
        found = plain_data.gradient(self.layers(w), self.inputs, self.targets, *self.how)
        return self.flat(found) + self.decay * w

    def trial(self, w):
        self.evaluations += 1
        return self.loss(w)

    def squares(self, w):
        """J^T J of the outputs by the weights, times the scale of the loss.

        A row of J is the gradient of half a squared error of which all outputs but one have none.
        """
        total = np.zeros((len(w), len(w)))
        for x in self.inputs:
            y = plain_data.answers(self.layers(w), x, *self.how[:2])[-1]
            for one in np.eye(len(y)):
                row = plain_data.gradient(
                    self.layers(w), [x], np.array([y - one]), *self.how[:2], "half_sse"
                )
                total += np.outer(self.flat(row), self.flat(row))
        return total * (1 / self.targets.size if self.kind == "half_mse" else 1.0)


# Line searches: from E(0) and its slope along d to a length, or 0.


def backtracking(problem, w, d, loss, slope, length, c):
    for _ in range(20):
        now = problem.trial(w + length * d)
        if now <= loss + 1e-4 * length * slope:
            return length
        share = 0.1
        if math.isfinite(now):
            share = slope * length / (2 * (slope * length - (now - loss)))
        length *= min(max(share, 0.1), 0.5)
    return 0.0


def wolfe(problem, w, d, loss, slope, length, c):
    near, far = (0.0, loss, slope), None
    for _ in range(20):
        now = problem.trial(w + length * d)
        rise = problem.gradient(w + length * d) @ d
        if now > loss + 1e-4 * length * slope or now >= near[1]:
            far = (length, now)
        else:
            if abs(rise) <= -c.curvature * slope:
                return length
            if rise >= 0 if far is None else rise * (far[0] - near[0]) >= 0:
                far = near[:2]
            near = (length, now, rise)
        if far is None:
            length = 2 * near[0]
        else:
            width = far[0] - near[0]
            share = near[2] * width / (2 * (near[2] * width - (far[1] - near[1])))
            length = near[0] + min(max(share, 0.1), 0.9) * width
    return near[0]


def parabolic(problem, w, d, loss, slope, length, c):
    golden = (3 - math.sqrt(5)) / 2
    low, middle, high = (0.0, loss), (0.0, loss), None
    for trial in range(20):
        point = (length, problem.trial(w + length * d))
        if point[1] < middle[1]:
            if point[0] > middle[0]:
                low, middle = middle, point
            else:
                high, middle = middle, point
        elif point[0] > middle[0]:
            high = point
        else:
            low = point
        if high is None:
            length = middle[0] + (middle[0] - low[0]) / (1 - golden)
            continue
        x, y, z = low[0], middle[0], high[0]
        inside = near = False
        if y > 0:
            a = (middle[1] - low[1]) * (z - y)
            b = (middle[1] - high[1]) * (y - x)
            if a + b != 0:
                away = (a * (z - y) - b * (y - x)) / (2 * (a + b))
                inside = x < y + away < z and trial % 3 != 2
                near = abs(away) < 1e-3 * y
            if z - x <= 2e-3 * y or (inside and near):
                break
        section = golden * (z - y if z - y > y - x else x - y)
        length = y + (away if inside else section)
    return middle[0]


SEARCHES = {"backtracking": backtracking, "wolfe": wolfe, "parabolic": parabolic}


# Directions: from minus the gradient, and what was kept, to a direction.


def steepest_descent(s, step, w, c):
    return step, False


def conjugate_gradient(s, step, w, c):
    d = step
    if "step" in s:
        beta = step @ (step - s["step"]) / (s["step"] @ s["step"])
        d = step + max(beta, 0.0) * s["d"]
        if not d @ step > 0:
            d = step
    s.update(step=step, d=d)
    return d, False


def lbfgs(s, step, w, c):
    """Nocedal & Wright 2006, algorithm 7.4; the oldest pair comes first."""
    pairs = s.setdefault("pairs", [])
    if "w" in s:
        moved, change = w - s["w"], s["step"] - step
        if moved @ change > np.finfo(float).eps * (change @ change):
            pairs.append((moved, change))
            del pairs[: -c.memory]
    s.update(w=w, step=step)
    q, shares = step.copy(), []
    for moved, change in reversed(pairs):
        shares.append(moved @ q / (moved @ change))
        q -= shares[-1] * change
    if pairs:
        moved, change = pairs[-1]
        q *= moved @ change / (change @ change)
    for (moved, change), share in zip(pairs, reversed(shares), strict=True):
        q += (share - change @ q / (moved @ change)) * moved
    return q, bool(pairs)


DIRECTIONS = {
    "steepest_descent": steepest_descent,
    "conjugate_gradient": conjugate_gradient,
    "lbfgs": lbfgs,
}


def descending(problem, w, c):
    """One vector of weights after another."""
    s, before = {}, None
    direct, search = DIRECTIONS[c.choice_name], SEARCHES[c.line_search]
    while True:
        step, loss = -problem.gradient(w), problem.loss(w)
        if before is None:
            s = {}
        d, whole = direct(s, step, w, c)
        if not d @ step > 0:
            d = step
        slope, unit = -(d @ step), min(1.0, 1 / math.sqrt(d @ d))
        length = unit
        if whole:
            length = 1.0
        elif before is not None and before > loss:
            length = 2.02 * (loss - before) / slope
        length = search(problem, w, d, loss, slope, length, c)
        before = loss if length > 0 else None
        w = w + length * d
        yield w


def scg(problem, w, c):
    """Moller 1993, page 530; restarted after as many steps as there are weights."""
    scale, held, count, success = c.lambda_0, 0.0, 0, True
    r = p = None
    while True:
        loss = problem.loss(w)
        if success:
            new = -problem.gradient(w)
            if count in (0, len(w)):
                p, count = new, 0
            else:
                p = new + (new @ new - new @ r) / (p @ r) * p
                if not p @ new > 0:
                    p, count = new, 0
            r, held = new, 0.0
            near = c.sigma / math.sqrt(p @ p)
            problem.evaluations += 1
            delta = p @ (problem.gradient(w + near * p) + r) / near
        square, product = p @ p, p @ r
        delta += (scale - held) * square
        if delta <= 0:
            held = 2 * (scale - delta / square)
            delta = -delta + scale * square
            scale = held
        length = product / delta
        gain = 2 * delta * (loss - problem.trial(w + length * p)) / product**2
        success = gain >= 0
        if success:
            w, held, count = w + length * p, 0.0, count + 1
        else:
            held = scale
        if gain >= 0.75:
            scale /= 4
        elif gain < 0.25:
            scale += delta * (1 - gain) / square
        yield w


def levenberg_marquardt(problem, w, c):
    """Hagan & Menhaj 1994."""
    damping = c.damping
    while True:
        loss, g = problem.loss(w), problem.gradient(w)
        squares = problem.squares(w)
        while damping <= 1e10:
            diagonal = (damping + problem.decay) * np.eye(len(w))
            moved = w - np.linalg.solve(squares + diagonal, g)
            if problem.trial(moved) < loss:
                w, damping = moved, damping / c.damping_factor
                break
            damping *= c.damping_factor
        yield w


RULES = dict.fromkeys(DIRECTIONS, descending) | {
    "scg": scg,
    "levenberg_marquardt": levenberg_marquardt,
}


def train(problem, w, c, epochs):
    """The weights after every epoch, and the trials until then."""
    steps = RULES[c.choice_name](problem, w, c)
    return [(next(steps), problem.evaluations) for _ in range(epochs)]
