"""What is extracted from sounds besides vectors: events, facts, fingerprints, tunes, and spoken words."""
