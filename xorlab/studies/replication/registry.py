"""All published studies: every module directly in `xorlab.studies` defines some."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import xorlab.studies
from xorlab.studies.replication.study import Study


def _find_studies() -> dict[str, Study]:
    names = [module.name for module in iter_modules(xorlab.studies.__path__) if not module.ispkg]
    found: list[Study] = []
    for name in names:
        found += import_module(f"{xorlab.studies.__name__}.{name}").STUDIES
    return {study.preset: study for study in sorted(found, key=lambda study: study.order)}


STUDIES = _find_studies()  # by preset, in the order of the tables
