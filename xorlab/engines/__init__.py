"""Where a sweep is trained: on this machine (`local`) or on a cluster that is running already.

A worker of a cluster needs only NumPy and xorlab; `worker` is all that runs there.
"""
