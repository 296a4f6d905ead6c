"""The `xorlab-outbox` command: delivers what waited while a tracking server was away."""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from xorlab.commands.common import DONE, FAILED, command_parser, run_command
from xorlab.errors import StoreError, UsageError, error_line
from xorlab.system.credentials import HIDDEN

if TYPE_CHECKING:
    from xorlab.tracking.outbox.folder import Outbox

_NAME = "xorlab-outbox"

# Store, experiment.
Place = tuple[str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0 where nothing waits any more, 1 where something stays, 2 for wrong usage.
    """
    options = _parser().parse_args(arguments)
    return run_command(_NAME, lambda: _deliver(options.folder, options.uri))


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        _NAME,
        "Deliver the results that a sweep has kept because its tracking server did not answer: "
        "each exactly once, however often this is broken off or started.",
        "xorlab-outbox",
        "xorlab-outbox --folder /data/xorlab-outbox",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        metavar="DIR",
        help="where they wait (default: xorlab-outbox in this folder)",
    )
    parser.add_argument(
        "--uri",
        metavar="ADDRESS",
        help="deliver what waits for this server alone; needed for an address with a user name "
        "and password, which are never kept",
    )
    return parser


def _deliver(folder: Path | None, uri: str | None) -> int:
    if folder is not None and not folder.is_dir():
        raise UsageError(f"--folder {folder}: there is no such folder")
    # Imported here, so that wrong usage is reported before imports that take seconds.
    from xorlab.sweep.summary.parent_run import deliver_all
    from xorlab.tracking.outbox.folder import Outbox
    from xorlab.tracking.outbox.recorder import results
    from xorlab.tracking.store.server import ServerAwayError
    from xorlab.tracking.store.store import open_store

    outbox = Outbox(folder)
    troubles: dict[Path, str] = {}
    places = _places(outbox, troubles)
    _refuse_other(uri, places)
    addresses = {place: _address(place[0], uri) for place in sorted(places)}
    stopped: dict[str, str] = {}
    for (store, experiment), address in addresses.items():
        if address is None or store in stopped:
            continue
        count = places[store, experiment]
        sys.stdout.write(
            f"delivering {results(count)} to {store}, experiment {experiment!r}\n" if count else ""
        )
        sys.stdout.flush()
        try:
            done = deliver_all(open_store(address, experiment), outbox)
        except KeyboardInterrupt:
            left = _places(outbox, troubles)[store, experiment]
            gone = results(max(count - left, 0))
            sys.stdout.write(f"stopped: {gone} delivered, {left} left in {outbox.folder}\n")
            raise
        except ServerAwayError as error:
            stopped[store] = (
                f"the tracking server {error.address} does not answer ({error.reason}): what waits "
                f"for it stays in {outbox.folder}; repeat the command when it answers"
            )
            continue
        except StoreError as error:
            stopped[f"{store} {experiment}"] = f"{store}, experiment {experiment!r}: {error}"
            continue
        troubles |= done.troubles
        sys.stdout.write(
            f"{results(done.delivered)} delivered to {store}, experiment {experiment!r}"
            f"{f'; {done.present} were there already' if done.present else ''}\n"
        )
        for run_id in sorted(done.unfinished):
            sys.stdout.write(
                f"run {run_id} is a landscape that is not finished: start it again by the same "
                "command, which trains only what is missing\n"
            )
    if not places and not troubles:
        sys.stdout.write(f"nothing waits in {outbox.folder}\n")
    lines = [*stopped.values(), *(f"{path} is left alone: {why}" for path, why in troubles.items())]
    for line in lines:
        sys.stderr.write(error_line(_NAME, line))
    unknown = [] if uri else [store for (store, _), to in addresses.items() if to is None]
    if unknown:
        raise UsageError(
            f"results wait for {unknown[0]}, whose user name and password are not kept: give the "
            "whole address with --uri, or in MLFLOW_TRACKING_URI"
        )
    return FAILED if lines else DONE


def _places(outbox: Outbox, troubles: dict[Path, str]) -> Counter[Place]:
    """How many results wait for where; files that are damaged are added to the troubles."""
    from xorlab.tracking.outbox.pending import DamagedError, PendingSweep

    found: Counter[Place] = Counter()
    for path in (*outbox.runs(), *outbox.files(), *outbox.sweeps()):
        try:
            kept = outbox.read(path)
        except DamagedError as error:
            troubles[path] = str(error)
        else:
            found[kept.store, kept.experiment] += not isinstance(kept, PendingSweep)
    return found


def _address(store: str, uri: str | None) -> str | None:
    """The whole address of a store that waits; None where it is not known, or not asked for."""
    from xorlab.tracking.outbox.folder import place

    if uri is None and HIDDEN not in store:
        return store
    known = uri or os.environ.get("MLFLOW_TRACKING_URI")
    return known if known and place(known) == store else None


def _refuse_other(uri: str | None, places: Iterable[Place]) -> None:
    from xorlab.tracking.outbox.folder import place

    stores = sorted({store for store, _ in places})
    if uri is not None and stores and place(uri) not in stores:
        raise UsageError(f"--uri {uri}: nothing waits for it, but for {', '.join(stores)}")


if __name__ == "__main__":
    sys.exit(main())
