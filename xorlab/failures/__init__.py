"""Why runs failed: classes of failure from weights, gradients and curves."""
