"""The built-in trainer: networks as array programs, and the loop over epochs."""
