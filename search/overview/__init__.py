"""What is known of a library as a whole: facets, duplicates, the map."""
