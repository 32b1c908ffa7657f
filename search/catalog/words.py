"""Full text over names and metadata: whole words first, then beginnings, then words inside words.

Two FTS5 tables, keyed by clip id. ``clip_words`` (Porter stems) has a column per source, so that a title counts for
more than a folder. ``clip_trigrams`` finds `horn` in `airhorn_03.wav`. Text is folded and cut into words here,
in one place for what is stored and what is asked, so a query can hold nothing but letters and digits when it
reaches FTS5's query language. SQLite only: PostgreSQL will bring a sibling of this module.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from sqlalchemy import Connection, TextClause, text

from search.ground.codepages import readable
from search.model import WordMatch

COMMON: Final = 5_000
"""A word that more clips have is common: BM25 takes a microsecond for each of them, and tells them apart least."""

MAX_QUERY_WORDS: Final = 32
"""A longer query is cut: more words than this only repeat themselves."""

LAST_STEP: Final = 6

LEAST_INSIDE: Final = 3
"""Letters of the shortest word that is looked up inside others. Fewer letters in front of one are no word of their own:
`horn` is part of what `foghorn` says, `rain` is in `train` by chance. So it is in alphabets whose words stand apart; in
Chinese one character is a word, in Arabic two letters are the article."""
_WORDS_APART: Final = re.compile(r"[\u0000-\u052f]+")
"""Latin, Greek and Cyrillic."""

_STEPS_OF_EVERY_WORD: Final = 3
_MAX_STORED_CHARACTERS: Final = 20_000
_MAX_QUERY_CHARACTERS: Final = 20_000
_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_WORD: Final = re.compile(r"[^\W_]+")
_STOP_WORDS: Final = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "by",
        "for",
        "from",
        "in",
        "into",
        "is",
        "it",
        "like",
        "of",
        "on",
        "or",
        "s",
        "some",
        "sound",
        "sounds",
        "that",
        "the",
        "this",
        "to",
        "with",
    ]
)
_INSERT_WORDS: Final = text(
    "INSERT INTO clip_words(rowid, title, name, metadata, folder) VALUES (:id, :title, :name, :metadata, :folder)"
)
_INSERT_TRIGRAMS: Final = text("INSERT INTO clip_trigrams(rowid, words) VALUES (:id, :words)")
_DELETE: Final = tuple(text(f"DELETE FROM {table} WHERE rowid = :id") for table in ("clip_words", "clip_trigrams"))  # noqa: S608  names are fixed here
_ASK_WORDS: Final = text(
    "SELECT rowid AS id, bm25(clip_words, 4.0, 3.0, 2.0, 1.0) AS cost FROM clip_words WHERE clip_words MATCH :match "
    "ORDER BY cost, rowid LIMIT :n"
)
_ASK_SOME_WORDS: Final = text(
    "SELECT id, cost FROM (SELECT rowid AS id, bm25(clip_words, 4.0, 3.0, 2.0, 1.0) AS cost FROM clip_words "
    "WHERE clip_words MATCH :match LIMIT :common) ORDER BY cost, id LIMIT :n"
)
_HAVE_WORD: Final = text(
    "SELECT count(*) FROM (SELECT rowid FROM clip_words WHERE clip_words MATCH :match LIMIT :common + 1)"
)
# words are read for the clips found alone, after these have been chosen
_ASK_ALL_TRIGRAMS: Final = text(
    "SELECT id, cost, (SELECT words FROM clip_trigrams WHERE rowid = id) AS words FROM ("
    "SELECT rowid AS id, -1.0 / length(words) AS cost FROM clip_trigrams WHERE clip_trigrams MATCH :match "
    "ORDER BY cost, rowid LIMIT :n) ORDER BY cost, id"
)
"""Shorter first. BM25 comes to the same where each word is there once, which for stored words, each once, is nearly
always; but it counts the clips that have each word, of which there are many, and takes two and a half times as long. A
name that has a word twice, inside two of its words, does not come forward for that."""
_ASK_TRIGRAMS: Final = text(
    "SELECT id, cost, (SELECT words FROM clip_trigrams WHERE rowid = id) AS words FROM ("
    "SELECT rowid AS id, bm25(clip_trigrams) AS cost FROM clip_trigrams WHERE clip_trigrams MATCH :match "
    "ORDER BY cost, rowid LIMIT :n) ORDER BY cost, id"
)


def split(text_: str) -> list[str]:
    """The words of a text: cut at punctuation, camelCase, and between letters and digits; lower case, no accents."""
    return _WORD.findall(_fold(_CAMEL.sub(" ", text_)))


def split_query(text_: str) -> list[str]:
    """A query's words, each once, in order, without the likes of "the sound of" unless there is nothing else."""
    every = list(dict.fromkeys(split(text_[:_MAX_QUERY_CHARACTERS])))
    telling = [word for word in every if word not in _STOP_WORDS]
    return (telling or every)[:MAX_QUERY_WORDS]


