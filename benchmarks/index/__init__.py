"""How fast and how exact the index is, beside other engines."""
