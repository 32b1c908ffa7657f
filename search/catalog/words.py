"""Full-text search over names and metadata: whole words first, then beginnings of words, then words inside words.

The full text stores stems with their field, so that a title counts more than a folder, and also parts of words, so that
`horn` is found in `airhorn_03.wav` (`search.catalog.fulltext`). Stored text and queries are folded and split into words
by the same functions here. So a query contains only letters and digits when it reaches a database's query language.
"""

from __future__ import annotations

import itertools
import math
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Final, NamedTuple

from sqlalchemy import Connection

from search.catalog import spelling
from search.catalog.fulltext import choosing as fulltext
from search.catalog.fulltext.port import ClipWords, FullTextMatch, SearchTerm
from search.ground.codepages import readable
from search.ground.emoji import in_words
from search.model import NO_WORDS, WordMatch

COMMON: Final = 5_000
"""A word in more clips than this is common: BM25 takes a microsecond per clip, and such a word discriminates least."""

MAX_QUERY_WORDS: Final = 32
"""Further words of a query are ignored: longer queries only repeat themselves."""

LAST_STEP: Final = 6

LEAST_INSIDE: Final = 3
"""The fewest letters of a word that is searched inside other words, and of the part in front of it: fewer letters in
front are not a word. So `foghorn` matches `horn`, but `train` contains `rain` only by chance. The rule for the part in
front holds only for the alphabets below: in Chinese one character is a word, in Arabic two letters are the article."""
_WORDS_APART: Final = re.compile(r"[\u0000-\u052f]+")
"""Latin, Greek and Cyrillic."""

_STEPS_OF_EVERY_WORD: Final = 3
_PHRASE: Final = re.compile(r'"([^"]*)"')
_ENDINGS: Final = re.compile(r"(?<=...)(?:ing|ed|es|s)$")
"""Endings cut off a query word before it is looked for among the words of a clip that was found by its stem."""
UNSEEN: Final = 0.5
"""The weight of a word that no name has, relative to that of the rarest possible word."""
READ_AS: Final = 0.5
"""How much a corrected word counts, relative to a word found as written."""
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


def split(text_: str) -> list[str]:
    """Split a text into words at punctuation, camelCase, and between letters and digits.

    Words are in lower case, without accents. Emoji are read as words.
    """
    return _WORD.findall(_fold(_CAMEL.sub(" ", in_words(text_))))


def split_query(text_: str) -> list[str]:
    """A query's words, each once, in order, without stop words (like "the sound of") unless there are no others.

    A phrase in quotes counts as one word.
    """
    return list(_units(text_))


def _units(text_: str) -> dict[str, float]:
    """The words and phrases of a query with their shares of the written word: ``sci`` in sci-fi has .5."""
    text_ = text_[:_MAX_QUERY_CHARACTERS]
    every = dict.fromkeys(_phrases(text_), 1.0)
    for written in _PHRASE.sub(" ", text_).split():
        parts = split(written)
        every |= {word: 1.0 / len(parts) for word in parts if word not in every}
    telling = {word: part for word, part in every.items() if word not in _STOP_WORDS}
    return dict(itertools.islice((telling or every).items(), MAX_QUERY_WORDS))


def _phrases(text_: str) -> list[str]:
    """The phrases in quotes in a query, split into words."""
    phrases = [" ".join(split(phrase)) for phrase in _PHRASE.findall(text_[:_MAX_QUERY_CHARACTERS])]
    return [phrase for phrase in phrases if phrase]


def of_clip(clip_id: int, path: str, title: str, metadata: Mapping[str, str]) -> ClipWords:
    """The words by which a clip is found: those of its root-relative path, title and metadata.

    A path may contain bytes that are not UTF-8 (surrogate escapes), as in names from old disks and archives.
    """
    folder, _, name = readable(path).rpartition("/")
    fields = {
        "title": " ".join(split(title)),
        "name": " ".join(split(name)),
        "metadata": " ".join(split(" ".join(metadata.values())[:_MAX_STORED_CHARACTERS])),
        "folder": " ".join(split(folder)),
    }
    # also joined words as they were written: `dogbark` finds DogBark; each once, since a title often repeats the name
    written = _WORD.findall(_fold(f"{title} {name}"))
    words = dict.fromkeys([*(word for field in fields.values() for word in field.split()), *written])
    return ClipWords(clip_id, **fields, words=" ".join(words))


