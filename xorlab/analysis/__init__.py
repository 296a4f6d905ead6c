"""From tidy tables of runs and curves to statistics and figures."""
