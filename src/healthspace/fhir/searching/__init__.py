"""Search parameters of R4 (search.html): where their values are, what they are, and whether one resource meets a term."""
