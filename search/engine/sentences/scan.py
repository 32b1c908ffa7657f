"""A sentence that rules take pieces out of, until what is left are the words to look for."""

from __future__ import annotations

import re
from collections.abc import Iterator

from search.model import Term, TermKind

TAKEN = "\ue000"
"""Stands where a rule took a piece: the end of a clause to whoever reads on."""
FIXED = "\ue001"
"""Stands for what no further rule may read, and stays among the words."""
BREAK = rf"[,;:.!?{TAKEN}]"
START = rf"(?:(?<![^\s{TAKEN},;:.!?(])|^)"
"""The start of a word, also behind a piece that was taken."""

_PLAIN = str.maketrans({"’": "'", "“": '"', "”": '"', "„": '"', TAKEN: " ", FIXED: " "})


class Scan:
    """The text of a sentence in lower case, what was taken from it, and the terms that came of it."""

    def __init__(self, sentence: str) -> None:
        self.sentence = " ".join(sentence.translate(_PLAIN).split())
        self.text = "".join(c.lower() if len(c.lower()) == 1 else c for c in self.sentence)
        self._terms: list[tuple[int, Term]] = []
        self._not_understood: list[tuple[int, str]] = []

    def matches(self, pattern: str) -> Iterator[re.Match[str]]:
        """Each match in what is left, one after the other; what the caller takes meanwhile is not matched again."""
        at = 0
        compiled = re.compile(pattern)
        while match := compiled.search(self.text, at):
            yield match
            at = max(match.end(), at + 1)

    def said(self, start: int, end: int) -> str:
        """The words of the sentence from ``start`` to ``end``, as they were written."""
        return " ".join(self.sentence[start:end].split()).strip(" ,;:")

    def take(self, match: re.Match[str], kind: TermKind, means: str) -> None:
        """Make a term of a match: its words are no words to look for any more."""
        self.add(match.start(), self.said(*match.span()), kind, means)
        self.drop(match)

    def add(self, at: int, said: str, kind: TermKind, means: str) -> None:
        """A term whose words stand at ``at``."""
        self._terms.append((at, Term(said, kind, means)))

    def drop(self, match: re.Match[str]) -> None:
        """Take the words of a match out."""
        self._replace(*match.span(), TAKEN)

    def fix(self, start: int, end: int) -> None:
        """Let no further rule read what stands there; it stays among the words."""
        self._replace(start, end, FIXED)

    def report(self, start: int, end: int) -> None:
        """Say of these words that they were not understood; they stay."""
        self._not_understood.append((start, self.said(start, end)))

    def _replace(self, start: int, end: int, sign: str) -> None:
        self.text = self.text[:start] + sign * (end - start) + self.text[end:]

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms in the order of their words."""
        return tuple(term for _, term in sorted(self._terms, key=lambda one: one[0]))

    @property
    def not_understood(self) -> tuple[str, ...]:
        """What was reported, in the order of its words."""
        return tuple(dict.fromkeys(said for _, said in sorted(self._not_understood)))
