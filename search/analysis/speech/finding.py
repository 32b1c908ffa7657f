"""Finding passages by spoken words: whole words, phrases, beginnings of words, and similar words.

The rarer a word of the query is, the higher is its weight. A passage is formed around every place where one of the
words is said. Its score depends on which words of the query are near, how near they are, and whether they are in order.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.speech.table import SpokenTable, folded
from search.errors import QueryError
from search.ground.letters import edits
from search.model import Ids

AS_INFLECTED: Final = 0.85
"""The value of a word that differs from a query word only in its ending."""
AS_BEGUN: Final = 0.75
"""The value of a word that begins with a query word."""
MUCH_LIKE: Final = (1.0, 0.6, 0.45)
"""The value of a word by the number of letters in which it differs."""
SHORTEST_LIKE: Final = 4
LONG: Final = 8
"""Words of at least this many letters may differ in two of them."""
SHORTEST_BEGUN: Final = 4
MOST_WORDS: Final = 32
MOST_ANCHORS: Final = 5_000
"""Passages are not formed around words said more often than this, unless all words are; then around the rarest word, at
its first places."""
NEAR: Final = 6
"""The most additional words between the first and the last word of a passage."""
SCATTERED: Final = 0.75
"""The factor for a passage whose words are in another order, or as far apart as allowed."""
LEAST_SHARE: Final = 0.34
"""The least weighted share of the query's words that a passage must have."""
SURE: Final = 0.2
"""The influence of the recogniser's certainty on a score."""
_PARTS: Final = re.compile(r'"([^"]*)"|(\S+)')
_ENDINGS: Final = re.compile(r"(?<=...)(?:ing|ed|es|s)$")


@dataclass(frozen=True, slots=True)
class FoundWords:
    """A passage: the words from ``first`` to ``last`` of a table, with its ``score`` (higher is better)."""

    first: int
    last: int
    score: float


@dataclass(frozen=True, slots=True)
class _Term:
    """A word of the query: the places (m,) where it is said, ascending, the value of each, and the word's weight."""

    places: NDArray[np.int64]
    counts: NDArray[np.float32]
    weight: float


def find(table: SpokenTable, text: str, among: Ids | None = None) -> list[FoundWords]:
    """The matching passages of the contents ``among`` (or of all), best first. Raises QueryError if there are no words.

    ``text`` has words, phrases in quotes, which must be said exactly, and beginnings of words (``thunder*``).
    """
    terms, phrases = _question(table, text)
    if among is not None:
        rows = np.isin(table.contents, among)
        terms = [_within(term, rows, table) for term in terms]
        phrases = [_within(term, rows, table) for term in phrases]
    total = sum(term.weight for term in terms)
    found: dict[int, list[FoundWords]] = {}
    for anchor, place in _anchors(terms):
        passage = _passage_around(table, terms, anchor, place, total)
        if passage.score and all(_has(phrase, passage) for phrase in phrases):
            _keep(found.setdefault(int(table.rows_of(np.array([place]))[0]), []), passage)
    return sorted((one for some in found.values() for one in some), key=lambda one: (-one.score, one.first))


def _question(table: SpokenTable, text: str) -> tuple[list[_Term], list[_Term]]:
    """The words of a query, and its phrases with the places of their first words."""
    terms: list[_Term] = []
    phrases: list[_Term] = []
    for quoted, bare in _PARTS.findall(text):
        words = folded(quoted or bare)
        if quoted and words:
            places = _phrase(table, words)
            phrases.append(_Term(places, np.ones(len(places), np.float32), 1.0))
            terms += [_term_of(table, {word: 1.0}, places + at) for at, word in enumerate(words)]
        else:
            begins = bare.endswith("*")
            terms += [_term(table, word, begins=begins and at == len(words) - 1) for at, word in enumerate(words)]
    if not terms:
        raise QueryError("the words to look for have no letters; name at least one word")
    return terms[:MOST_WORDS], phrases


def _term(table: SpokenTable, word: str, *, begins: bool) -> _Term:
    if begins:
        return _term_of(table, {table.vocabulary[at]: 1.0 for at in table.beginning(word)})
    exact = table.place_of(word) is not None
    stem = _ENDINGS.sub("", word)
    like: dict[str, float] = {word: 1.0} if exact else {}
    for at in table.beginning(stem):
        other = table.vocabulary[at]
        if _ENDINGS.sub("", other) == stem:
            like.setdefault(other, AS_INFLECTED)
        elif len(word) >= SHORTEST_BEGUN and other.startswith(word):
            like.setdefault(other, AS_BEGUN)
    if not exact:
        for other, slips in _slips(table, word):
            like.setdefault(other, MUCH_LIKE[slips])
    return _term_of(table, like)


