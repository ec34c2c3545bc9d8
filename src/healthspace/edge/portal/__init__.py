"""The web pages: server-made, one module per family of screens, in French and English by the same path."""
