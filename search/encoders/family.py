"""Constants of the encoder family ``cnn``: the name of the shipped encoder, sample rate, window and hop."""

from __future__ import annotations

NAME = "soundalike-1"
"""The variant that ships with the package."""

SAMPLE_RATE_HZ = 32_000
WINDOW_S, HOP_S = 5.0, 2.5
"""Chosen on training data (docs/decisions): shorter windows rank worse, longer ones blur times."""
FRAME_S = 0.32
"""The hop between frames of a network's last map, with the default front end: 32 hops of 10 ms."""
FRONT_END_REVISION = 1
"""Part of every fingerprint of the family; increases when the same weights would give other vectors."""
