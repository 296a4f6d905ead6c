"""scikit-learn: how often and how soon does a small perceptron read digits?

python digits.py -m 'seed=range(0,100)' hidden=8,16 lr=0.03,0.1
"""

import warnings
from dataclasses import dataclass, field
from functools import cache

import numpy as np
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from sklearn.neural_network import MLPClassifier

import xorlab


@dataclass
class Digits:
    seed: int = 0
    hidden: int = xorlab.field(16, help="hidden units", at_least=1, example="hidden=8,16")
    lr: float = xorlab.field(0.1, help="step size", above=0, example="lr=0.03,0.1")
    epochs: int = xorlab.field(40, help="passes over the training images", at_least=1)
    target: float = xorlab.field(0.9, help="solved at this test accuracy", above=0, below=1)
    verbose: bool = field(default=False, compare=False)  # no part of a run's identity


@cache
def images() -> list[np.ndarray]:
    pixels, digit = load_digits(return_X_y=True)
    return train_test_split(pixels / 16, digit, train_size=600, random_state=0)


@xorlab.trainer(version=1)
def train(config: Digits) -> xorlab.Result:
    """A perceptron with one hidden layer learns scikit-learn's handwritten digits."""
    inputs, test_inputs, targets, test_targets = images()
    network = MLPClassifier(
        (config.hidden,),
        solver="sgd",
        learning_rate_init=config.lr,
        random_state=config.seed,
        verbose=config.verbose,
    )
    note = xorlab.Recorder(solved=lambda now: now["accuracy"] >= config.target)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # overflow, where a run diverges
        for epoch in range(1, config.epochs + 1):
            network.partial_fit(inputs, targets, classes=range(10))
            accuracy = network.score(test_inputs, test_targets)
            if note(epoch, loss=network.loss_, accuracy=accuracy):
                break
    return note.result(hidden=network.coefs_[0], output=network.coefs_[1])


if __name__ == "__main__":
    xorlab.main(train)
