"""NumPy with a batched twin: does a perceptron separate random points (Cover 1965)?

python perceptrons.py -m 'seed=range(0,200)' points=20,40,60 inputs=20
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

import xorlab


@dataclass
class Points:
    seed: int = 0
    points: int = xorlab.field(40, help="random points, each in one of two classes", at_least=1)
    inputs: int = xorlab.field(20, help="numbers of each point", at_least=1)
    epochs: int = xorlab.field(200, help="passes over the points", at_least=1)


def drawn(config: Points) -> tuple[np.ndarray, np.ndarray]:
    draw = np.random.default_rng(config.seed)
    points = draw.standard_normal((config.points, config.inputs))
    return points, draw.choice([-1.0, 1.0], config.points)


@xorlab.trainer(version=1)
def train(config: Points) -> xorlab.Result:
    """Rosenblatt's rule on random points: up to two for each input can mostly be separated."""
    return train_many([config])[0]


@train.many(together=lambda config: (config.points, config.inputs, config.epochs))
def train_many(configs: Sequence[Points]) -> list[xorlab.Result]:
    """All runs of one shape at once: runs first, so that each has the same bits as alone."""
    points, classes = map(np.stack, zip(*map(drawn, configs), strict=True))
    weights = np.zeros((len(configs), configs[0].inputs))
    notes = [xorlab.Recorder(solved=lambda now: now["errors"] == 0) for _ in configs]
    ended = np.zeros(len(configs), bool)
    for epoch in range(configs[0].epochs + 1):
        outputs = (points * weights[:, None]).sum(axis=2)
        errors = (outputs * classes <= 0).sum(axis=1)
        for n in np.flatnonzero(~ended):  # a run that has ended notes nothing more
            ended[n] = notes[n](epoch, errors=errors[n])
        if ended.all():
            break
        for point in range(configs[0].points):
            wrong = (points[:, point] * weights).sum(axis=1) * classes[:, point] <= 0
            weights[wrong] += (classes[:, point, None] * points[:, point])[wrong]
    return [note.result() for note in notes]


if __name__ == "__main__":
    xorlab.main(train)
