"""Published studies, one module for each, and how their numbers compare with tracked runs."""
