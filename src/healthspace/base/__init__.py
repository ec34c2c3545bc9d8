"""Ids, clock and error classes: what every other module may use."""
