"""What is found in sounds beside their vectors: events, facts, fingerprints, tunes, and the words that are said."""
