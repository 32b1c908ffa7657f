"""What the encoders of the family ``cnn`` share: the shipped one's name, the rate, the window and its hop."""

from __future__ import annotations

NAME = "soundalike-1"
"""The variant that ships with the package."""

SAMPLE_RATE_HZ = 32_000
WINDOW_S, HOP_S = 5.0, 2.5
"""Of the whole family; chosen on learning material (docs/decisions): shorter windows rank worse, longer ones blur the
time stamps."""
FRAME_S = 0.32
"""From one frame of a network's last map to the next, with the usual front end: 32 hops of 10 ms."""
FRONT_END_REVISION = 1
"""Part of every fingerprint of the family; goes up when the same weights would give other vectors."""
