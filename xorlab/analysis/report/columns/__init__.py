"""The columns of the table of settings. A new statistic is one new file here.

Every module of this package defines

- ``ORDER``: a number; columns of modules with smaller numbers come first,
- ``columns(data)``: a list of `xorlab.analysis.report.column.Column`, computed from a
  `xorlab.analysis.report.column.GroupedRuns`; an empty list where there is nothing to show.

The table appears in the report, in the description of a sweep and, where it is wide enough, on
the terminal.
"""
