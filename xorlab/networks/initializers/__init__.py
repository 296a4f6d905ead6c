"""How initial weights are drawn, one initialiser per file."""
