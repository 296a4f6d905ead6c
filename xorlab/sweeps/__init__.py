"""Sweeps: plan, shards, training on every core, recording, resuming."""
