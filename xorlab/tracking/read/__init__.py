"""Reading runs, curves, weights and sweeps from a store."""
