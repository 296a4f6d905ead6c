"""The compiled backend: the calls of a program, read and written anew as machine code."""
