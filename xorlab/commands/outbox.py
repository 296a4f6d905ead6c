"""The `xorlab-outbox` command: delivers what waits for a tracking server."""

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
from xorlab.system.leaving import leave
from xorlab.system.streams import prints

if TYPE_CHECKING:
    from xorlab.tracking.outbox.folder import Outbox

_NAME = "xorlab-outbox"

Destination = tuple[str, str]  # store, experiment


@prints("xorlab-outbox")
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code.

    0 if nothing waits any more, 1 if something stays, 2 for wrong usage.
    """
    options = _parser().parse_args(arguments)
    return run_command(_NAME, lambda: _deliver(options.folder, options.uri))


def _parser() -> argparse.ArgumentParser:
    parser = command_parser(
        _NAME,
        "Deliver the results that a sweep has kept because its tracking server did not answer: "
        "each exactly once, however often this is interrupted or repeated.",
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
        "and password, which are never kept, and for results of another user",
    )
    return parser


def _deliver(folder: Path | None, uri: str | None) -> int:
    if folder is not None and not folder.is_dir():
        raise UsageError(f"--folder {folder}: there is no such folder")
    # Imported here, so that wrong usage is reported before imports that take seconds.
    from xorlab.tracking.outbox.folder import Outbox
    from xorlab.tracking.store.server import ServerAwayError

    outbox = Outbox(folder)
    waiting, failures = _waiting(outbox)
    _refuse_other(uri, waiting)
    addresses = {where: _address(where[0], uri) for where in sorted(waiting)}
    away: dict[str, str] = {}
    lines: list[str] = []
    for where, address in addresses.items():
        if address is None or where[0] in away:
            continue
        try:
            failures |= _deliver_to(where, address, outbox, waiting[where])
        except ServerAwayError as error:
            away[where[0]] = (
                f"the tracking server {error.address} does not answer ({error.reason}): what waits "
                f"for it stays in {outbox.folder}; repeat the command when it answers"
            )
        except StoreError as error:
            lines.append(f"{where[0]}, experiment {where[1]!r}: {error}")
    if not waiting and not failures:
        outbox.tidy()
        sys.stdout.write(f"nothing waits in {outbox.folder}\n")
    lines += away.values()
    lines += [f"{path} is left alone: {reason}" for path, reason in failures.items()]
    for line in lines:
        sys.stderr.write(error_line(_NAME, line))
    unknown = [] if uri else [store for (store, _), to in addresses.items() if to is None]
    if unknown:
        reason = (
            "whose user name and password are not kept"
            if HIDDEN in unknown[0]
            else "which no sweep of this user has kept results for, so that it might be another "
            "person's"
        )
        raise UsageError(
            f"results wait for {unknown[0]}, {reason}: give the whole address with --uri, or in "
            "MLFLOW_TRACKING_URI"
        )
    return FAILED if lines else DONE


def _deliver_to(where: Destination, address: str, outbox: Outbox, count: int) -> dict[Path, str]:
    """Deliver to one experiment; returns files that stay, with the reason."""
    from xorlab.sweeps.summary.finish import deliver_all
    from xorlab.tracking.outbox.recorder import results
    from xorlab.tracking.store.opening import open_store

    experiment = f"{where[0]}, experiment {where[1]!r}"
    if count:
        sys.stdout.write(f"delivering {results(count)} to {experiment}\n")
        sys.stdout.flush()
    try:
        done = deliver_all(open_store(address, where[1]), outbox)
    except KeyboardInterrupt:
        left = _waiting(outbox)[0][where]
        delivered = results(max(count - left, 0))
        sys.stdout.write(f"stopped: {delivered} delivered, {left} left in {outbox.folder}\n")
        raise
    present = f"; {done.present} were there already" if done.present else ""
    sys.stdout.write(f"{results(done.delivered)} delivered to {experiment}{present}\n")
    for run_id in sorted(done.unfinished):
        sys.stdout.write(
            f"run {run_id} is a landscape that is not finished: start it again by the same "
            "command, which trains only what is missing\n"
        )
    return done.failures


def _waiting(outbox: Outbox) -> tuple[Counter[Destination], dict[Path, str]]:
    """How many results wait for each destination, and damaged files with the reason."""
    from xorlab.tracking.outbox.pending import DamagedError, PendingSweep
    from xorlab.tracking.store.address import is_server

    found: Counter[Destination] = Counter()
    damaged: dict[Path, str] = {}
    for path in outbox.paths():
        try:
            pending = outbox.read(path)
        except FileNotFoundError:  # another process has delivered it
            continue
        except DamagedError as error:
            damaged[path] = str(error)
        else:
            if is_server(pending.store):
                found[pending.store, pending.experiment] += not isinstance(pending, PendingSweep)
            else:
                damaged[path] = f"it names no tracking server, but {pending.store}"
    return found, damaged


def _address(store: str, uri: str | None) -> str | None:
    """The whole address of a store; None if it is not known, or not asked for."""
    from xorlab.tracking.outbox.folder import address_key
    from xorlab.tracking.outbox.known_servers import known_servers

    if uri is None and HIDDEN not in store and store in known_servers():
        return store
    known = uri or os.environ.get("MLFLOW_TRACKING_URI")
    return known if known and address_key(known) == store else None


def _refuse_other(uri: str | None, waiting: Iterable[Destination]) -> None:
    from xorlab.tracking.outbox.folder import address_key

    stores = sorted({store for store, _ in waiting})
    if uri is not None and stores and address_key(uri) not in stores:
        raise UsageError(f"--uri {uri}: nothing waits for it, but for {', '.join(stores)}")


if __name__ == "__main__":
    leave(main())
