"""Reports: one HTML page for a sweep."""
