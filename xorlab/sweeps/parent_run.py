"""The life of a parent run, of a sweep or of a landscape, from its opening to its last status."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial

from rich.console import Console

from xorlab.analysis.counts import counted
from xorlab.errors import EngineError, StoppedError, StoreError
from xorlab.sweeps.console import print_line
from xorlab.system.deadline import within
from xorlab.system.git import Provenance
from xorlab.system.program import typed_command
from xorlab.system.signals import interruptions
from xorlab.tracking.names import FAILED, KILLED
from xorlab.tracking.read.presence import what_is_missing
from xorlab.tracking.store.errors import explained_errors, mlflow_errors, release_frames
from xorlab.tracking.store.store import Store
from xorlab.tracking.write.heartbeat import heartbeats
from xorlab.tracking.write.sweep_run import Parent, SweepIdentity, close_abandoned, open_parent

_IMPATIENT, _PATIENT = 1.5, 60.0  # seconds for the last status: after Ctrl-C, and else


@contextlib.contextmanager
def parent_run(
    store: Store,
    run: SweepIdentity | Parent,
    provenance: Provenance,
    console: Console,
    reuse: bool,
    recorded: Callable[[], int] | None = None,
) -> Iterator[Parent]:
    """Keep a parent run open: RUNNING inside, and closed if the block breaks off.

    A block that ends normally closes the run itself. One that breaks off leaves it FAILED if a
    job's failure stopped it, else KILLED, and the command that resumes it is printed.

    Args:
        store: where the run is recorded.
        run: what identifies the sweep or landscape; or its run, if this process closed it before.
        provenance: code version and git state, for the run's tags.
        console: where messages go.
        reuse: whether to reopen the run of an earlier start.
        recorded: counts the runs that are recorded; None where that is not known here.

    Raises:
        StoreError: the store cannot be read or written.
    """
    with explained_errors(store):
        with _removals_explained(store):
            marked = close_abandoned(store, partial(print_line, console))
            if marked:
                were = "is" if marked == 1 else "are"
                runs = counted(marked, "run")
                console.print(f"{runs} that a killed process left behind {were} marked KILLED")
            if isinstance(run, Parent):
                parent = run
                parent.reopen(provenance)
            else:
                parent = open_parent(store, run, provenance, reuse)
        with _removals_explained(store, parent.run_id):
            try:
                with heartbeats(store, parent.run_id), interruptions():
                    yield parent
            except BaseException as error:
                release_frames(error)
                # If the store itself is broken, locked or slow, the next start closes the run.
                with contextlib.suppress(Exception):
                    if not parent.closed:
                        status = FAILED if isinstance(error, StoppedError) else KILLED
                        patience = _IMPATIENT if isinstance(error, KeyboardInterrupt) else _PATIENT
                        within(patience, partial(parent.close, status))
                if isinstance(error, KeyboardInterrupt | EngineError):
                    nothing = recorded is not None and not recorded()
                    stays = "0 runs are recorded" if nothing else "what is recorded stays"
                    print_line(console, f"\nstopped; {stays}. Go on with: {typed_command()}")
                raise


@contextlib.contextmanager
def _removals_explained(store: Store, parent: str | None = None) -> Iterator[None]:
    """Turn an error of MLflow into what others have removed meanwhile, if they have.

    Args:
        store: where the block records.
        parent: id of the parent run; None before it is open.

    Raises:
        StoreError: the experiment or the parent run was removed.
    """
    try:
        yield
    except mlflow_errors() as error:
        missing = what_is_missing(store, parent, ())
        if missing is None:
            raise
        raise StoreError(missing) from error
