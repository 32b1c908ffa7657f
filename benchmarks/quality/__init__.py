"""How good rankings are (by example, in words, tags, verdicts), compared with other encoders and programs."""
