"""The seam: what the harness asks of a trainer, and how a user's own function becomes one."""
