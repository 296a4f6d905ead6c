"""Clusters that can train: one engine per file, found by the file's name.

With a file NAME.py here, ``hydra.launcher.engine=NAME`` trains on it. It defines

- ``make(options)``: an `xorlab.engines.local.Executor`, most easily a subclass of
  `xorlab.engines.engine.Engine`, connected to its cluster
- ``KEYS``: the keys of `xorlab.config.launcher_keys.LauncherConfig` that it uses, besides
  ``engine`` and ``workers``
- ``REQUIRED``: those it needs, each with what must be given.
"""

from __future__ import annotations

import pkgutil

CLUSTERS = tuple(module.name for module in pkgutil.iter_modules(__path__))
