"""A published study: where it appeared, how large it was, and the numbers that it printed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pandas as pd

from xorlab.studies.replication.sample import Measured, Statistic

MeasureRuns = Callable[[pd.DataFrame], Measured]


@dataclass(frozen=True)
class PublishedValue:
    """One number that a paper printed.

    Attributes:
        quantity: what was measured, with its unit.
        printed: the number as the paper prints it.
        low: the least value that the printed number may stand for, given how it was rounded.
        high: the largest such value.
        measure: the same quantity of our runs: a statistic of one setting's networks, or a
            function of the runs of all settings.
        where: a param and its value; only the runs that have it count. None for all runs.
        limit: epochs after which a run counts as not solved; None for the runs' own.
        post_hoc: the protocol was chosen after another one was seen not to agree. Such a value is
            shown, but never counted as an agreement: a number that was searched for confirms
            nothing.
        in_readme: whether the short table of the README has it.
        uncounted: why the row is shown but not counted as a statement of its own: it follows from
            other rows, or the paper's words had to be read as a number. None for a counted row.
        untestable: why no sample can agree or disagree with it; None where one can.
        number: the printed number, where it is not the middle of what it may stand for.
    """

    quantity: str
    printed: str
    low: float
    high: float
    measure: Statistic | MeasureRuns
    where: tuple[str, object] | None = None
    limit: int | None = None
    post_hoc: bool = False
    in_readme: bool = False
    uncounted: str | None = None
    untestable: str | None = None
    number: float | None = None

    @property
    def middle(self) -> float:
        """The printed number: the middle of the values that it may stand for, if not stated."""
        return (self.low + self.high) / 2 if self.number is None else self.number


@dataclass(frozen=True)
class Study:
    """One preset that repeats a published experiment.

    Attributes:
        preset: its name in ``conf/study``, and that of its MLflow experiment.
        source: author and year, and the network where the paper has several.
        networks: how many the paper trained per setting; None if it does not say.
        published: the numbers that it printed.
        small: overrides that make a sweep of it small, to see that it runs.
        order: where it stands in the tables: lowest first.
        files: data that its user brings into the folder where it is run.
        prepare: what is done to the runs before they are measured, where the study's success or
            its count of epochs is not ours; None for nothing.
    """

    preset: str
    source: str
    networks: int | None
    published: tuple[PublishedValue, ...]
    small: tuple[str, ...]
    order: int
    files: tuple[str, ...] = ()
    prepare: Callable[[pd.DataFrame], pd.DataFrame] | None = None

    def find(self, quantity: str) -> PublishedValue:
        """The published value whose quantity begins like this.

        Raises:
            KeyError: the study has none.
        """
        for value in self.published:
            if value.quantity.startswith(quantity):
                return value
        raise KeyError(quantity)


def rounded(value: float, unit: float = 1.0) -> tuple[float, float]:
    """The range that a printed number may stand for: half a unit of its last digit either way."""
    return value - unit / 2, value + unit / 2


def order_of_magnitude(
    quantity: str,
    value: float,
    measure: Statistic | MeasureRuns,
    where: tuple[str, object] | None = None,
) -> PublishedValue:
    """A number whose protocol is so little known that only its order of magnitude can agree.

    It does where ours may be up to the root of 10 times larger or smaller. Such a row is not
    counted.
    """
    factor = 10.0**0.5
    return PublishedValue(
        quantity,
        f"{value:,.0f}" if value == int(value) else f"{value:,.1f}",
        value / factor,
        value * factor,
        measure,
        where=where,
        uncounted="order of magnitude",
        number=value,
    )
