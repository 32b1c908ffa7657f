"""Translates queries and names from other languages to English, which the text tower was trained on.

``words_of_languages.csv`` has words for sounds in eight languages with their English. A text is in the language that
explains most of its words, or English if none explains more. It is translated word by word. Other endings are accepted,
German compounds are split, and Chinese and Japanese are cut into the longest known words.
"""

from __future__ import annotations

import csv
import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Final

from search.model import ENGLISH, LANGUAGES

FILE: Final = "words_of_languages.csv"
STEM: Final = 4
"""How many first letters a word must share with a known word to count as a form of it."""
ENDING: Final = 2
"""By how many letters the rest of the two words may differ."""
LONGEST: Final = 500
"""Longest text, in characters, that is translated; longer ones count as English."""
LONGEST_WORD: Final = 40
LONGEST_EAST_ASIAN: Final = 8
"""Longest compounds that are split, and longest words that are looked for in Chinese and Japanese, in characters."""
PART: Final = 3
"""Letters of the shortest part of a compound."""
FUNCTION_WORD: Final = 0.5
"""The score of a word like "the" for a language, relative to a word for a sound."""
FORM: Final = 0.75
"""The score of a word that is known only in another form."""
USUAL: Final = 10_000
"""How many words of English count as common."""
UNSURE: Final = "?"
"""Marks a word that is also English, so that it does not identify the language."""
_WORD: Final = re.compile(r"[^\W\d_]+")
_EAST_ASIAN: Final = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]")
_KANA: Final = re.compile(r"[\u3040-\u30ff]")
_LITTLE: Final[Mapping[str, str]] = {
    "de": "der die das den dem des ein eine einer einen und im in am an auf mit von vom zu aus ist wie",
    "fr": "le la les l un une des de du d au aux et en dans sur avec qui a se s est",
    "es": "el la los las un una unos unas de del al y en con que se es por",
    "it": "il lo la gli le l un uno una di del della dello dei delle dell d al alla e in con che si su sulla",
    "pt": "o a os as um uma de do da dos das no na nos nas e em com que se ao",
    "ru": "и в на с по из у о от",
}

