"""Lookups among the words of a library's names and metadata, in ranges of stems of the full text.

One finds the word most similar to an unknown one. The other finds words that contain one or two characters of Chinese,
Japanese or Korean, where words are not separated by spaces.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from sqlalchemy import Connection

from search.catalog.fulltext import choosing as fulltext
from search.catalog.fulltext.port import SearchTerm
from search.ground.letters import edits

SHORTEST: Final = 4
"""The fewest letters of a word that may have any slip (typing error): with three letters all words are similar."""
SHORTEST_EXCHANGED: Final = 3
"""The fewest letters of a word in which two neighbouring letters may be swapped."""
LONGEST: Final = 64
"""The most letters of a word that is corrected: every position of a word is tried."""
PART: Final = 3
"""The fewest letters of a part of a compound."""
ENDING: Final = 4
"""The fewest letters of a word that is found at the end of a compound."""
BEGINNING: Final = 6
"""The fewest letters of a word with a slip that may be the beginning of a compound."""
LONG: Final = 8
"""Words of at least this many letters may have two slips."""
_LETTERS: Final = re.compile(r"[^\W\d_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff]+")
"""Letters of scripts that separate words by spaces."""
_EAST_ASIAN: Final = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]{1,2}")
MOST_TERMS: Final = 500


def read_as(connection: Connection, word: str) -> list[str]:
    """The words to search for instead of ``word``, if no name contains it.

    These are the two words that it is made of, or the most similar word, or the word at its end (a footstep is a step).
    The result is ``word`` itself if a name contains it, or if none of these exists.
    """
    if not SHORTEST_EXCHANGED <= len(word) <= LONGEST or not _LETTERS.fullmatch(word) or _is_there(connection, word):
        return [word]
    for place in range(PART, len(word) - PART + 1):
        parts = [word[:place], word[place:]]
        if all(_has(connection, part) for part in parts):
            return parts
    near = likeliest(connection, word)
    if near is not None:
        return [near]
    ends = (word[place:] for place in range(PART, len(word) - ENDING + 1))
    return [next((end for end in ends if _has(connection, end)), word)]


def likeliest(connection: Connection, word: str) -> str | None:
    """The word of this library most similar to ``word``; None if a name contains ``word``, or no word is similar.

    Similar means: one letter wrong, missing, added or swapped with its neighbour; two such slips from `LONG` letters
    on. The first letter must be right or swapped with the second. In words of three letters only swaps count.
    """
    if len(word) < SHORTEST_EXCHANGED or not _LETTERS.fullmatch(word) or _is_there(connection, word):
        return None
    near = min([*_near(connection, word), *_exchanged(connection, word)], default=None)
    if near is None:
        return None
    # a term is a stem: show one of the words that it came from
    words = (fulltext.of(connection).words_of_one(connection, near.term) or near.term).split()
    return min(words, key=lambda one: edits(near.term, one)) if words else near.term


class _Near(NamedTuple):
    """A term, ordered by its number of slips, then by the negative number of clips that have it."""

    slips: int
    clips: int
    term: str


def _near(connection: Connection, word: str) -> Iterator[_Near]:
    """Yield the terms with the same first letter that ``word`` may be a misspelling of.

    A long enough ``word`` may also be a misspelled beginning of a compound: "thnuder" for thunderstorm. Whole terms are
    nearer.
    """
    most = 0 if len(word) < SHORTEST else 2 if len(word) >= LONG else 1
    after = chr(ord(word[0]) + 1)
    for term, clips in fulltext.of(connection).from_to(connection, word[0], after) if most else ():
        if len(term) >= SHORTEST - 1 and abs(len(term) - len(word)) <= most and (slips := edits(word, term)) <= most:
            yield _Near(slips, -clips, term)
        elif len(word) >= BEGINNING and len(term) >= len(word) + PART and edits(word, term[: len(word)]) <= most:
            yield _Near(most + 1, -clips, term)


def _exchanged(connection: Connection, word: str) -> Iterator[_Near]:
    """Yield the terms that are ``word`` with its first two letters swapped; for a short one, any two neighbours."""
    for at in range(1 if len(word) >= SHORTEST else len(word) - 1):
        term = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        clips = fulltext.of(connection).count(connection, SearchTerm((term,)), MOST_TERMS)
        if clips:
            yield _Near(1, -clips, term)


def _is_there(connection: Connection, word: str) -> bool:
    """Whether a name has a word that begins with or contains ``word``."""
    begins = SearchTerm((word,), begins=True)
    return _has(connection, begins) or fulltext.of(connection).is_inside(connection, word)


def _has(connection: Connection, term: str | SearchTerm) -> bool:
    asked = SearchTerm((term,)) if isinstance(term, str) else term
    return fulltext.of(connection).count(connection, asked, 1) > 0


def is_part(part: str) -> bool:
    """Whether ``part`` is one or two characters of East Asian scripts, which do not separate words by spaces."""
    return _EAST_ASIAN.fullmatch(part) is not None


def terms_with(connection: Connection, part: str) -> tuple[str, ...]:
    """The terms that contain ``part``, if it is one or two characters of East Asian scripts; empty otherwise."""
    if not is_part(part):
        return ()
    terms = fulltext.of(connection).with_inside(connection, "\u2e80", part, MOST_TERMS)
    return tuple(dict.fromkeys([part, *terms]))
