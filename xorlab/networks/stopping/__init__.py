"""Rules that end a run by its loss, one module for each."""
