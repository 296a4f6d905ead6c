"""Landscapes: one network trained for every pixel of a plane of two configuration keys."""
