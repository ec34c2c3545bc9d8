"""Reviews: what the agency looks at in the trail, and what citizens ask about it."""
