"""How fast and how exact the vector index is, compared with other engines."""
