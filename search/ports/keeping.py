"""What people keep in a library, and the keys of those who may."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from search.model import (
    MAX_MATCHES,
    Collected,
    Collection,
    Feedback,
    Key,
    Mark,
    NewSearch,
    SavedMatch,
    SavedSearch,
    Scope,
)


class FeedbackStore(Protocol):
    """What people thought of clips, kept under names (profiles) that the caller chooses. Needs no lease.

    Examples:
        >>> library.feedback.add("anna", [soundalike.Feedback(1, "like")])
        >>> [(known.clip_id, known.opinion) for known in library.feedback.get("anna")]
        [(1, 'like')]
        >>> library.feedback.forget("anna")
        1
    """

    def add(self, profile: str, feedback: Sequence[Feedback]) -> None:
        """Remember these opinions, in one transaction or not at all; a newer one of the same clip replaces the older.

        Only "seen" does not: a clip that was liked stays liked when it is seen again. An ``at`` of 0 becomes now.
        Raises QueryError for a profile name that is empty, longer than 200 characters or has a "/" in it, a weight
        that is not above 0, more than `search.model.MAX_FEEDBACK` opinions; LibraryError when the library is
        read-only or the disk is full.
        """

    def put(self, profile: str, feedback: Sequence[Feedback]) -> None:
        """The same, after forgetting what was known under that name."""

    def get(self, profile: str) -> list[Feedback]:
        """Everything known under that name, newest first; empty for a name that was never used."""

    def forget(self, profile: str, clip_id: int | None = None) -> int:
        """Delete everything known under that name, or about this clip alone; how many opinions that were."""


class CollectionStore(Protocol):
    """Clips that somebody keeps together under names. Needs no lease.

    Examples:
        >>> doors = library.collections.add("doors")
        >>> library.collections.change(doors.id, [soundalike.Collected(1)])
        True
        >>> [(one.name, one.clips) for one in library.collections.all()]
        [('doors', 1)]
        >>> library.collections.remove(doors.id)
        True
    """

    def all(self) -> list[Collection]:
        """Every collection, by name."""

    def add(self, name: str) -> Collection:
        """Make an empty one.

        Raises QueryError for a name that is empty, longer than 200 characters, or taken; LibraryError when the library
        is read-only or the disk is full.
        """

    def rename(self, collection_id: int, name: str) -> bool:
        """Give one another name; whether it is there. Raises as `add`."""

    def remove(self, collection_id: int) -> bool:
        """Delete one, and no clip; whether it was there."""

    def change(self, collection_id: int, added: Sequence[Collected], removed: Sequence[int] = ()) -> bool:
        """Take the clips of these ids out, then put ``added`` in, each clip once; whether the collection is there.

        An ``at`` of 0 becomes now. Raises QueryError beyond `search.model.MAX_COLLECTED` clips.
        """

    def collected(self, collection_id: int) -> list[Collected] | None:
        """What is in one, oldest first, also clips that were removed from the library; None where there is none."""


class SearchStore(Protocol):
    """Saved searches. Needs no lease.

    Examples:
        >>> saved = library.searches.add(soundalike.NewSearch("doors", '{"parts": [{"text": "door"}]}'))
        >>> [one.name for one in library.searches.all()]
        ['doors']
        >>> library.searches.remove(saved.id)
        True
    """

    def all(self) -> list[SavedSearch]:
        """Every saved search, by name."""

    def add(self, new: NewSearch) -> SavedSearch:
        """Save one, looked at up to now.

        Raises QueryError for a name that is empty, longer than 200 characters, or taken, a sound that is too large, a
        probability that is none, and beyond `search.model.MAX_SEARCHES`; LibraryError when the library is read-only or
        the disk is full.
        """

    def change(self, search: SavedSearch) -> bool:
        """Give one this name, least probability and webhook; whether it is there. Raises as `add`."""

    def remove(self, search_id: int) -> bool:
        """Delete one with its sounds and matches; whether it was there."""

    def sound(self, search_id: int, place: int) -> bytes | None:
        """The file of that place that one asks with; None where there is none."""


class MatchStore(Protocol):
    """What saved searches found since they were saved. Needs no lease.

    Examples:
        >>> library.matches.list(unseen=True)
        []
    """

    def candidates(self, mark: Mark, sequence: int) -> tuple[list[int], Mark]:
        """The clips that came, or whose sound changed, after a mark and up to a sequence number; the mark there."""

    def keep(self, search: SavedSearch, mark: Mark, matches: Sequence[SavedMatch]) -> list[SavedMatch]:
        """Remember what a search found up to ``mark``, unseen and with ids.

        Nothing where another process looked meanwhile: the search's own mark is another by now.
        """

    def fail(self, search: SavedSearch, trouble: str) -> None:
        """Remember why a search could not be asked, or that it can ("")."""

    def list(
        self,
        search_ids: Iterable[int] | None = None,
        *,
        after: int = 0,
        unseen: bool = False,
        limit: int = MAX_MATCHES,
    ) -> list[SavedMatch]:
        """The matches of some searches (None: of all) with ids above ``after``, oldest first; ``unseen``: no others."""

    def newest(self) -> int:
        """The id of the match that came last; 0 without any."""

    def see(self, search_id: int, up_to: int | None = None) -> int:
        """Mark the matches of a search as seen, those with ids up to ``up_to`` where it is given; how many were not."""


class KeyStore(Protocol):
    """The keys that let clients use a service."""

    def add(self, name: str, scopes: Iterable[Scope]) -> str:
        """Make a key; its secret, which is returned this once. Raises UsageError for a name that is in use."""

    def list(self) -> list[Key]:
        """Every key that was ever made, oldest first."""

    def revoke(self, name: str) -> bool:
        """End a key; whether there was one of that name that held."""

    def find(self, secret: str) -> Key | None:
        """The key of this secret, None where none holds."""


class Allowances(Protocol):
    """How much each client of several services may still ask: a bucket of tokens for each, one for all services."""

    def prepare(self) -> None:
        """Make what is kept of them, where it is not there. Raises LibraryError."""

    def take(self, client: str, most: int, per_second: float, size: float) -> float:
        """Up to ``most`` of a client's tokens; or less than 0: in so many seconds there is one. Raises LibraryError.

        Its bucket holds ``size`` at most, and gains ``per_second``.
        """
