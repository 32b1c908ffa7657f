"""The port of full texts. All words are already split and folded (`search.catalog.words.split`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection


class ClipWords(NamedTuple):
    """The words of a clip, separated by spaces; ``words`` has all of them once, for searches inside words."""

    clip_id: int
    title: str
    name: str
    metadata: str
    folder: str
    words: str


class SearchTerm(NamedTuple):
    """One term of a search: any of ``words``, as a whole word or (``begins``) as the beginning of one.

    A word that contains spaces is a phrase.
    """

    words: tuple[str, ...]
    begins: bool = False


class FullTextMatch(NamedTuple):
    """A clip, its cost (negative, lower for a better match), and its stored words if they were requested."""

    clip_id: int
    cost: float
    words: str | None


class FullText(Protocol):
    """Writes and searches. Words are stemmed by M. Porter's algorithm of 1980."""

    def store(self, connection: Connection, clips: Sequence[ClipWords]) -> None:
        """Add clips, which must not be there yet."""

    def forget(self, connection: Connection, clip_ids: Sequence[int]) -> None:
        """Remove clips."""

    def forget_all(self, connection: Connection) -> None:
        """Remove every clip."""

    def by_words(
        self,
        connection: Connection,
        terms: Sequence[SearchTerm],
        limit: int,
        *,
        every: bool,
        at_most: int | None = None,
    ) -> list[FullTextMatch]:
        """At most ``limit`` clips with every term, or any, by BM25 over title, name, metadata, folder (4, 3, 2, 1).

        The best of all matching clips, or of the first ``at_most`` that the database finds. Matches include their words
        if ``at_most`` is given or ``every`` is false.
        """

    def inside(self, connection: Connection, words: Sequence[str], limit: int, *, every: bool) -> list[FullTextMatch]:
        """At most ``limit`` clips with every word (ordered by length), or any (by BM25), inside their words."""

    def count_clips(self, connection: Connection) -> int:
        """About how many clips there are."""


class Vocabulary(Protocol):
    """Lookups among the words themselves."""

    def count(self, connection: Connection, term: SearchTerm, at_most: int) -> int:
        """How many clips have a term, counting up to ``at_most``."""

    def is_inside(self, connection: Connection, word: str) -> bool:
        """Whether a clip has ``word`` inside its words."""

    def from_to(self, connection: Connection, first: str, after: str) -> list[tuple[str, int]]:
        """Every stem from ``first`` up to but excluding ``after``, and how many clips have it."""

    def with_inside(self, connection: Connection, first: str, part: str, at_most: int) -> list[str]:
        """At most ``at_most`` stems, from ``first`` on, that contain ``part``."""

    def words_of_one(self, connection: Connection, stem: str) -> str | None:
        """The words of some clip that has a stem; None if there is none."""
