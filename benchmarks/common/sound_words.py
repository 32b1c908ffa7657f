"""Words in file names that name a sound. They serve as labels of recordings that nobody has labelled."""

from __future__ import annotations

import re
from pathlib import Path

_WORDS = (
    "alarm arrow bee bell bird bottle bow breathing camera car cat chain chicken clap click clock concrete cow creak "
    "crack cricket crowd dog door drum eagle engine explosion fan fire flute footstep frog glass gong grass gravel "
    "growl guitar gun horse keyboard laugh metal night ocean phone piano pig pop rain sand saw scream sheep shoot "
    "siren slam snow splash step stone stream sword thunder train water wave whistle wind wolf wood"
)
WORDS = frozenset(_WORDS.split())
"""Words that name a sound; their plurals count too."""


def sound_words(path: str) -> frozenset[str]:
    """Return the words of a file's name that name a sound: ``sounds/RainHeavy_2.ogg`` -> ``{"rain"}``."""
    stem = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", Path(path).stem).lower()
    found = re.findall(r"[a-z]+", stem)
    return frozenset(word for name in found for word in (name, name.removesuffix("s")) if word in WORDS)
