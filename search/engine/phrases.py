"""What people type in one line: words that are not wanted (`dog -cat`, `dog NOT cat`), beside what is.

Phrases in quotes stay one for names (`search.catalog.words`); an encoder reads them without their quotes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from search.model import Part, TextPart

_QUOTES: Final = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\u300c\u300d\u300e\u300f\uff02", '"'))
"""Quotes as telephones, word processors and other languages set them."""

_MINUS: Final = "-\u2010\u2011\u2013\u2212\uff0d"
"""Hyphens, the en dash that text programs make of one, the minus sign."""

_UNWANTED: Final = re.compile(rf'(?:(?<=\s)|^)(?:[{_MINUS}](?=[^{_MINUS}\s\d])|NOT\s+[{_MINUS}]?)("[^"]*"|[^\s"]+)')
"""A minus before a word and after a space, or NOT in capitals: neither `sci-fi` nor `-20 dB` refuses anything."""


def spread(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts, and behind them one for each word or phrase that a wanted part in words says is not wanted.

    A part of which nothing else is left becomes the first of these. All quotes are plain ones afterwards.
    """
    own: list[Part] = []
    behind: list[Part] = []
    for asked in parts:
        if not isinstance(asked, TextPart):
            own.append(asked)
            continue
        part = replace(asked, text=asked.text.translate(_QUOTES))
        unwanted = _UNWANTED.findall(part.text) if part.weight > 0 else []
        if not unwanted:
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
