"""The outbox: results that wait for a tracking server."""
