"""Runs into MLflow and back: the only room that knows MLflow."""
