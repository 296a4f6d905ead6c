"""Landscapes: one network for every pixel of a plane."""
