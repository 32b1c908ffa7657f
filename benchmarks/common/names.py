"""Made-up clip names with natural word frequencies: the n-th of 20,000 words has a share like 1 / n (Zipf)."""

from __future__ import annotations

import math
import random

VOCABULARY = 20_000
WORDS_PER_NAME = 3
_ONSETS = ("b", "d", "f", "g", "k", "l", "m", "n", "p", "r", "s", "t", "v", "w", "z", "sh", "tr", "st", "pl", "kr")
_STEP = 1_299_709
"""A prime, so that words of neighbouring ranks are spelt differently and no two ranks share a word."""
_VOWELS = ("a", "e", "i", "o", "u", "ai", "ou", "ea")


def name(number: int) -> str:
    """Return the name of clip ``number``, the same every time."""
    rng = random.Random(number)  # noqa: S311 - a made-up name
    return "_".join(word(_rank(rng.random())) for _ in range(WORDS_PER_NAME))


def question(number: int) -> str:
    """Return two of the words of clip ``number``, as a user would type them."""
    return " ".join(name(number).split("_")[:2])


def word(rank: int) -> str:
    """Return the word of a rank (from 1): three syllables that no other rank has."""
    syllables = []
    spelt = rank * _STEP % (len(_ONSETS) * len(_VOWELS)) ** 3
    for _ in range(3):
        spelt, place = divmod(spelt, len(_ONSETS) * len(_VOWELS))
        syllables.append(_ONSETS[place % len(_ONSETS)] + _VOWELS[place // len(_ONSETS)])
    return "".join(syllables)


def _rank(share: float) -> int:
    """The rank below which ``share`` of all words lie. The sum of 1 / n grows as the logarithm of n."""
    return math.floor(math.pow(VOCABULARY, share))
