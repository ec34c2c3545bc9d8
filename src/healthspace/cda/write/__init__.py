"""Writing CI-SIS CDA R2 documents: values in, bytes out. One module per kind of document. Pure."""
