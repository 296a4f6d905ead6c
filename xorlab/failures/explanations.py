"""What each class of failure means, and what to try, in words for the reader of one run."""

from __future__ import annotations

from dataclasses import dataclass

from xorlab.failures.classes import (
    DIVERGED,
    IMPROVING,
    MINIMUM,
    OSCILLATING,
    OVERSHOT,
    SADDLE,
    SATURATED,
)


@dataclass(frozen=True)
class Explanation:
    """One class of failure in words.

    Attributes:
        meaning: what happened, as a sentence.
        advice: what usually helps, as a sentence.
    """

    meaning: str
    advice: str


_WHERE_IT_HAS = ", where the optimizer has one"

EXPLANATIONS = {
    SADDLE: Explanation(
        "The loss can still fall from here, but the surface is so flat, or so bent, that the run "
        "hardly moves.",
        "Try larger steps (optimizer.lr, momentum, or another optimizer), more "
        "training.epochs, or another seed.",
    ),
    OVERSHOT: Explanation(
        "The first step was so long that the loss rose, and it never came back: units sit where "
        "their activation is flat, so almost no error reaches the weights.",
        f"Try much smaller steps (optimizer.lr{_WHERE_IT_HAS}): a tenth, then a tenth of that.",
    ),
    SATURATED: Explanation(
        "Units sit where their activation is flat, so almost no error reaches the weights.",
        "Try another seed, or more hidden units; smaller initial weights (init=uniform "
        "init.range=0.5), training.loss=cross_entropy or smaller steps (optimizer.lr) help some "
        "runs.",
    ),
    MINIMUM: Explanation(
        "The run ended at a local minimum, or close to one: going down from here removes less than "
        "a tenth of the loss.",
        "More epochs will hardly help: try another seed, or one hidden unit more.",
    ),
    OSCILLATING: Explanation(
        "The steps are too long for this surface: the run jumps from side to side, and its loss "
        "goes up and down, or stays where it is.",
        f"Try smaller steps (optimizer.lr{_WHERE_IT_HAS}), or less momentum.",
    ),
    IMPROVING: Explanation(
        "The loss was still falling when the run ended.",
        f"Try more training.epochs, or larger steps (optimizer.lr{_WHERE_IT_HAS}); if "
        "a rule ended the run earlier (training.stop, training.min_gradient), loosen the rule.",
    ),
    DIVERGED: Explanation(
        "A weight or the loss grew beyond every finite number.",
        "Try a smaller optimizer.lr, or smaller initial weights.",
    ),
}


def advice(failure: str, early: bool, has_rate: bool) -> str:
    """What usually helps, for one run.

    Args:
        failure: its class.
        early: whether a rule ended it before its last epoch.
        has_rate: whether its optimizer has a learning rate.
    """
    if failure == IMPROVING:
        if early:
            return "Loosen the rule that ended it, or leave it out."
        steps = ", or larger steps (optimizer.lr)" if has_rate else ""
        return f"Try more training.epochs{steps}."
    text = EXPLANATIONS[failure].advice
    return text.replace(_WHERE_IT_HAS, "") if has_rate else text
