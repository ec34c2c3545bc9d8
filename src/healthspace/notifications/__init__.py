"""Notifications: what is told to whom, by which channel, and the centre where it is read."""
