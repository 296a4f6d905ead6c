"""Tests of the seam: a user's own trainer."""
