"""After a published study: what the paper reports, beside what its runs show."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

_PRESET = "+study="
_SAME_STUDY = ("tracking.", "hydra.", "hydra/")  # keys that change no result


def study_of(overrides: Sequence[str]) -> str | None:
    """The published study that a command line repeats as it is; None for any other sweep."""
    names = [one.removeprefix(_PRESET) for one in overrides if one.startswith(_PRESET)]
    others = [one for one in overrides if not one.startswith((_PRESET, *_SAME_STUDY))]
    if len(names) != 1 or others:
        return None
    from xorlab.studies.replication.registry import STUDIES

    study = STUDIES.get(names[0])
    return names[0] if study is not None and study.published else None


def print_published(study: str, runs: pd.DataFrame) -> None:
    """Print the published values of a study, what its runs measure, and which agree.

    Args:
        study: its preset.
        runs: of its sweep, as `xorlab.load_runs` returns them.
    """
    from rich.box import SIMPLE_HEAD
    from rich.table import Table

    from xorlab.studies.replication.agreement import agreement_table
    from xorlab.studies.replication.markdown import COLUMNS, row_cells
    from xorlab.sweeps.console import make_console

    rows = agreement_table({study: runs}).to_dict("records")
    table = Table(*COLUMNS, box=SIMPLE_HEAD, title=f"{rows[0]['source']}: published and measured")
    for row in rows:
        cells = row_cells(row)
        table.add_row(*(cells[name].replace("**", "") for name in COLUMNS))
    make_console().print(table)
