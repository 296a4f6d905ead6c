"""What `xorlab-repeat` concludes, and what has changed since a run was recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

SAME = "the same bits"


def changed(tags: Mapping[str, str]) -> list[str]:
    """What has changed since the run was recorded, of what decides its bits, and git's state."""
    from xorlab.system.environment import decoded, differences, environment
    from xorlab.system.git import CHANGES_TAG, COMMIT_TAG, ENVIRONMENT_TAG, provenance

    lines = differences(decoded(tags.get(ENVIRONMENT_TAG)), environment())
    here = provenance(Path.cwd()).tags()
    if COMMIT_TAG in tags:
        for tag, name in ((COMMIT_TAG, "git commit"), (CHANGES_TAG, "uncommitted changes")):
            then, now = tags.get(tag, "none"), here.get(tag, "none")
            if then != now:
                lines.append(f"{name} of the working folder: {then} then, {now} now")
    return lines


def conclusion(same: bool, changed: Sequence[str], rtol: float = 0.0) -> list[str]:
    """The last lines that are printed.

    Args:
        same: whether the run repeats.
        changed: what has changed since it was recorded.
        rtol: the relative tolerance to which it repeats; 0 for every bit.
    """
    if same:
        exactly = f"to rtol={rtol:g}" if rtol else "bit for bit"
        if not changed:
            return [f"The run repeats {exactly}."]
        return [f"The run repeats {exactly}, although this has changed:", *_listed(changed)]
    if changed:
        return ["The run does not repeat. What has changed since:", *_listed(changed)]
    return [
        "The run does not repeat, although code, libraries and processor are the same as then: "
        "its record may have been altered."
    ]


def _listed(lines: Sequence[str]) -> list[str]:
    return [f"  - {line}" for line in lines]
