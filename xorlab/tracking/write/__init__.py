"""Writing runs to a store."""
