"""Couponry: promotion codes, self-hosted."""
