"""What people type in one line: words that are not wanted (`dog -cat`, `dog NOT cat`), beside what is.

Phrases in quotes stay one for names (`search.catalog.words`); an encoder reads them without their quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from search.model import Part, TextPart

_UNWANTED: Final = re.compile(r'(?:(?<=\s)|^)(?:-(?=[^\s\d-])|NOT\s+-?)("[^"]*"|[^\s"]+)')
"""A minus before a word and after a space, or NOT in capitals: neither `sci-fi` nor `-20 dB` refuses anything."""


def spread(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts, and behind them one for each word or phrase that a wanted part in words says is not wanted.

    A part of which nothing else is left becomes the first of these.
    """
    own: list[Part] = []
    behind: list[Part] = []
    for part in parts:
        unwanted = _UNWANTED.findall(part.text) if isinstance(part, TextPart) and part.weight > 0 else []
        if not isinstance(part, TextPart) or not unwanted:
            own.append(part)
            continue
        refused = [TextPart(text, -part.weight) for text in unwanted if text.strip('"').strip()]
        rest = " ".join(_UNWANTED.sub(" ", part.text).split())
        if rest:
            own.append(replace(part, text=rest))
        elif refused:
            own.append(refused.pop(0))
        behind += refused
    return (*own, *behind)
