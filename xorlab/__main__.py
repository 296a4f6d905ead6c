"""The `xorlab` command, for `python -m xorlab`."""

import sys

from xorlab.commands.entry import xorlab as main

if __name__ == "__main__":
    sys.exit(main())
