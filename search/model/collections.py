"""Collections: clips, or passages of them, that somebody keeps together for a purpose, under a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_COLLECTED: Final = 100_000
"""So many clips a collection holds."""


CLIP_LIST: Final = r"^((collection|clip|root):[1-9][0-9]{0,17}|(liked|disliked):[^/\n]*[^/\s][^/\n]*)$"
"""How a list of clips is named: a collection, what a profile liked, a folder's."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, how many clips it has, and when it was made (seconds since 1970).

    Examples:
        >>> doors = library.collections.add("more doors")
        >>> doors.name, doors.clips
        ('more doors', 0)
        >>> library.collections.remove(doors.id)
        True
    """

    id: int
    name: str
    clips: int
    created: float


@dataclass(frozen=True, slots=True)
class Collected:
    """A clip of a collection; the passage that is meant, or all of it (None); since when (seconds since 1970).

    Examples:
        >>> soundalike.Collected(3, 1.5, 2.0).end_s
        2.0
    """

    clip_id: int
    start_s: float | None = None
    end_s: float | None = None
    at: float = 0.0
