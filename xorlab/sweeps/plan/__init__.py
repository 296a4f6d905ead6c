"""Plans: which runs a sweep has, and how they are trained together."""
