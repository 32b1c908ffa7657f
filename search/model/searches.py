"""Saved searches: questions that are kept under a name, and the matches that came to the library since."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_SEARCHES: Final = 1_000
"""So many searches a library keeps."""
MAX_MATCHES: Final = 1_000
"""So many matches of a saved search are remembered, the newest."""
MAX_KEPT_SOUND_BYTES: Final = 8 << 20
"""So large a sound may be that a saved search asks with."""
LEAST: Final = 0.5
"""A match is told from this probability on, where a saved search says nothing else."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a library was looked at: its sequence number, its newest clip and content by then.

    Examples:
        >>> soundalike.Mark(12, 3, 3).sequence
        12
    """

    sequence: int
    clip_id: int
    content_id: int


@dataclass(frozen=True, slots=True)
class NewSearch:
    """A search to be saved; as `SavedSearch` has it. ``sounds`` are the files that its parts name by their places.

    Examples:
        >>> soundalike.NewSearch("doors", '{"parts": [{"text": "door"}]}').least
        0.5
    """

    name: str
    question: str
    sounds: tuple[bytes, ...] = ()
    least: float = LEAST
    webhook: str = ""
    secret: str = ""
    may_be_private: bool = False


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A question under a name, as JSON of what ``POST /search`` takes; its sounds are kept beside it.

    ``least`` is how likely a match has to be to be told. ``unseen`` matches came since somebody looked. ``trouble`` is
    why it could not be asked the last time, "" where it could. ``webhook`` is the address that new matches are posted
    to, "" for none, signed with ``secret``; in a network that is not public only where it ``may_be_private``.

    Examples:
        >>> saved = soundalike.save_search(library, "rains", soundalike.Query((soundalike.TextPart("rain"),)))
        >>> saved.name, saved.unseen
        ('rains', 0)
        >>> library.searches.remove(saved.id)
        True
    """

    id: int
    name: str
    question: str
    least: float
    created: float
    mark: Mark
    unseen: int = 0
    trouble: str = ""
    webhook: str = ""
    secret: str = field(default="", repr=False)
    may_be_private: bool = False


@dataclass(frozen=True, slots=True)
class SavedMatch:
    """A clip that came, or whose sound changed, since a saved search was looked at, and that it finds.

    ``id`` grows with every match. ``probability`` is None where its name speaks alone.

    Examples:
        >>> soundalike.SavedMatch(1, 2, 17, 0.0, 2.0, 0.9, 0.8).seen
        False
    """

    id: int
    search_id: int
    clip_id: int
    start_s: float
    end_s: float
    score: float
    probability: float | None
    seen: bool = False
