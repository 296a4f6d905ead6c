"""A process that draws the picture of one run.

It reads the arrays of `xorlab.analysis.figures.surface.run_arrays` from its input, an npz file, and
writes the PNG file to its output. While it waits for them it imports matplotlib.
"""

from __future__ import annotations

import io
import os
import sys
from queue import SimpleQueue
from threading import Thread


def main() -> None:
    """Draw what comes in; end at once where the process that started this one has ended."""
    received = SimpleQueue[bytes]()
    Thread(target=_read, args=(received,), daemon=True).start()
    import numpy as np

    from xorlab.analysis.figures.run_picture import run_png

    with np.load(io.BytesIO(received.get()), allow_pickle=False) as arrays:
        picture = run_png(dict(arrays))
    sys.stdout.buffer.write(picture)


def _read(received: SimpleQueue[bytes]) -> None:
    content = sys.stdin.buffer.read()
    if not content:
        os._exit(0)  # also in the middle of an import
    received.put(content)


if __name__ == "__main__":
    main()
