"""A search for a step that lowers the loss enough and leaves little of its slope."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xorlab.networks.line_searches.line_search import DECREASE, MOST, LineSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xorlab.networks.line import Line
    from xorlab.networks.program import Array


class Wolfe(LineSearch, name="wolfe", order=2):
    """The strong conditions of Wolfe (1969), found as in Nocedal & Wright (2006, section 3.5).

    A length a is taken where E(a) <= E(0) + 1e-4 a E'(0), and the size of E'(a) is at most
    ``curvature`` times that of E'(0).
    Lengths are doubled until an interval holds such a one; it is then narrowed by parabolas
    through its better end, no nearer to an end than a tenth of it. Where the trials run out, the
    best length that meets the first condition is taken.
    """

    @staticmethod
    def search(line: Line, first: Array, values: Mapping[str, Array]) -> Array:
        """The lengths that are found."""
        import numpy as np

        searching = line.open.copy()
        length = np.where(searching, first, 0)
        # The better end of the interval, and the other: infinite until there is one.
        near, near_loss, near_slope = np.zeros_like(length), line.loss, line.slope
        far, far_loss = np.full_like(length, np.inf), np.full_like(length, np.inf)
        for _ in range(MOST):
            loss = line.value(length, searching)
            slope = line.slopes()
            enough = loss <= line.loss + DECREASE * length * line.slope
            better = enough & (loss < near_loss) & np.isfinite(slope)
            flat = np.abs(slope) <= -values["curvature"] * line.slope
            searching &= ~(better & flat)
            if not searching.any():
                break
            turned = better & (slope * (far - near) >= 0)
            far = np.where(better, np.where(turned, near, far), length)
            far_loss = np.where(better, np.where(turned, near_loss, far_loss), loss)
            near_loss = np.where(better, loss, near_loss)
            near_slope = np.where(better, slope, near_slope)
            near = np.where(better, length, near)
            inner = _between(near, near_loss, near_slope, far, far_loss)
            longer = np.where(np.isinf(far), 2 * near, inner)
            length = np.where(searching, longer, length)
        return np.where(searching, near, length)


def _between(
    near: Array, near_loss: Array, near_slope: Array, far: Array, far_loss: Array
) -> Array:
    """The minimum of a parabola through the better end, as far as it is well inside."""
    import numpy as np

    width = far - near
    fall = near_slope * width
    share = fall / (2 * (fall - (far_loss - near_loss)))
    share = np.where(np.isfinite(share) & np.isfinite(far_loss), share, 0.5).clip(0.1, 0.9)
    inner: Array = near + share * width
    return inner
