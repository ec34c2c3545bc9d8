"""Patches of resources (R4 http.html#patch): RFC 6902, FHIRPath Patch, and the forms that the French guides use."""