def store(connection: Connection, clips: Sequence[ClipWords]) -> None:
    """Add clips to the full text. They must not be in it yet."""
    if clips:
        fulltext.of(connection).store(connection, clips)


def forget(connection: Connection, clip_ids: Sequence[int]) -> None:
    """Remove clips from the full text."""
    if clip_ids:
        fulltext.of(connection).forget(connection, clip_ids)


def match(
    connection: Connection, query: str, limit: int, other_words: Mapping[str, float] = NO_WORDS
) -> list[WordMatch]:
    """The clips that match ``query``, best first, at most ``limit``; then as many that match it in other words.

    ``other_words`` are phrases with the probability that each means the same; those with a word of the query are
    ignored.

    If no clip has all words and one of the words is in no name, the most similar word of the library is searched for
    instead ("laser" for "lazer"); `WordMatch.read_as` reports that. Phrases in quotes are not corrected.
    """
    units = _units(query)
    return _with_others(_literally(connection, query, units, limit), _others(connection, units, other_words, limit))


def _literally(connection: Connection, query: str, units: Mapping[str, float], limit: int) -> list[WordMatch]:
    """`match` by the words of the query only, corrected if necessary."""
    matches = _match(connection, units, limit)
    if limit <= 0 or any(match.every_word for match in matches):
        return matches
    literal = set(_phrases(query))
    read_as = {word: [word] if word in literal else spelling.read_as(connection, word) for word in units}
    slips = sum([word] != read for word, read in read_as.items())
    if not slips:
        return matches
    counted = 1.0 - (1.0 - READ_AS) * slips / len(read_as)
    corrected = " ".join(f'"{word}"' if " " in word else word for read in read_as.values() for word in read)
    asked = {word: units[written] / len(read) for written, read in read_as.items() for word in read}
    return [
        WordMatch(match.clip_id, match.score, match.share * counted, corrected)
        for match in _match(connection, asked, limit)
    ]


def _others(
    connection: Connection, units: Mapping[str, float], other_words: Mapping[str, float], limit: int
) -> dict[int, float]:
    """The clips that match ``other_words``, each with its probability, likeliest first."""
    stems = {_stem(word) for unit in units for word in unit.split()}
    found: dict[int, float] = {}
    for phrase, likely in other_words.items():
        words = [word for word in split(phrase) if word not in _STOP_WORDS]
        if words and not stems.intersection(map(_stem, words)):
            terms = [SearchTerm((word,)) for word in words]
            said = fulltext.of(connection).by_words(connection, terms, max(limit, 0), every=True, at_most=COMMON)
            for clip_id, *_ in said:
                found[clip_id] = max(found.get(clip_id, 0.0), likely)
    return dict(sorted(found.items(), key=lambda item: (-item[1], item[0]))[: max(limit, 0)])


def _with_others(matches: Sequence[WordMatch], others: Mapping[int, float]) -> list[WordMatch]:
    here = {match.clip_id for match in matches}
    least = min((match.score for match in matches), default=0.0)
    return [
        *(replace(match, in_other_words=others.get(match.clip_id, 0.0)) for match in matches),
        *(
            WordMatch(clip_id, least - 1.0, 0.0, in_other_words=likely)
            for clip_id, likely in others.items()
            if clip_id not in here
        ),
    ]


def _stem(word: str) -> str:
    return _ENDINGS.sub("", word)


def _match(connection: Connection, units: Mapping[str, float], limit: int) -> list[WordMatch]:
    """`match` for these words and phrases as they are.

    Clips with all of the words come before clips with any. Within both groups, whole words come before beginnings of
    words, and these before words inside words. Then clips are ordered by BM25, those with all words inside words by
    length. A score is the rank of the step plus the squashed cost. If a query has several words, at most `COMMON` clips
    are considered that have only common ones, and a clip is not found for a single word inside another one by
    chance.
    """
    words = list(units)
    if not words or limit <= 0:
        return []
    found: dict[int, WordMatch] = {}
    weights: dict[str, float] = {}
    for rank, step in zip(range(LAST_STEP, -1, -1), _steps(connection, words), strict=False):
        if not step.terms:
            continue
        every_word = rank > LAST_STEP - _STEPS_OF_EVERY_WORD
        for clip_id, cost, stored in step.matches(connection, limit + len(found), every=every_word):
            if clip_id in found:
                continue
            said = [True] if stored is None else [_says(stored, word) for word in words]
            by_stem = not step.is_inside and not every_word  # a match of stems may not show in the clip's own words
            if every_word or by_stem or any(said):
                share = 1.0
                if not (every_word and all(said)):
                    weights = weights or _weights(connection, units)
                    share = _share(stored or "", weights, by_stem)
                # costs are negative, lower for a better match
                found[clip_id] = WordMatch(clip_id, rank + -cost / (1.0 - cost), share)
        if len(found) >= limit:
            break
    return list(found.values())[:limit]


