"""Engines: where a sweep is trained, this machine or a cluster that is there already.

Each is one file with one class, an `xorlab.engines.local.Executor`. A cluster's worker needs
NumPy and xorlab alone; `worker` is all that runs there.
"""
