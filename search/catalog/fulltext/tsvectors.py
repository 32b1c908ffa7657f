"""Full text in PostgreSQL: a tsvector of stems with the field of each, and pg_trgm for words inside words.

``ts_rank`` ignores how rare a word is. So the database estimates each word's part of BM25 from ``ts_rank`` of that word
alone and the number of clips that have it (table ``clip_terms``). For the few hundred best clips by that estimate, BM25
is computed from their tsvectors, as FTS5 does. So both kinds of catalog give the same ranking.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import snowballstemmer
from sqlalchemy import Connection, text

from search.catalog.fulltext import bm25
from search.catalog.fulltext.port import ClipWords, FullTextMatch, SearchTerm
from search.catalog.inserting import stream

_FIELDS: Final = "ABCD"
"""The labels of title, name, metadata and folder."""
_WEIGHTS: Final = {"A": 4.0, "B": 3.0, "C": 2.0, "": 1.0, "D": 1.0}
_BETWEEN_FIELDS: Final = 2
"""A gap in positions between fields, so that a phrase does not span two fields."""
_LONGEST: Final = 400
"""The most characters of a stem; a tsvector takes at most 2,046 bytes."""
_LONGEST_UNSTEMMED: Final = 2
"""Words of at most this many letters are not stemmed, as in FTS5."""
_RECOUNTED: Final = 200
"""BM25 is computed for this many more clips than requested, because the estimate may have ranked them too low."""
_MOST_COUNTED: Final = 20_000
"""Clips with a phrase, or with a part of a word, are counted only up to this number."""
_RANK_OF_ONE: Final = 6.5797
"""4 * 1.64493: ``ts_rank`` of one word in a title is 1 / 1.64493 (calc_rank_or in PostgreSQL's tsrank.c), and BM25
weights a title by 4."""
_LEXEME: Final = re.compile(r"'((?:[^']|'')*)':([\dA-D,]+)")
_PLACE: Final = re.compile(r"(\d+)([A-D]?)")

_COLUMNS: Final = {name: name for name in ("id", "said", "size", "words")}
_ADD_TERMS: Final = text(
    "INSERT INTO clip_terms AS t (term, clips) SELECT * FROM unnest(CAST(:terms AS text[]), CAST(:clips AS bigint[])) "
    "ON CONFLICT (term) DO UPDATE SET clips = t.clips + excluded.clips"
)
_FORGET: Final = text(
    "WITH gone AS (DELETE FROM clip_words WHERE id = ANY(:ids) RETURNING said, size, length(words) AS letters), "
    "fewer AS (SELECT lexeme, count(*) AS n FROM gone, unnest(gone.said) GROUP BY lexeme), "
    "done AS (UPDATE clip_terms SET clips = clips - fewer.n FROM fewer WHERE term = fewer.lexeme) "
    "SELECT count(*), coalesce(sum(size), 0), coalesce(sum(letters), 0) FROM gone"
)
_ADD_TOTALS: Final = text(
    "UPDATE clip_totals SET clips = clips + :clips, words = words + :words, letters = letters + :letters"
)
_TOTALS: Final = text("SELECT clips, words, letters FROM clip_totals")
_COUNT_OF_TERMS: Final = text("SELECT term, clips FROM clip_terms WHERE term = ANY(:terms)")
_COUNT: Final = text(
    "SELECT count(*) FROM (SELECT 1 FROM clip_words WHERE said @@ CAST(:match AS tsquery) LIMIT :at_most) AS chosen"
)
_COUNT_INSIDE: Final = text(
    "SELECT count(*) FROM (SELECT 1 FROM clip_words WHERE words LIKE :inside LIMIT :at_most) AS chosen"
)
_FROM_TO: Final = text("SELECT term, clips FROM clip_terms WHERE term >= :first AND term < :after AND clips > 0")
_WITH_INSIDE: Final = text(
    "SELECT term FROM clip_terms WHERE term >= :first AND strpos(term, :part) > 0 AND clips > 0 LIMIT :at_most"
)
_WORDS_OF_ONE: Final = text("SELECT words FROM clip_words WHERE said @@ CAST(:match AS tsquery) LIMIT 1")


class _Totals(NamedTuple):
    clips: int
    words: int
    letters: int


class _Item(NamedTuple):
    """One word or phrase as stems, with its IDF."""

    stems: tuple[str, ...]
    begins: bool
    idf: float

    @property
    def query(self) -> str:
        return _query_of(self.stems, begins=self.begins)


class TSVectors:
    """A `FullText` and its `Vocabulary` in PostgreSQL."""

    def store(self, connection: Connection, clips: Sequence[ClipWords]) -> None:
        """As the port says."""
        rows: list[dict[str, Any]] = []
        terms = Counter[str]()
        for clip in clips:
            said, size, stems = _tsvector(clip)
            rows.append({"id": clip.clip_id, "said": said, "size": size, "words": clip.words})
            terms.update(stems)
        stream(connection, "clip_words", _COLUMNS, rows)
        if terms:
            connection.execute(_ADD_TERMS, {"terms": list(terms), "clips": list(terms.values())})
        _add_totals(connection, len(rows), sum(row["size"] for row in rows), sum(len(row["words"]) for row in rows))

    def forget(self, connection: Connection, clip_ids: Sequence[int]) -> None:
        """As the port says."""
        clips, words, letters = connection.execute(_FORGET, {"ids": list(clip_ids)}).one()
        if clips:
            _add_totals(connection, -clips, -words, -letters)

    def forget_all(self, connection: Connection) -> None:
        """As the port says."""
        for table in ("clip_words", "clip_terms"):
            connection.execute(text(f"DELETE FROM {table}"))  # noqa: S608  names are fixed here
        connection.execute(text("UPDATE clip_totals SET clips = 0, words = 0, letters = 0"))

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
        totals = _totals(connection)
        items = list(self._items(connection, terms, totals.clips))
        mean = totals.words / max(totals.clips, 1) or 1.0
        asked: dict[str, Any] = {
            "match": (" & " if every else " | ").join(_query(term) for term in terms),
            "n": limit + _RECOUNTED,
            "mean": mean,
        }
        estimates = []
        for place, item in enumerate(items):
            asked |= {f"q{place}": item.query, f"i{place}": item.idf}
            estimates.append(_ESTIMATE.format(place=place))
        among = "" if at_most is None else f" LIMIT {int(at_most)}"
        some = f"SELECT id, said, size, words FROM clip_words WHERE said @@ CAST(:match AS tsquery){among}"  # noqa: S608  a number
        ranked = f"SELECT id, CAST(said AS text), size, words FROM ({some}) AS chosen"  # noqa: S608  as above
        ranked += f" ORDER BY {' + '.join(estimates)} DESC, id LIMIT :n"
        found = [
            FullTextMatch(clip_id, -_score(said, size, items, mean), words)
            for clip_id, said, size, words in connection.execute(text(ranked), asked)
        ]
        found.sort(key=lambda match: (match.cost, match.clip_id))
        return found[:limit] if not every or at_most is not None else [m._replace(words=None) for m in found[:limit]]

    def inside(self, connection: Connection, words: Sequence[str], limit: int, *, every: bool) -> list[FullTextMatch]:
        """As the port says."""
        asked: dict[str, Any] = {f"w{place}": f"%{word}%" for place, word in enumerate(words)} | {"n": limit}
        condition = (" AND " if every else " OR ").join(f"words LIKE :w{place}" for place in range(len(words)))
        if every:
            cost = "-1.0 / length(words)"
        else:
            totals = _totals(connection)
            asked["mean"] = max(totals.letters / max(totals.clips, 1) - 2, 1.0)
            for place, word in enumerate(words):
                having = connection.execute(_COUNT_INSIDE, {"inside": f"%{word}%", "at_most": _MOST_COUNTED}).scalar()
                asked |= {f"t{place}": word, f"i{place}": bm25.idf(totals.clips, int(having or 0))}
            cost = "-(" + " + ".join(_INSIDE.format(place=place) for place in range(len(words))) + ")"
        ranked = f"SELECT id, CAST({cost} AS float8) AS cost, words FROM clip_words WHERE {condition}"  # noqa: S608  made here
        statement = text(f"{ranked} ORDER BY cost, id LIMIT :n")
        return [FullTextMatch(*row) for row in connection.execute(statement, asked)]

    def count_clips(self, connection: Connection) -> int:
        """As the port says."""
        return _totals(connection).clips

    # --- Vocabulary -------------------------------------------------------------------------------------------

    def count(self, connection: Connection, term: SearchTerm, at_most: int) -> int:
        """As the port says."""
        return int(connection.execute(_COUNT, {"match": _query(term), "at_most": at_most}).scalar_one())

    def is_inside(self, connection: Connection, word: str) -> bool:
        """As the port says."""
        return bool(connection.execute(_COUNT_INSIDE, {"inside": f"%{word}%", "at_most": 1}).scalar())

    def from_to(self, connection: Connection, first: str, after: str) -> list[tuple[str, int]]:
        """As the port says."""
        return [(term, clips) for term, clips in connection.execute(_FROM_TO, {"first": first, "after": after})]

    def with_inside(self, connection: Connection, first: str, part: str, at_most: int) -> list[str]:
        """As the port says."""
        asked = {"first": first, "part": part, "at_most": at_most}
        return [str(term) for term in connection.execute(_WITH_INSIDE, asked).scalars()]

    def words_of_one(self, connection: Connection, stem: str) -> str | None:
        """As the port says."""
        words: str | None = connection.execute(_WORDS_OF_ONE, {"match": _query(SearchTerm((stem,)))}).scalar()
        return words

    def _items(self, connection: Connection, terms: Sequence[SearchTerm], clips: int) -> Iterator[_Item]:
        """Yield the words and phrases of the terms, with their IDF."""
        parts = [(_stems(word), term.begins) for term in terms for word in term.words]
        single = [stems[0] for stems, begins in parts if len(stems) == 1 and not begins]
        counts: Mapping[str, int] = {}
        if single:
            counts = {row.term: row.clips for row in connection.execute(_COUNT_OF_TERMS, {"terms": single})}
        for stems, begins in parts:
            if len(stems) == 1 and not begins:
                having = counts.get(stems[0], 0)
            else:
                match = _query_of(stems, begins=begins)
                having = int(connection.execute(_COUNT, {"match": match, "at_most": _MOST_COUNTED}).scalar_one())
            yield _Item(stems, begins, bm25.idf(clips, having))


_ESTIMATE: Final = (
    ":i{place} * (ts_rank('{{.25,.5,.75,1}}', said, CAST(:q{place} AS tsquery)) / "
    f"(ts_rank('{{{{.25,.5,.75,1}}}}', said, CAST(:q{{place}} AS tsquery)) + "
    f"({bm25.K1 * (1 - bm25.B)} + {bm25.K1 * bm25.B} * size / CAST(:mean AS float8)) / {_RANK_OF_ONE}))"
)
_OFTEN: Final = "((length(words) - length(replace(words, :t{place}, ''))) / length(:t{place}))"
_INSIDE: Final = (
    f":i{{place}} * {_OFTEN} * {bm25.K1 + 1} / ({_OFTEN} + "
    f"{bm25.K1 * (1 - bm25.B)} + {bm25.K1 * bm25.B} * greatest(length(words) - 2, 1) / CAST(:mean AS float8))"
)


@lru_cache(maxsize=50_000)
def _stem(word: str) -> str:
    if len(word) <= _LONGEST_UNSTEMMED or word.isdecimal():  # numbers have no endings
        return word
    return str(_stemmer().stemWord(word[:_LONGEST]))


@lru_cache(maxsize=1)
def _stemmer() -> Any:  # noqa: ANN401  the package has no types
    return snowballstemmer.stemmer("porter")


def _stems(word: str) -> tuple[str, ...]:
    return tuple(_stem(part) for part in word.split())


def _query(term: SearchTerm) -> str:
    return "(" + " | ".join(_query_of(_stems(word), begins=term.begins) for word in term.words) + ")"


def _query_of(stems: Sequence[str], *, begins: bool) -> str:
    return "(" + " <-> ".join(f"'{stem}'" for stem in stems) + (":*" if begins else "") + ")"


def _tsvector(clip: ClipWords) -> tuple[str, int, list[str]]:
    """The tsvector of a clip as text, its number of words, and its stems."""
    places: dict[str, list[str]] = {}
    at, size = 0, 0
    for label, field in zip(_FIELDS, (clip.title, clip.name, clip.metadata, clip.folder), strict=True):
        for word in field.split():
            at += 1
            size += 1
            places.setdefault(_stem(word), []).append(f"{at}{label}")
        at += _BETWEEN_FIELDS
    return " ".join(f"'{stem}':{','.join(where)}" for stem, where in places.items()), size, list(places)


def _score(said: str, size: int, items: Sequence[_Item], mean: float) -> float:
    """BM25 of a clip from its tsvector."""
    places = {stem: _PLACE.findall(where) for stem, where in _LEXEME.findall(said)}
    return sum(item.idf * bm25.part(_frequency(places, item), size, mean) for item in items)


def _frequency(places: Mapping[str, list[tuple[str, str]]], item: _Item) -> float:
    """How often a word or phrase occurs, weighted by field."""
    *before, last = item.stems
    if item.begins:
        ends = [place for stem, where in places.items() if stem.startswith(last) for place in where]
    else:
        ends = places.get(last, [])
    for back, stem in enumerate(reversed(before), start=1):
        here = {int(at) for at, _ in places.get(stem, ())}
        ends = [(at, label) for at, label in ends if int(at) - back in here]
    return sum(_WEIGHTS[label] for _, label in ends)


def _totals(connection: Connection) -> _Totals:
    return _Totals(*connection.execute(_TOTALS).one())


def _add_totals(connection: Connection, clips: int, words: int, letters: int) -> None:
    connection.execute(_ADD_TOTALS, {"clips": clips, "words": words, "letters": letters})