def store(connection: Connection, clip_id: int, path: str, title: str, metadata: Mapping[str, str]) -> None:
    """Make a clip that is not findable yet so by the words of its root-relative path, title and metadata.

    A path may hold bytes that are no UTF-8 (surrogate escapes): names from old disks and archives.
    """
    folder, _, name = readable(path).rpartition("/")
    fields = {
        "title": " ".join(split(title)),
        "name": " ".join(split(name)),
        "metadata": " ".join(split(" ".join(metadata.values())[:_MAX_STORED_CHARACTERS])),
        "folder": " ".join(split(folder)),
    }
    connection.execute(_INSERT_WORDS, {"id": clip_id, **fields})
    # Joined words as they were written, too: `dogbark` finds DogBark. Each once: a title often repeats the name
    written = _WORD.findall(_fold(f"{title} {name}"))
    words = dict.fromkeys([*(word for field in fields.values() for word in field.split()), *written])
    connection.execute(_INSERT_TRIGRAMS, {"id": clip_id, "words": " ".join(words)})


def forget(connection: Connection, clip_id: int) -> None:
    """Make a clip unfindable."""
    for statement in _DELETE:
        connection.execute(statement, {"id": clip_id})


def match(connection: Connection, query: str, limit: int) -> list[WordMatch]:
    """The clips that match ``query``, best first, at most ``limit``.

    Clips with all of the words come before clips with any; in each, whole words before beginnings of words before
    words inside words; then by BM25, these last by length. A score is the step's rank plus its squashed cost. Of
    clips that have nothing but `COMMON` words of several, so many are looked at. A clip that has one of several words
    inside another by chance is not found by that.
    """
    words = split_query(query)
    if not words or limit <= 0:
        return []
    found: dict[int, WordMatch] = {}
    for rank, (statement, expression) in zip(range(LAST_STEP, -1, -1), _steps(connection, words), strict=False):
        if not expression:
            continue
        asked = {"match": expression, "n": limit + len(found)}
        if statement is _ASK_SOME_WORDS:
            asked["common"] = COMMON
        every_word = rank > LAST_STEP - _STEPS_OF_EVERY_WORD
        for clip_id, cost, *stored in connection.execute(statement, asked).all():
            if clip_id in found:
                continue
            said = [_says(stored[0], word) for word in words] if stored else [True]
            if every_word or any(said):
                # costs are negative, lower for a better match
                share = 1.0 if every_word and all(said) else 0.0
                found[clip_id] = WordMatch(clip_id, rank + -cost / (1.0 - cost), share)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


def _steps(connection: Connection, words: Sequence[str]) -> Iterator[tuple[TextClause, str]]:
    """What is asked one after the other, `LAST_STEP` + 1 at most, of every word in the first `_STEPS_OF_EVERY_WORD`.

    An empty expression asks nothing.
    """
    inside = [f'"{word}"' for word in words if len(word) >= LEAST_INSIDE]
    whole = [f'"{word}"' for word in words]
    beginnings = [f"{word} *" for word in whole]
    yield _ASK_WORDS, " AND ".join(whole)
    yield _ASK_WORDS, " AND ".join(beginnings)
    yield _ASK_ALL_TRIGRAMS, " AND ".join(inside) if len(inside) == len(words) else ""
    if len(words) > 1:
        yield _ASK_WORDS, " OR ".join(word for word in whole if not _is_common(connection, word))
        yield _ASK_SOME_WORDS, " OR ".join(whole)
        yield _ASK_SOME_WORDS, " OR ".join(beginnings)
        yield _ASK_TRIGRAMS, " OR ".join(inside)


def _says(stored: str, word: str) -> bool:
    """Whether a word of ``stored`` begins with ``word``, or has it after letters enough for a word of their own."""
    least = LEAST_INSIDE if _WORDS_APART.fullmatch(word) else 1
    place = stored.find(word)
    while place >= 0:
        before = place - (stored.rfind(" ", 0, place) + 1)
        if not 0 < before < least:
            return True
        place = stored.find(word, place + 1)
    return False


def _is_common(connection: Connection, word: str) -> bool:
    return int(connection.execute(_HAVE_WORD, {"match": word, "common": COMMON}).scalar_one()) > COMMON


def _fold(text_: str) -> str:
    bare = "".join(c for c in unicodedata.normalize("NFKD", text_.casefold()) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)
