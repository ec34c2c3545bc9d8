"""Code systems and value sets that the project ships: those of the R4 definitions and of the French record."""
