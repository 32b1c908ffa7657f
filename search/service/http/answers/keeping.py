"""Collections and saved searches."""

from __future__ import annotations

from typing import Any, Literal

from search.service.http.answers.common import Answered, RelativePath, RoundedSeconds, RoundedShare


class CollectedOut(Answered):
    """A clip of a collection, its passage (null: the whole clip), and when it was added."""

    clip_id: int
    start_s: float | None
    end_s: float | None
    at: RoundedSeconds


class CollectionOut(Answered):
    """A collection and its clips, oldest first; ``created`` is seconds since 1970, UTC."""

    id: int
    name: str
    created: RoundedSeconds
    clips: list[CollectedOut]


class CollectionSummaryOut(Answered):
    """A collection, and how many clips it has."""

    id: int
    name: str
    clips: int
    created: RoundedSeconds


class CollectionsOut(Answered):
    """Every collection, by name."""

    collections: list[CollectionSummaryOut]


class SavedSearchOut(Answered):
    """A saved search. ``query`` is what ``POST /search`` takes, with sounds named by their places.

    ``unseen`` counts matches that nobody has seen. ``trouble``: why the search failed the last time.
    ``secret`` signs posts to the ``webhook``; it is returned once, when the webhook is set.
    """

    id: int
    name: str
    query: dict[str, Any]
    sounds: int
    least: RoundedShare
    created: RoundedSeconds
    unseen: int
    trouble: str
    webhook: str
    secret: str | None = None


class SavedSearchesOut(Answered):
    """All saved searches, by name; ``unseen`` counts the matches of all."""

    searches: list[SavedSearchOut]
    unseen: int


class SavedMatchOut(Answered):
    """A match: a clip that was added, or whose sound changed, after the search was saved, and that it finds."""

    id: int
    search_id: int
    search: str
    clip_id: int
    path: RelativePath
    title: str
    start_s: RoundedSeconds
    end_s: RoundedSeconds
    score: float
    probability: RoundedShare | None
    seen: bool


class SavedMatchesOut(Answered):
    """Matches of saved searches, oldest first."""

    matches: list[SavedMatchOut]


class SavedMatchEvent(Answered):
    """A server-sent event: ``data`` is a new match as JSON, ``id`` its number."""

    event: Literal["match"]
    id: str
    data: str
