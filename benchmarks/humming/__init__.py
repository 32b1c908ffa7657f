"""How well tunes are found by humming."""

PARTS = ("hums", "absent", "baselines", "growth", "recordings")
"""The parts of the benchmark; all of them by default."""

ANYWHERE, BEGINNING = "from anywhere", "from the beginning"
LEAP, SHORT, SINGLE_NOTES, HALF_TEMPO = "one octave jump", "3 to 4 s", "single-note jumps", "half tempo"

AT_EVERY_LEVEL = (ANYWHERE, BEGINNING)
AT_MIDDLE_LEVEL = (LEAP, SHORT, SINGLE_NOTES, HALF_TEMPO)
"""Each of these starts anywhere in the tune."""
CONDITIONS = AT_EVERY_LEVEL + AT_MIDDLE_LEVEL
"""The conditions of hums; all of them by default."""
