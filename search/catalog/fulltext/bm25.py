"""Okapi BM25 as FTS5 computes it, for databases without it: weights, constants, and the smallest IDF."""

from __future__ import annotations

import math
from typing import Final

K1: Final = 1.2
B: Final = 0.75
LEAST_IDF: Final = 1e-6
"""FTS5's IDF for a word that more than half of all clips have."""


def idf(clips: int, having: int) -> float:
    """The inverse document frequency of a word in ``having`` of ``clips`` (S. Robertson and K. Spärck Jones, 1976)."""
    rarity = math.log((clips - having + 0.5) / (having + 0.5)) if clips >= having else 0.0
    return rarity if rarity > 0 else LEAST_IDF


def part(frequency: float, length: float, mean_length: float) -> float:
    """The term-frequency part of BM25, 0 to 2.2, for a word with this ``frequency`` in a text of ``length`` words."""
    spread = K1 * (1 - B + B * length / mean_length)
    return frequency * (K1 + 1) / (frequency + spread)
