"""Figures of runs and settings."""