class _Step(NamedTuple):
    """One query to the full text: whole words and beginnings (in ``at_most`` clips), or inside words. Skip if empty."""

    terms: Sequence[SearchTerm]
    is_inside: bool = False
    at_most: int | None = None

    def matches(self, connection: Connection, limit: int, *, every: bool) -> list[FullTextMatch]:
        if self.is_inside:
            inside = [word for term in self.terms for word in term.words]
            return fulltext.of(connection).inside(connection, inside, limit, every=every)
        return fulltext.of(connection).by_words(connection, self.terms, limit, every=every, at_most=self.at_most)


def _steps(connection: Connection, words: Sequence[str]) -> Iterator[_Step]:
    """Yield the queries to run in turn, at most `LAST_STEP` + 1; the first `_STEPS_OF_EVERY_WORD` need every word."""
    inside = [SearchTerm((word,)) for word in words if len(word) >= LEAST_INSIDE]
    whole = [SearchTerm(spelling.terms_with(connection, word) or (word,)) for word in words]
    beginnings = [term._replace(begins=not spelling.is_part(term.words[0])) for term in whole]
    yield _Step(whole)
    yield _Step(beginnings)
    yield _Step(inside if len(inside) == len(words) else (), is_inside=True)
    if len(words) > 1:
        yield _Step([term for term in whole if not _is_common(connection, term)])
        yield _Step(whole, at_most=COMMON)
        yield _Step(beginnings, at_most=COMMON)
        yield _Step(inside, is_inside=True)


def _says(stored: str, word: str) -> bool:
    """Whether a word of ``stored`` begins with ``word``, or has it after enough letters (`LEAST_INSIDE`)."""
    least = LEAST_INSIDE if _WORDS_APART.fullmatch(word) else 1
    place = stored.find(word)
    while place >= 0:
        before = place - (stored.rfind(" ", 0, place) + 1)
        if not 0 < before < least:
            return True
        place = stored.find(word, place + 1)
    return False


def _weights(connection: Connection, units: Mapping[str, float]) -> dict[str, float]:
    """The weight of each word: the rarer, the higher (the inverse document frequency of K. Spärck Jones, 1972).

    A word that no name has gets a lower weight (`UNSEEN`), but still counts: a name without it does not match fully.
    """
    clips = fulltext.of(connection).count_clips(connection)
    have = {word: _have(connection, SearchTerm((word,), begins=True)) for word in units}
    return {
        word: part * (math.log1p(clips / have[word]) if have[word] else UNSEEN * math.log1p(clips))
        for word, part in units.items()
    }


def _share(stored: str, weights: Mapping[str, float], by_stem: bool) -> float:
    """The share of a query that a clip matches, by the ``weights`` of words; the lowest weight if only stems agree."""
    said = [weight for word, weight in weights.items() if _says(stored, word) or _says(stored, _stem(word))]
    if not said and by_stem:
        said = [min(weights.values())]
    total = sum(weights.values())
    return min(sum(said) / total, 0.999) if total and len(weights) > 1 else 0.0


def _have(connection: Connection, term: SearchTerm) -> int:
    """How many clips have a term, counting up to `COMMON` + 1."""
    return fulltext.of(connection).count(connection, term, COMMON + 1)


def _is_common(connection: Connection, term: SearchTerm) -> bool:
    return _have(connection, term) > COMMON


def _fold(text_: str) -> str:
    folded = text_.casefold()
    if folded.isascii():  # as most names are: no accents to remove
        return folded
    bare = "".join(c for c in unicodedata.normalize("NFKD", folded) if not unicodedata.combining(c))
    return unicodedata.normalize("NFC", bare)
