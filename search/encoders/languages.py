"""Questions and names in other languages, read as English: what the text tower was taught.

``words_of_languages.csv`` has words of sounds in eight languages beside the English ones. A text is of the
language that explains most of its words, English where another explains no more; what that says is put into English
word by word. Endings are forgiven, German compounds are taken apart, Chinese and Japanese are cut into the longest
words known.
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
"""Letters that a word has in common with one that is known, at the least, to be taken for a form of it."""
ENDING: Final = 2
"""Letters by which the two may differ from there on."""
LONGEST: Final = 500
"""Characters of the longest text that is read so; what is longer is taken for English."""
LONGEST_WORD: Final = 40
LONGEST_EAST_ASIAN: Final = 8
"""Characters of the longest words that are taken apart, and that are looked for where words do not stand apart."""
PART: Final = 3
"""Letters of the shortest part of a compound."""
FUNCTION_WORD: Final = 0.5
"""How much a word like "the" says of a language, of what a word of sounds does."""
FORM: Final = 0.75
"""And what one does that is known in another form only."""
USUAL: Final = 10_000
"""So many words of English are usual."""
UNSURE: Final = "?"
"""Before a word that is English, too, and says nothing of the language by itself."""
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
    """A text in English, and the language that it was in."""

    text: str
    language: str


@dataclass(frozen=True, slots=True, eq=False)
class Lexicon:
    """The words of one language, folded, with the English for each; ``beginnings`` of `STEM` letters tell which words
    begin so, ``unsure`` are English words as well, ``little`` such as "the"; ``also_english`` are those
    that it is put into.
    """

    language: str
    english: Mapping[Phrase, str]
    beginnings: Mapping[str, tuple[str, ...]]
    unsure: frozenset[Phrase]
    little: frozenset[str]
    also_english: frozenset[str]

    def of(self, words: Sequence[str]) -> list[tuple[Phrase, str | None]]:
        """The words cut into phrases that are known, the longest from the left, each with its English; None without."""
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
        """The English for a word that is a form of a known one, or is made of two."""
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
        """The English for a part of a compound, which may have an s or another ending of its own."""
        return self.english.get((word,)) or self.english.get((word.removesuffix("s"),)) or self._form_alone(word)


def in_english(text: str, rank: Callable[[str], float], language: str = "") -> Reading:
    """``text`` as it is where it is English, else its words in English and those that are not known.

    ``language`` is one of `search.model.LANGUAGES`, found out where it is not said. ``rank`` says how usual a word
    is in English, the most usual first, `math.inf` where it is none: a usual one is English whatever it means
    elsewhere, any one where another language has a form of it only.
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
    """By language, in the order of the file."""
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
    """In small letters, Latin and Cyrillic ones without accents."""
    parts = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(c for c in parts if not "\u0300" <= c <= "\u036f"))


def _words(text: str, lexicon: Lexicon) -> list[str]:
    return [word for run in _WORD.findall(folded(text)) for word in _cut(run, lexicon)]


def _cut(run: str, lexicon: Lexicon) -> Iterator[str]:
    """Words that stand apart as they are; a run of Chinese or Japanese in the longest words that are known."""
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
    """How many words a language explains; characters of Chinese and Japanese, where kana are Japanese."""
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
    """The English of what is known, and other words of Latin letters as they are."""
    said = [
        english or (" ".join(phrase) if phrase[0].isascii() and phrase[0] not in little else "")
        for phrase, english in phrases
    ]
    return " ".join(filter(None, said))


def _likeness(word: str, other: str) -> int:
    """The letters that a word and one that is known have in common at their beginnings; 0 where it is no form of it."""
    same = next((n for n, (a, b) in enumerate(zip(word, other, strict=False)) if a != b), min(len(word), len(other)))
    is_form = same >= STEM and max(len(word), len(other)) - same <= ENDING
    return same if is_form else 0
