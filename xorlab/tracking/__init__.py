"""Runs into MLflow and back: the only package that knows MLflow."""
