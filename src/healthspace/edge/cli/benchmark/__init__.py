"""`healthspace bench`: a service of its own under load, beside what PostgreSQL alone does with the same rows."""
