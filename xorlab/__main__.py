"""The `xorlab` command, for `python -m xorlab`."""

from xorlab.commands.entry import xorlab

if __name__ == "__main__":
    xorlab()
