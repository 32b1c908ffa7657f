"""Saved searches: named queries, and their matches among clips that came later."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

MAX_SEARCHES: Final = 1_000
"""The most saved searches of a library."""
MAX_MATCHES: Final = 1_000
"""The most matches that are kept for a saved search, the newest."""
MAX_KEPT_SOUND_BYTES: Final = 8 << 20
"""The largest sound in a saved search."""
LEAST: Final = 0.5
"""The lowest probability of a match, unless the saved search sets its own."""


@dataclass(frozen=True, slots=True)
class Mark:
    """How far a saved search has looked at a library: the catalog's sequence, and its newest clip and content then.

    Examples:
        >>> soundalike.Mark(12, 3, 3).sequence
        12
    """

    sequence: int
    clip_id: int
    content_id: int


@dataclass(frozen=True, slots=True)
class NewSearch:
    """A search to save, with the fields of `SavedSearch`. ``sounds`` are the files that its parts refer to by number.

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
    """A named query. ``question`` is its JSON, as ``POST /search`` takes it; the library stores its sounds.

    ``least`` is the lowest probability of a match. ``unseen`` is the number of matches since somebody last looked.
    ``trouble`` is why the search could not run the last time, "" if it could. New matches are posted to the address
    ``webhook`` ("": none), signed with ``secret``. The address may be in a private network only if ``may_be_private``.

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
    """A match of a saved search among clips that came, or whose sound changed, since its last check.

    ``id`` grows with every match. ``probability`` is None if only the clip's name matches.

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
