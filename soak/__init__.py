"""Redemptions under fire: clients that hang up, processes that are killed, and a reckoning of every use at the end."""
