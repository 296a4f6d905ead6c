"""One more file in a copy of the package is enough to add one more kind of something."""
