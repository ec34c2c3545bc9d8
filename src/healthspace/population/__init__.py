"""A synthetic population, deterministic from a seed: citizens, families, histories, and their documents as bytes. Pure."""

from healthspace.population.build import build
from healthspace.population.model import Directory, Home, SyntheticCitizen, SyntheticDocument, Traits

__all__ = ["Directory", "Home", "SyntheticCitizen", "SyntheticDocument", "Traits", "build"]
