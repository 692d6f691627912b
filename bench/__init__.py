"""Measurements: each a ratio of Couponry to PostgreSQL doing the same work bare, side by side in one run."""
