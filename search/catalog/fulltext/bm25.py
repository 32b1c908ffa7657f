"""Okapi BM25 as FTS5 counts it, for full texts that know no rarity: the weights, the constants, the least rarity."""

from __future__ import annotations

import math
from typing import Final

K1: Final = 1.2
B: Final = 0.75
LEAST_IDF: Final = 1e-6
"""What FTS5 gives a word that more than half of all have."""


def idf(clips: int, having: int) -> float:
    """How much a word tells that ``having`` of ``clips`` have (S. Robertson and K. Spärck Jones, 1976)."""
    rarity = math.log((clips - having + 0.5) / (having + 0.5)) if clips >= having else 0.0
    return rarity if rarity > 0 else LEAST_IDF


def part(frequency: float, length: float, mean_length: float) -> float:
    """What a word says that is there so often, in a text of ``length`` words: 0 to 2.2."""
    spread = K1 * (1 - B + B * length / mean_length)
    return frequency * (K1 + 1) / (frequency + spread)
