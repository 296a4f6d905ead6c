"""The keys of a training: what is minimised, for how long, and when a run is solved or ends."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from xorlab.config.closed import Closed
from xorlab.config.fields import (
    choice,
    is_finite,
    is_flag,
    is_integer,
    is_optional,
    is_positive,
    key,
)
from xorlab.networks.losses.loss import Loss
from xorlab.networks.updates.update import UpdateSchedule

DTYPES = ("float64", "float32")
BACKENDS = NUMPY, COMPILED = ("numpy", "compiled")
WITHIN, RIGHT_SIDE = CRITERIA = ("within", "right_side")
STOPS = ("never", "solved", "patience", "generalisation_loss", "progress")
MAX_EPOCHS = 100_000_000


def is_stop(v: Any) -> bool:
    """Whether a value names what ends a run, or lists several such names."""
    if isinstance(v, list):
        return bool(v) and len(set(map(str, v))) == len(v) and all(one in STOPS[1:] for one in v)
    return v in STOPS


@dataclass
class TrainingConfig(Closed):
    """What is minimised, for how long, and when a run counts as solved."""

    loss: str = choice(
        "half_sse",
        tuple(Loss.choices()),
        "half the summed or mean squared error, or cross-entropy",
        "training.loss=cross_entropy",
    )
    update: str = choice(
        "batch",
        tuple(UpdateSchedule.choices()),
        "one update per epoch, one per pattern in order, or one per training.batch_size patterns "
        "in an order that each run draws anew for every epoch",
        "training.update=online",
    )
    batch_size: int | None = key(
        None,
        "how many patterns an update sees where training.update=minibatch; the last of an epoch "
        "sees what is left",
        "an integer >= 1, where and only where training.update=minibatch",
        "training.update=minibatch training.batch_size=16",
        is_optional(is_integer(1, MAX_EPOCHS)),
    )
    epochs: int = key(
        10_000,
        "passes over all patterns",
        f"an integer from 1 to {MAX_EPOCHS}",
        "training.epochs=3000",
        is_integer(1, MAX_EPOCHS),
    )
    tolerance: float = key(
        0.4,
        "solved when every output is within this of its target",
        "a number > 0 and < 1",
        "training.tolerance=0.1",
        lambda v: is_finite(v) and 0 < v < 1,
    )
    target_loss: float | None = key(
        None,
        "if set: solved when the mean squared error is at or below this instead",
        "a number > 0, or null",
        "training.target_loss=0.01",
        is_optional(is_positive),
    )
    min_gradient: float | None = key(
        None,
        "if set: end a run, unsolved, when the norm of the gradient of what is minimised over all "
        "patterns (weight decay included; a sum or a mean as training.loss is, online too) falls "
        "below this",
        "a number > 0, or null",
        "training.min_gradient=1e-4",
        is_optional(is_positive),
    )
    target_accuracy: float | None = key(
        None,
        "if set: solved when at least this share of the training set is answered rightly instead: "
        "classes by the largest output, other targets by every output being nearer to its target "
        "than to the other code",
        "a number > 0 and <= 1, or null",
        "task=dataset training.target_accuracy=0.95",
        is_optional(lambda v: is_positive(v) and v <= 1),
    )
    stop: Any = key(
        "never",
        "what ends a run before its last epoch, besides training.min_gradient, training.min_loss "
        "and training.patience: that it is solved; that its validation loss has not improved for "
        "training.patience epochs; that this has risen by training.max_generalisation_loss; that "
        "its training loss makes no more progress than training.min_progress. But for solved, the "
        "weights of the least validation loss are kept where there is a validation set",
        f"one of {', '.join(STOPS)}, or a list, as [generalisation_loss,progress]",
        "task=dataset task.validation=0.25 training.stop=generalisation_loss",
        is_stop,
        silent_default=True,
    )
    max_generalisation_loss: float = key(
        5.0,
        "for training.stop=generalisation_loss: by how many percent the validation loss may exceed "
        "its least so far (GL of Prechelt 1994)",
        "a finite number >= 0",
        "task=dataset task.validation=0.25 training.stop=generalisation_loss "
        "training.max_generalisation_loss=2",
        lambda v: is_finite(v) and v >= 0,
        silent_default=True,
    )
    min_progress: float = key(
        0.1,
        "for training.stop=progress: by how many per thousand the mean training loss of "
        "training.strip epochs must exceed the least of them (P of Prechelt 1994)",
        "a finite number > 0",
        "training.stop=progress training.min_progress=1",
        is_positive,
        silent_default=True,
    )
    strip: int = key(
        5,
        "for training.stop=progress: how many epochs are looked at together",
        "an integer from 1 to 1000",
        "training.stop=progress training.strip=10",
        is_integer(1, 1000),
        silent_default=True,
    )
    validate_every: int = key(
        1,
        "the validation set is looked at in every n-th epoch, step 0 included: to end a run, to "
        "keep the weights of its least loss, for epochs_to_generalise; curves do not depend on it",
        f"an integer from 1 to {MAX_EPOCHS}",
        "task=dataset task.validation=0.25 training.stop=generalisation_loss "
        "training.validate_every=5",
        is_integer(1, MAX_EPOCHS),
        silent_default=True,
    )
    min_loss: float | None = key(
        None,
        "if set: end a run, solved or not, when the mean squared error falls below this",
        "a number > 0, or null",
        "training.min_loss=1e-7 training.criterion=right_side training.solved_at_end=true",
        is_optional(is_positive),
    )
    patience: int | None = key(
        None,
        "if set: end a run, solved or not, when its least mean squared error has not fallen by "
        "more than training.min_improvement for more than this many epochs",
        f"an integer from 1 to {MAX_EPOCHS}, or null",
        "training.patience=10 training.min_improvement=1e-6",
        is_optional(is_integer(1, MAX_EPOCHS)),
    )
    min_improvement: float = key(
        0.0,
        "by how much less than the least so far a mean squared error must be to count as an "
        "improvement for training.patience",
        "a finite number >= 0",
        "training.patience=10 training.min_improvement=1e-6",
        lambda v: is_finite(v) and v >= 0,
        silent_default=True,
    )
    criterion: str = choice(
        WITHIN,
        CRITERIA,
        "what solves a run: every output within training.tolerance (or a loss at or below "
        "training.target_loss, where that is set), or every output nearer to its target than to "
        "the other code",
        "training.criterion=right_side",
        silent_default=True,
    )
    solved_at_end: bool = key(
        False,
        "false: solved at the first step that meets the criterion, though the run may lose it "
        "again; true: solved only if the criterion is met where the run ends",
        "true or false",
        "training.solved_at_end=true",
        is_flag,
        silent_default=True,
    )
    stop_when_solved: bool = key(
        False,
        "end a run at the step at which it is solved",
        "true or false",
        "training.stop_when_solved=true",
        is_flag,
    )
    record_every: int | None = key(
        None,
        "record the loss at every n-th step; null: at about 200 log-spaced steps",
        "an integer >= 1, or null",
        "training.record_every=10",
        is_optional(is_integer(1, MAX_EPOCHS)),
    )
    dtype: str = choice("float64", DTYPES, "precision of the arithmetic", "training.dtype=float32")
    backend: str = choice(
        NUMPY,
        BACKENDS,
        "what trains: NumPy, or machine code that LLVM makes of the same steps, in about a second "
        "for each new shape of network (pip install 'xorlab[compiled]'); it is faster, and gives "
        "the same bits on every processor",
        "training.backend=compiled",
        silent_default=True,
    )
