"""Statistics of runs: rates, times, intervals, tests."""
