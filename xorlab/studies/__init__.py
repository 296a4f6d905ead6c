"""Published studies: what papers claim, what is measured, and how it is compared."""
