"""Healthspace: a national health space as open source."""