Phrase = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in English, and its original language."""

    text: str
    language: str


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """The words of one language, folded, with the English for each. ``beginnings``: the words by their first `STEM`
    letters; ``unsure``: words that are also English; ``little``: words like "the"; ``also_english``: all English words
    of the translations.
    """

    language: str
    english: Mapping[Phrase, str]
    beginnings: Mapping[str, tuple[str, ...]]
    unsure: frozenset[Phrase]
    little: frozenset[str]
    also_english: frozenset[str]

    def of(self, words: Sequence[str]) -> list[tuple[Phrase, str | None]]:
        """The words cut into known phrases, the longest from the left, each with its English, or None if unknown."""
        found: list[tuple[Phrase, str | None]] = []
        place = 0
        while place < len(words):
            for stop in range(min(len(words), place + 4), place, -1):
                phrase = tuple(words[place:stop])
                english = self.english.get(phrase)
                if english is not None:
                    break
            else:
                english = None if words[place] in self.little else self._form(words[place])
            found.append((phrase, english))
            place += len(phrase)
        return found

    def _form(self, word: str) -> str | None:
        """The English for a form of a known word, or for a compound of two."""
        known = self._form_alone(word)
        if known:
            return known
        if self.language == "de" and len(word) <= LONGEST_WORD:
            for place in range(PART, len(word) - PART + 1):
                head, tail = self._part(word[:place]), self._part(word[place:])
                if head and tail:
                    return f"{head} {tail}"
        return None

    def _form_alone(self, word: str) -> str | None:
        likest = max(self.beginnings.get(word[:STEM], ()), key=lambda other: _likeness(word, other), default="")
        return self.english[likest,] if _likeness(word, likest) else None

    def _part(self, word: str) -> str | None:
        """The English for a part of a compound, which may have an s or another ending."""
        return self.english.get((word,)) or self.english.get((word.removesuffix("s"),)) or self._form_alone(word)


def in_english(text: str, rank: Callable[[str], float], language: str = "") -> Reading:
    """Translate ``text`` word by word, keeping unknown words; English is returned unchanged.

    ``language`` is one of `search.model.LANGUAGES`, or empty to detect it. ``rank`` is the frequency rank of an English
    word, `math.inf` if it is none. A common English word counts as English, whatever it means elsewhere; a rarer one
    counts as English unless another language has exactly this word.
    """
    if language == ENGLISH or len(text) > LONGEST:
        return Reading(text, ENGLISH)
    if not language and all(rank(word) < USUAL for word in _WORD.findall(folded(text))):
        return Reading(text, ENGLISH)
    known = lexicons()
    cut = {one: _words(text, lexicon) for one, lexicon in known.items() if language in ("", one)}
    explained = {one: known[one].of(words) for one, words in cut.items()}
    if language:
        return Reading(_put(explained[language], known[language].little) or text, language)
    scores = {one: _explains(known[one], phrases) for one, phrases in explained.items()}
    best = max(scores, key=lambda one: scores[one])
    in_it = sum(
        word in known[best].also_english or rank(word) < (USUAL if (word,) in known[best].english else math.inf)
        for word in cut[best]
    )
    if scores[best] <= in_it or not any(english for _, english in explained[best]):
        return Reading(text, ENGLISH)
    return Reading(_put(explained[best], known[best].little), best)


@cache
def lexicons() -> Mapping[str, Lexicon]:
    """The lexicons by language, in the order of the file."""
    words: defaultdict[str, dict[Phrase, str]] = defaultdict(dict)
    unsure: defaultdict[str, set[Phrase]] = defaultdict(set)
    file = resources.files("search.encoders").joinpath("data", FILE)
    for row in csv.DictReader(file.read_text("utf-8").splitlines()):
        for language in LANGUAGES:
            for written in row[language].split("/") if language != ENGLISH else ():
                phrase = tuple(_WORD.findall(folded(written)))
                words[language].setdefault(phrase, row[ENGLISH])
                if written.startswith(UNSURE):
                    unsure[language].add(phrase)
    made = {}
    for language, english in words.items():
        beginnings: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
        for word, *more in english:
            if not more and (word,) not in unsure[language]:
                beginnings[word[:STEM]] += (word,)
        little = frozenset(_LITTLE.get(language, "").split())
        same = frozenset(word for meant in english.values() for word in meant.split())
        made[language] = Lexicon(language, english, dict(beginnings), frozenset(unsure[language]), little, same)
    return made


def folded(text: str) -> str:
    """In lower case, Latin and Cyrillic letters without accents."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in parts if not "\u0300" <= c <= "\u036f"))


def _words(text: str, lexicon: Lexicon) -> list[str]:
    return [word for run in _WORD.findall(folded(text)) for word in _cut(run, lexicon)]


def _cut(run: str, lexicon: Lexicon) -> Iterator[str]:
    """Separate words unchanged; a run of Chinese or Japanese cut into the longest known words."""
    place = 0 if _EAST_ASIAN.search(run) else len(run)
    if place:
        yield run
    while place < len(run):
        stop = next(
            (
                s
                for s in range(min(len(run), place + LONGEST_EAST_ASIAN), place, -1)
                if (run[place:s],) in lexicon.english
            ),
            place + 1,
        )
        yield run[place:stop]
        place = stop


def _explains(lexicon: Lexicon, phrases: Sequence[tuple[Phrase, str | None]]) -> float:
    """How many words a language explains; characters in Chinese and Japanese, where kana count for Japanese."""
    score = 0.0
    for phrase, english in phrases:
        if english is not None:
            certain = 1.0 if phrase in lexicon.english else FORM
            score += 0.0 if phrase in lexicon.unsure else certain * sum(map(_size, phrase))
        elif len(phrase) == 1 and phrase[0] in lexicon.little:
            score += FUNCTION_WORD
        elif lexicon.language == "ja" and _KANA.search(phrase[0]):
            score += 1.0
    return score


def _size(word: str) -> int:
    return len(word) if _EAST_ASIAN.search(word) else 1


def _put(phrases: Sequence[tuple[Phrase, str | None]], little: frozenset[str]) -> str:
    """The English of known phrases, and other words in ASCII unchanged."""
    said = [
        english or (" ".join(phrase) if phrase[0].isascii() and phrase[0] not in little else "")
        for phrase, english in phrases
    ]
    return " ".join(filter(None, said))


def _likeness(word: str, other: str) -> int:
    """How many first letters a word shares with a known one; 0 if it is not a form of it."""
    same = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    is_form = same >= STEM and max(len(word), len(other)) - same <= ENDING
    return same if is_form else 0
