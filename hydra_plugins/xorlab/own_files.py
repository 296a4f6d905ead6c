"""Gives Hydra's compose API the schema of xorlab, where xorlab's own files are composed."""

from pathlib import Path

from hydra.core.config_search_path import ConfigSearchPath
from hydra.plugins.search_path_plugin import SearchPathPlugin


class OwnFiles(SearchPathPlugin):
    """Registers the schema if `conf/` of xorlab is on the search path, and nothing otherwise.

    The command and `xorlab.configure` register it themselves.
    """

    def manipulate_search_path(self, search_path: ConfigSearchPath) -> None:
        """Look at the path; it stays as it is."""
        paths = [str(one.path) for one in search_path.get_path()]
        if not any(_may_be_ours(path) for path in paths):
            return
        from xorlab.config.directory import config_directory
        from xorlab.config.registration import register_schema

        own = config_directory().resolve()
        folders = (Path(path.removeprefix("file://")).resolve() for path in paths)
        if "pkg://xorlab.conf" in paths or own in folders:
            from xorlab.trainers.find import built_in

            trainer = built_in()
            if trainer is not None:
                register_schema(trainer.schema)


def _may_be_ours(path: str) -> bool:
    """Most applications end here, before anything is imported."""
    return path == "pkg://xorlab.conf" or Path(path).name == "conf"
