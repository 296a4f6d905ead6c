"""Stores: opening them, their addresses, locks and errors."""
