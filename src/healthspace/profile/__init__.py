"""The picture that a record's resources make: facts merged, results as curves, vaccines by disease, a timeline. Pure: no I/O."""
