"""All published studies: every module directly in `xorlab.studies` defines some."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

import xorlab.studies
from xorlab.studies.replication.study import Study


def _find_studies() -> list[tuple[str, Study]]:
    names = [module.name for module in iter_modules(xorlab.studies.__path__) if not module.ispkg]
    found = [
        (name, study)
        for name in names
        for study in import_module(f"{xorlab.studies.__name__}.{name}").STUDIES
    ]
    return sorted(found, key=lambda pair: pair[1].order)


_FOUND = _find_studies()
STUDIES = {study.preset: study for _, study in _FOUND}  # by preset, in the order of the tables
# The module that defines each study: the notebook about it has the same name.
MODULES = {study.preset: module for module, study in _FOUND}
