"""Summaries: what a sweep records about itself when it ends."""
