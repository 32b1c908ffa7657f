"""What people store in a library (feedback, collections, saved searches), and the API keys of a service."""

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
    """People's opinions of clips, stored under profile names that the caller chooses. Needs no lease.

    Examples:
        >>> library.feedback.add("anna", [soundalike.Feedback(1, "like")])
        >>> [(known.clip_id, known.opinion) for known in library.feedback.get("anna")]
        [(1, 'like')]
        >>> library.feedback.forget("anna")
        1
    """

    def add(self, profile: str, feedback: Sequence[Feedback]) -> None:
        """Store these opinions in one transaction. A newer opinion of a clip replaces the older one.

        Only "seen" replaces nothing: a clip that was liked stays liked when it is seen again. An ``at`` of 0 becomes
        now. Raises QueryError for a profile name that is empty, longer than 200 characters or contains "/", a weight
        that is not above 0, or more than `search.model.MAX_FEEDBACK` opinions; LibraryError if the library is read-only
        or the disk is full.
        """

    def put(self, profile: str, feedback: Sequence[Feedback]) -> None:
        """Replace all opinions of a profile. Otherwise like `add`."""

    def get(self, profile: str) -> list[Feedback]:
        """Return all opinions of a profile, newest first; empty for an unknown name."""

    def forget(self, profile: str, clip_id: int | None = None) -> int:
        """Delete all opinions of a profile, or only that of one clip. Return how many were deleted."""


class CollectionStore(Protocol):
    """Named collections of clips. Needs no lease.

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
        """Return every collection, sorted by name."""

    def add(self, name: str) -> Collection:
        """Make an empty collection.

        Raises QueryError for a name that is empty, longer than 200 characters, or taken; LibraryError if the library
        is read-only or the disk is full.
        """

    def rename(self, collection_id: int, name: str) -> bool:
        """Rename a collection. Return whether it exists. Raises as `add` does."""

    def remove(self, collection_id: int) -> bool:
        """Delete a collection, but none of its clips. Return whether it existed."""

    def change(self, collection_id: int, added: Sequence[Collected], removed: Sequence[int] = ()) -> bool:
        """Remove the clips with the ids ``removed``, then add ``added``, each clip once. Return whether it exists.

        An ``at`` of 0 becomes now. Raises QueryError beyond `search.model.MAX_COLLECTED` clips.
        """

    def collected(self, collection_id: int) -> list[Collected] | None:
        """Return a collection's entries, oldest first, or None if it does not exist.

        Clips that were removed from the library are included.
        """


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
        """Return every saved search, sorted by name."""

    def add(self, new: NewSearch) -> SavedSearch:
        """Save a search. Only clips that come or change later will match.

        Raises QueryError for a name that is empty, longer than 200 characters, or taken, a sound that is too large, an
        invalid probability, and beyond `search.model.MAX_SEARCHES`; LibraryError if the library is read-only or the
        disk is full.
        """

    def change(self, search: SavedSearch) -> bool:
        """Change the name, least probability and webhook of a search. Return whether it exists. Raises as `add`."""

    def remove(self, search_id: int) -> bool:
        """Delete a search with its sounds and matches. Return whether it existed."""

    def sound(self, search_id: int, place: int) -> bytes | None:
        """Return the bytes of a search's sound file number ``place``, None if there is none."""


class MatchStore(Protocol):
    """The new matches of saved searches. Needs no lease.

    Examples:
        >>> library.matches.list(unseen=True)
        []
    """

    def candidates(self, mark: Mark, sequence: int) -> tuple[list[int], Mark]:
        """Return the clips that came or whose sound changed after ``mark``, up to ``sequence``, and the mark there."""

    def keep(self, search: SavedSearch, mark: Mark, matches: Sequence[SavedMatch]) -> list[SavedMatch]:
        """Store what a search found up to ``mark``. Return the matches with ids, unseen.

        Stores and returns nothing if another process has moved the search's mark since.
        """

    def fail(self, search: SavedSearch, trouble: str) -> None:
        """Store why a search could not be run, or ("") that it can."""

    def list(
        self,
        search_ids: Iterable[int] | None = None,
        *,
        after: int = 0,
        unseen: bool = False,
        limit: int = MAX_MATCHES,
    ) -> list[SavedMatch]:
        """Return the matches of some searches (None: all) with ids above ``after``, oldest first.

        ``unseen``: only unseen matches.
        """

    def newest(self) -> int:
        """Return the id of the newest match; 0 if there are none."""

    def see(self, search_id: int, up_to: int | None = None) -> int:
        """Mark the matches of a search (up to the id ``up_to``) as seen. Return how many were unseen."""


class KeyStore(Protocol):
    """The keys that let clients use a service."""

    def add(self, name: str, scopes: Iterable[Scope]) -> str:
        """Make a key. Return its secret, which is shown only once. Raises UsageError for a name that is in use."""

    def list(self) -> list[Key]:
        """Return every key ever made, oldest first."""

    def revoke(self, name: str) -> bool:
        """Revoke a key. Return whether there was a valid key of that name."""

    def find(self, secret: str) -> Key | None:
        """Return the valid key with this secret, None if there is none."""


class Allowances(Protocol):
    """Rate limits that several services share: one token bucket for each client."""

    def prepare(self) -> None:
        """Create the storage if it does not exist. Raises LibraryError."""

    def take(self, client: str, most: int, per_second: float, size: float) -> float:
        """Take up to ``most`` tokens of a client. Return how many, or the negative seconds until there is one.

        The bucket holds at most ``size`` tokens and gains ``per_second``. Raises LibraryError.
        """
