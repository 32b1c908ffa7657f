"""What a sentence may speak of: the names of a library, the last answer, and the time."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

FORMATS = ("wav", "flac", "mp3", "ogg", "opus", "m4a", "aac", "aiff", "aif", "wma", "webm", "mp4", "mid")
"""Endings of files that a sentence may name, whether or not the library has one."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A hit of the last answer: what "the second one" may stand for."""

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
    """A pattern of any of these names in lower case, the longest first; one that matches nothing without any."""
    texts = sorted({name.lower() for name in names if name.strip()}, key=lambda name: (-len(name), name))
    return "(?:" + "|".join(map(re.escape, texts)) + r")(?!\w)" if texts else r"(?!)"