def _slips(table: SpokenTable, word: str) -> Iterator[tuple[str, int]]:
    """Yield the words with the same first letter that differ in one or two letters."""
    most = 0 if len(word) < SHORTEST_LIKE else 2 if len(word) >= LONG else 1
    for at in table.beginning(word[0]) if most else ():
        other = table.vocabulary[at]
        if abs(len(other) - len(word)) <= most and (slips := edits(word, other)) <= most:
            yield other, slips


def _term_of(table: SpokenTable, like: dict[str, float], only: NDArray[np.int64] | None = None) -> _Term:
    """The term of all places where one of these words is said, with their values. The rarer, the higher its weight."""
    known = [(at, counts) for word, counts in like.items() if (at := table.place_of(word)) is not None]
    places = np.concatenate([np.empty(0, np.int64), *(table.positions(at) for at, _ in known)])
    values = np.repeat([counts for _, counts in known], [len(table.positions(at)) for at, _ in known])
    if only is not None:
        places, values = only, np.ones(len(only))
    order = np.argsort(places, kind="stable")
    weight = math.log1p(len(table.words) / (1 + len(places)))
    return _Term(places[order], values[order].astype(np.float32), weight)


def _phrase(table: SpokenTable, words: Sequence[str]) -> NDArray[np.int64]:
    """The places of the first word wherever these words are said one after another in one content."""
    known = [table.place_of(word) for word in words]
    if any(at is None for at in known):
        return np.empty(0, np.int64)
    places = table.positions(known[0] or 0)
    for step, at in enumerate(known[1:], start=1):
        places = places[np.isin(places + step, table.positions(at or 0))]
    inside = table.rows_of(places) == table.rows_of(places + len(words) - 1)
    return np.asarray(places[inside], np.int64)


def _within(term: _Term, rows: NDArray[np.bool_], table: SpokenTable) -> _Term:
    stays = rows[table.rows_of(term.places)]
    return _Term(term.places[stays], term.counts[stays], term.weight)


def _anchors(terms: Sequence[_Term]) -> Iterator[tuple[int, int]]:
    """Yield the terms, rarest first, with each place around which to form a passage."""
    by_rarity = sorted((len(term.places), number) for number, term in enumerate(terms) if len(term.places))
    for rank, (count, number) in enumerate(by_rarity):
        if count <= MOST_ANCHORS or rank == 0:
            for place in terms[number].places[:MOST_ANCHORS].tolist():
                yield number, place


def _passage_around(table: SpokenTable, terms: Sequence[_Term], anchor: int, place: int, total: float) -> FoundWords:
    """The passage around a place where the term ``anchor`` is said; its score is 0 if too few words match."""
    reach = NEAR + len(terms)
    row = int(table.rows_of(np.array([place]))[0])
    begin, end = max(int(table.begins[row]), place - reach), min(int(table.begins[row + 1]), place + reach + 1)
    chosen: list[int] = []
    share = 0.0
    for number, term in enumerate(terms):
        first, last = np.searchsorted(term.places, (begin, end))
        if first == last:
            continue
        # its place if the passage said exactly the query
        due = place + number - anchor
        away = np.abs(term.places[first:last] - due) / (2 * reach)
        values = term.counts[first:last] - 0.2 * away
        at = int(first) + int(np.argmax(values))
        if number == anchor:
            at = int(np.searchsorted(term.places, place))
        chosen.append(int(term.places[at]))
        share += term.weight * float(term.counts[at])
    share /= max(total, 1e-9)
    if share < LEAST_SHARE:
        return FoundWords(place, place, 0.0)
    apart = max(chosen) - min(chosen) + 1 - len(set(chosen))
    ordered = chosen == sorted(chosen)
    near = 1.0 - (1 - SCATTERED) * (min(apart / max(NEAR, 1), 1.0) if ordered else 1.0)
    sure = float(np.mean(table.sure[chosen])) / 255
    return FoundWords(min(chosen), max(chosen), share * near * (1 - SURE + SURE * sure))


def _has(phrase: _Term, passage: FoundWords) -> bool:
    """Whether a phrase begins in a passage."""
    at = int(np.searchsorted(phrase.places, passage.first))
    return at < len(phrase.places) and int(phrase.places[at]) <= passage.last


def _keep(passages: list[FoundWords], passage: FoundWords) -> None:
    """Add a passage to those of its content; of overlapping passages only the best is kept."""
    overlapping = [one for one in passages if one.first <= passage.last and passage.first <= one.last]
    if all(passage.score > one.score for one in overlapping):
        for one in overlapping:
            passages.remove(one)
        passages.append(passage)
