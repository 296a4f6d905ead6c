"""Landscapes: one run for every pixel of a plane of two configuration keys, of any trainer."""
