"""A command in this process, and where its main thread was: importing, training, recording, ...

Usage: python -m tests.benchmarks.sampled BEGAN FILE ARGUMENT ...

BEGAN is when the process was started, in seconds since 1970. A thread looks every few milliseconds;
the seconds of each part are written to FILE as JSON. Little is imported here, as that would count.
"""

import sys
import threading
import time
from types import FrameType

_EVERY = 0.004  # seconds
# Parts by file and function, an empty one for any. The innermost frame that fits counts.
PARTS = (
    ("import", "importlib._bootstrap", ""),
    ("figures", "/sweeps/ending.py", "finish"),
    ("figures", "/commands/single_run.py", "_draw"),
    ("record", "/sweeps/record.py", ""),
    ("record", "/tracking/write/", ""),
    ("store", "/tracking/store/store.py", ""),
    ("store", "/sweeps/finished.py", ""),
    ("compose", "/config/", ""),
    ("compose", "/sweeps/compose.py", ""),
    ("train", "/sweeps/pipeline.py", "train_and_record"),
    ("train", "/networks/train.py", ""),
)


def part_of(frame: FrameType | None) -> str:
    while frame is not None:
        for part, file, function in PARTS:
            if file in frame.f_code.co_filename and function in ("", frame.f_code.co_name):
                return part
        frame = frame.f_back
    return "other"


def main() -> None:
    began, file, *arguments = sys.argv[1:]
    spent = {"import": time.time() - float(began)}
    thread, ended = threading.get_ident(), threading.Event()

    def look() -> None:
        before = time.perf_counter()
        while not ended.wait(_EVERY):
            part, now = part_of(sys._current_frames().get(thread)), time.perf_counter()
            spent[part] = spent.get(part, 0.0) + now - before
            before = now

    watch = threading.Thread(target=look)
    watch.start()
    sys.argv = ["xorlab", *arguments]
    try:
        from xorlab.commands.built_in import main as command

        code = command()
    finally:
        ended.set()
        watch.join()
        import json
        from pathlib import Path

        Path(file).write_text(json.dumps(spent))
    sys.exit(code)


if __name__ == "__main__":
    main()
