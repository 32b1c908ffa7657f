"""What a sentence may refer to: the names in a library, the last answer, and the time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

FORMATS = ("wav", "flac", "mp3", "ogg", "opus", "m4a", "aac", "aiff", "aif", "wma", "webm", "mp4", "mid")
"""File extensions that a sentence may name, even if the library has no such file."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit of the last answer, for sentences like "the second one"."""

    clip_id: int
    duration_s: float


@dataclass(frozen=True, slots=True)
class Context:
    """``now`` has a time zone; ``folders`` and ``tags`` are spelled as the library has them; ``shown`` best first."""

    now: datetime
    folders: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    shown: tuple[Shown, ...] = ()


def one_of(names: Iterable[str]) -> str:
    """Return a pattern that matches any of these names in lower case, the longest first. No names: matches nothing."""
    texts = sorted({name.lower() for name in names if name.strip()}, key=lambda name: (-len(name), name))
    return "(?:" + "|".join(map(re.escape, texts)) + r")(?!\w)" if texts else r"(?!)"
