"""Collections: named lists of clips, or of passages of clips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MAX_COLLECTED: Final = 100_000
"""The most clips that a collection holds."""


CLIP_LIST: Final = r"^((collection|clip|root):[1-9][0-9]{0,17}|(liked|disliked):[^/\n]*[^/\s][^/\n]*)$"
"""The syntax of a clip list: a collection, one clip, a root, or the clips that a profile liked or disliked."""


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection, the number of its clips, and when it was made (seconds since 1970).

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
    """A clip in a collection: the passage (None: the whole clip), and when it was added (seconds since 1970).

    Examples:
        >>> soundalike.Collected(3, 1.5, 2.0).end_s
        2.0
    """

    clip_id: int
    start_s: float | None = None
    end_s: float | None = None
    at: float = 0.0
