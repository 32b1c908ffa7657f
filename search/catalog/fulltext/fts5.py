"""Full text in SQLite: an FTS5 table of stemmed words, and one of trigrams."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Connection, text

from search.catalog.fulltext.port import ClipWords, FullTextMatch, SearchTerm

_INSERT_WORDS: Final = text(
    "INSERT INTO clip_words(rowid, title, name, metadata, folder) VALUES (:clip_id, :title, :name, :metadata, :folder)"
)
_INSERT_TRIGRAMS: Final = text("INSERT INTO clip_trigrams(rowid, words) VALUES (:clip_id, :words)")
_DELETE: Final = tuple(text(f"DELETE FROM {table} WHERE rowid = :id") for table in ("clip_words", "clip_trigrams"))  # noqa: S608  names are fixed here
_ASK_WORDS: Final = text(
    "SELECT rowid AS id, bm25(clip_words, 4.0, 3.0, 2.0, 1.0) AS cost, NULL FROM clip_words "
    "WHERE clip_words MATCH :match ORDER BY cost, rowid LIMIT :n"
)
_ASK_SOME_WORDS: Final = text(
    "SELECT id, cost, (SELECT words FROM clip_trigrams WHERE rowid = id) AS words FROM ("
    "SELECT rowid AS id, bm25(clip_words, 4.0, 3.0, 2.0, 1.0) AS cost FROM clip_words "
    "WHERE clip_words MATCH :match LIMIT :at_most) ORDER BY cost, id LIMIT :n"
)
# words are read only for the clips in the answer
_ASK_ANY_WORDS: Final = text(
    "SELECT id, cost, (SELECT words FROM clip_trigrams WHERE rowid = id) AS words FROM ("
    "SELECT rowid AS id, bm25(clip_words, 4.0, 3.0, 2.0, 1.0) AS cost FROM clip_words WHERE clip_words MATCH :match "
    "ORDER BY cost, rowid LIMIT :n) ORDER BY cost, id"
)
_ASK_ALL_TRIGRAMS: Final = text(
    "SELECT id, cost, (SELECT words FROM clip_trigrams WHERE rowid = id) AS words FROM ("
    "SELECT rowid AS id, -1.0 / length(words) AS cost FROM clip_trigrams WHERE clip_trigrams MATCH :match "
    "ORDER BY cost, rowid LIMIT :n) ORDER BY cost, id"
)
"""Shorter ones first. BM25 would give the same order if a clip contains each word once, which is nearly always the case
because stored words are unique. But BM25 counts the clips that have each word, which takes two and a half times as
long. A name that contains a word twice, inside two of its words, gets no bonus."""
_ASK_TRIGRAMS: Final = text(
    "SELECT id, cost, (SELECT words FROM clip_trigrams WHERE rowid = id) AS words FROM ("
    "SELECT rowid AS id, bm25(clip_trigrams) AS cost FROM clip_trigrams WHERE clip_trigrams MATCH :match "
    "ORDER BY cost, rowid LIMIT :n) ORDER BY cost, id"
)
_COUNT_CLIPS: Final = text("SELECT max(rowid) FROM clip_words")
_COUNT: Final = text("SELECT count(*) FROM (SELECT rowid FROM clip_words WHERE clip_words MATCH :match LIMIT :at_most)")
_HAVE_INSIDE: Final = text("SELECT 1 FROM clip_trigrams WHERE clip_trigrams MATCH :match LIMIT 1")
_OPEN: Final = text("CREATE VIRTUAL TABLE IF NOT EXISTS temp.word_terms USING fts5vocab('main', 'clip_words', 'row')")
_FROM_TO: Final = text("SELECT term, doc FROM temp.word_terms WHERE term >= :first AND term < :after")
_WITH_INSIDE: Final = text("SELECT term FROM temp.word_terms WHERE term >= :first AND instr(term, :part) LIMIT :most")
_WORDS_OF_ONE: Final = text(
    "SELECT words FROM clip_trigrams WHERE rowid = (SELECT rowid FROM clip_words WHERE clip_words MATCH :match LIMIT 1)"
)


class FTS5:
    """A `FullText` and its `Vocabulary` in SQLite; the vocabulary is read from the full-text table (fts5vocab)."""

    def store(self, connection: Connection, clips: Sequence[ClipWords]) -> None:
        """As the port says."""
        rows = [clip._asdict() for clip in clips]
        connection.execute(_INSERT_WORDS, rows)
        connection.execute(_INSERT_TRIGRAMS, rows)

    def forget(self, connection: Connection, clip_ids: Sequence[int]) -> None:
        """As the port says."""
        for statement in _DELETE:
            connection.execute(statement, [{"id": clip_id} for clip_id in clip_ids])

    def forget_all(self, connection: Connection) -> None:
        """As the port says."""
        for table in ("clip_words", "clip_trigrams"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  names are fixed here

    def by_words(
        self,
        connection: Connection,
        terms: Sequence[SearchTerm],
        limit: int,
        *,
        every: bool,
        at_most: int | None = None,
    ) -> list[FullTextMatch]:
        """As the port says."""
        asked = {"match": _joined(map(_expression, terms), every=every), "n": limit}
        if at_most is not None:
            statement = _ASK_SOME_WORDS
            asked["at_most"] = at_most
        else:
            statement = _ASK_WORDS if every else _ASK_ANY_WORDS
        return [FullTextMatch(*row) for row in connection.execute(statement, asked)]

    def inside(self, connection: Connection, words: Sequence[str], limit: int, *, every: bool) -> list[FullTextMatch]:
        """As the port says."""
        asked = {"match": _joined((f'"{word}"' for word in words), every=every), "n": limit}
        return [FullTextMatch(*row) for row in connection.execute(_ASK_ALL_TRIGRAMS if every else _ASK_TRIGRAMS, asked)]

    def count_clips(self, connection: Connection) -> int:
        """As the port says."""
        return int(connection.execute(_COUNT_CLIPS).scalar() or 0)

    # --- Vocabulary -------------------------------------------------------------------------------------------

    def count(self, connection: Connection, term: SearchTerm, at_most: int) -> int:
        """As the port says."""
        return int(connection.execute(_COUNT, {"match": _expression(term), "at_most": at_most}).scalar_one())

    def is_inside(self, connection: Connection, word: str) -> bool:
        """As the port says."""
        return bool(connection.execute(_HAVE_INSIDE, {"match": f'"{word}"'}).scalar())

    def from_to(self, connection: Connection, first: str, after: str) -> list[tuple[str, int]]:
        """As the port says."""
        connection.execute(_OPEN)
        return [(term, doc) for term, doc in connection.execute(_FROM_TO, {"first": first, "after": after})]

    def with_inside(self, connection: Connection, first: str, part: str, at_most: int) -> list[str]:
        """As the port says."""
        connection.execute(_OPEN)
        asked = {"first": first, "part": part, "most": at_most}
        return [str(term) for term in connection.execute(_WITH_INSIDE, asked).scalars()]

    def words_of_one(self, connection: Connection, stem: str) -> str | None:
        """As the port says."""
        words: str | None = connection.execute(_WORDS_OF_ONE, {"match": f'"{stem}"'}).scalar()
        return words


def _expression(term: SearchTerm) -> str:
    """A term in FTS5's query language."""
    words = [f'"{word}" *' if term.begins else f'"{word}"' for word in term.words]
    return words[0] if len(words) == 1 else f"({' OR '.join(words)})"


def _joined(expressions: Iterable[str], *, every: bool) -> str:
    return (" AND " if every else " OR ").join(expressions)
