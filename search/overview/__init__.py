"""Views of a whole library: facets, duplicates, the map."""
