"""How well tunes are found by humming."""

PARTS = ("hums", "absent", "baselines", "growth", "recordings")
"""What can be measured; all of it by default."""
