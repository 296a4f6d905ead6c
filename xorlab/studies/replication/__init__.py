"""What all studies share: the papers' measures, their agreement with our runs, the tables."""
