"""How a gradient becomes a step: one update rule per file."""
