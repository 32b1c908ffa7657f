"""How good rankings are: by example, in words, tags, verdicts; beside the peers."""
