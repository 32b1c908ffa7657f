"""What every full text can be asked, in words that are split and folded already (`search.catalog.words.split`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from sqlalchemy import Connection


class ClipWords(NamedTuple):
    """The words of a clip, a space between two; ``words`` are all of them once, for what stands inside others."""

    clip_id: int
    title: str
    name: str
    metadata: str
    folder: str
    words: str


class SearchTerm(NamedTuple):
    """One thing that is looked for: any of ``words``, whole or (``begins``) at the beginning of a word.

    A word with spaces in it is a phrase: its words as they follow each other.
    """

    words: tuple[str, ...]
    begins: bool = False


class FullTextMatch(NamedTuple):
    """A clip, its cost (below zero, lower for a better match) and its stored words where they were asked for."""

    clip_id: int
    cost: float
    words: str | None


class FullText(Protocol):
    """Writes and searches. Inflections are folded as M. Porter's stemmer of 1980 does it."""

    def store(self, connection: Connection, clips: Sequence[ClipWords]) -> None:
        """Make clips that are not findable yet so."""

    def forget(self, connection: Connection, clip_ids: Sequence[int]) -> None:
        """Make clips unfindable."""

    def forget_all(self, connection: Connection) -> None:
        """Make every clip unfindable."""

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

        The best of all, or of ``at_most`` that are come upon first. Without ``every``, or with ``at_most``, the
        matches have their words.
        """

    def inside(self, connection: Connection, words: Sequence[str], limit: int, *, every: bool) -> list[FullTextMatch]:
        """At most ``limit`` clips with every word, or any, inside their words: by length, or by BM25."""

    def count_clips(self, connection: Connection) -> int:
        """About how many clips there are."""


class Vocabulary(Protocol):
    """Looks at the words themselves."""

    def count(self, connection: Connection, term: SearchTerm, at_most: int) -> int:
        """How many clips have a term, ``at_most`` at most."""

    def is_inside(self, connection: Connection, word: str) -> bool:
        """Whether a clip has it inside its words."""

    def from_to(self, connection: Connection, first: str, after: str) -> list[tuple[str, int]]:
        """Every stem from ``first`` up to and without ``after``, and how many clips have it."""

    def with_inside(self, connection: Connection, first: str, part: str, at_most: int) -> list[str]:
        """``at_most`` stems from ``first`` on that have ``part`` inside."""

    def words_of_one(self, connection: Connection, stem: str) -> str | None:
        """The words of a clip that has a stem."""
