"""How fast the engine indexes sounds and answers queries, and how much memory it needs."""
