"""Tasks: the patterns that a network learns."""
