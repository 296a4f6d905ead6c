"""Activation functions, one per file."""
