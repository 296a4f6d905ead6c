"""What a line search is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.config.groups import Registered

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xorlab.networks.line import Line
    from xorlab.networks.program import Array

MOST = 20  # trials of one search
DECREASE = 1e-4  # of the decrease that the first slope promises, the share that is enough


class LineSearch(Registered, package="xorlab.networks.line_searches"):
    """Finds a length at which the loss is lower, for many networks side by side.

    A network that has found one waits, at its length, until all have: it tries no more, and its
    numbers do not depend on the others.
    """

    @staticmethod
    def search(line: Line, first: Array, values: Mapping[str, Array]) -> Array:
        """The lengths that are found.

        Args:
            line: begun; networks that are not `open` have length 0.
            first: (W,) the lengths to try first.
            values: numbers of the optimizer by name, each () or (W,).

        Returns:
            (W,) lengths, 0 where no lower loss was found.
        """
        raise NotImplementedError
