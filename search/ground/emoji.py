"""Turns emoji into words: people use them in names and in queries.

Each becomes its Unicode name: a dog's face is "dog", an umbrella with rain drops "umbrella with rain drops".
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_EMOJI: Final = re.compile("[\u2600-\u27bf\U0001f300-\U0001faff\ufe0e\ufe0f\u200d]+")
"""Symbols, dingbats and pictures, with joiners and the modifiers of their form and colour."""
_OF_THE_PICTURE: Final = frozenset(
    ["black", "emoji", "face", "fitzpatrick", "heavy", "mark", "modifier", "sign", "symbol", "type", "white"]
)
"""Words that describe how an emoji is drawn."""


def in_words(text: str) -> str:
    """Return ``text`` with its emoji replaced by words.

    >>> in_words("a \U0001f436 and \U0001f514")
    'a dog and bell'
    """
    if text.isascii() or not _EMOJI.search(text):
        return text
    return " ".join(_EMOJI.sub(_words, text).split())


def _words(emoji: re.Match[str]) -> str:
    names = [_name(character) for character in emoji[0]]
    return f" {' '.join(dict.fromkeys(name for name in names if name))} "


def _name(character: str) -> str:
    words = re.findall(r"[a-z]+", unicodedata.name(character, "").lower())
    if not words or unicodedata.category(character) in ("Cf", "Mn", "Sk"):
        return ""
    return " ".join([word for word in words if word not in _OF_THE_PICTURE] or words)
