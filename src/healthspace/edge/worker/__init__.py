"""Timers: what the service does by itself."""
