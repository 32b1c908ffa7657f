"""The words that names and metadata of a library have: which is most like one that is in none of them, and which have
a character or two of Chinese, Japanese or Korean inside, where words do not stand apart.

They are read from the stems of the full text, by ranges.
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
"""Letters of the shortest word that may have any slip: of three every other is near."""
SHORTEST_EXCHANGED: Final = 3
"""And of the shortest of which two neighbours may be exchanged."""
LONGEST: Final = 64
"""Letters of the longest word that may be a slip: of a longer one each place would be tried."""
PART: Final = 3
"""Letters of the shortest word that another is made of."""
ENDING: Final = 4
"""Letters of the shortest word that one is looked for by its end."""
BEGINNING: Final = 6
"""Letters of the shortest word that may be the beginning of a compound with a slip in it."""
LONG: Final = 8
"""From so many letters on two slips are looked for."""
_LETTERS: Final = re.compile(r"[^\W\d_\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff]+")
"""Of alphabets whose words stand apart."""
_EAST_ASIAN: Final = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff]{1,2}")
MOST_TERMS: Final = 500


def read_as(connection: Connection, word: str) -> list[str]:
    """What a word that is in no name is looked for as: the two words that it is made of, the one that it is most like,
    or the one at its end (a footstep is a step); itself where none of these is in a name, or it is.
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
    """The word of this library that is most like ``word``, None where a name has that or no word is like it.

    That is with one letter wrong, left out, too many or exchanged, two from `LONG` letters on. The first may be
    exchanged with the second; of three letters nothing else may be a slip.
    """
    if len(word) < SHORTEST_EXCHANGED or not _LETTERS.fullmatch(word) or _is_there(connection, word):
        return None
    near = min([*_near(connection, word), *_exchanged(connection, word)], default=None)
    if near is None:
        return None
    # a term is a stem: one of the words that it was made of is shown
    words = (fulltext.of(connection).words_of_one(connection, near.term) or near.term).split()
    return min(words, key=lambda one: edits(near.term, one)) if words else near.term


class _Near(NamedTuple):
    """A term, by how many slips it is away, then by how many clips have it (below zero)."""

    slips: int
    clips: int
    term: str


def _near(connection: Connection, word: str) -> Iterator[_Near]:
    """The terms with the first letter of ``word`` from which it may come by slips, whole or, of a longer word, as the
    beginning of a compound: "thnuder" of a thunderstorm. A whole one is nearer.
    """
    most = 0 if len(word) < SHORTEST else 2 if len(word) >= LONG else 1
    after = chr(ord(word[0]) + 1)
    for term, clips in fulltext.of(connection).from_to(connection, word[0], after) if most else ():
        if len(term) >= SHORTEST - 1 and abs(len(term) - len(word)) <= most and (slips := edits(word, term)) <= most:
            yield _Near(slips, -clips, term)
        elif len(word) >= BEGINNING and len(term) >= len(word) + PART and edits(word, term[: len(word)]) <= most:
            yield _Near(most + 1, -clips, term)


def _exchanged(connection: Connection, word: str) -> Iterator[_Near]:
    """The terms that are ``word`` with its first two letters exchanged; of a short one any two neighbours."""
    for at in range(1 if len(word) >= SHORTEST else len(word) - 1):
        term = word[:at] + word[at + 1] + word[at] + word[at + 2 :]
        clips = fulltext.of(connection).count(connection, SearchTerm((term,)), MOST_TERMS)
        if clips:
            yield _Near(1, -clips, term)


def _is_there(connection: Connection, word: str) -> bool:
    """Whether a name has a word that begins with it, or has it inside."""
    begins = SearchTerm((word,), begins=True)
    return _has(connection, begins) or fulltext.of(connection).is_inside(connection, word)


def _has(connection: Connection, term: str | SearchTerm) -> bool:
    asked = SearchTerm((term,)) if isinstance(term, str) else term
    return fulltext.of(connection).count(connection, asked, 1) > 0


def is_part(part: str) -> bool:
    """Whether it is one or two characters of East Asian writing, where words do not stand apart."""
    return _EAST_ASIAN.fullmatch(part) is not None


def terms_with(connection: Connection, part: str) -> tuple[str, ...]:
    """Every term with one or two characters of East Asian writing in it; empty for others."""
    if not is_part(part):
        return ()
    terms = fulltext.of(connection).with_inside(connection, "\u2e80", part, MOST_TERMS)
    return tuple(dict.fromkeys([part, *terms]))
