"""A sentence from which rules take pieces, until only the words to search for are left."""

from __future__ import annotations

import re
from collections.abc import Iterator

from search.model import Term, TermKind

TAKEN = "\ue000"
"""Replaces a piece that a rule took. Later rules read it as the end of a clause."""
FIXED = "\ue001"
"""Replaces a piece that no later rule may read, and that stays among the words to search for."""
BREAK = rf"[,;:.!?{TAKEN}]"
START = rf"(?:(?<![^\s{TAKEN},;:.!?(])|^)"
"""The start of a word, also after a piece that was taken."""

_PLAIN = str.maketrans({"’": "'", "“": '"', "”": '"', "„": '"', TAKEN: " ", FIXED: " "})


class Scan:
    """The remaining text of a sentence in lower case, and the terms made so far."""

    def __init__(self, sentence: str) -> None:
        self.sentence = " ".join(sentence.translate(_PLAIN).split())
        self.text = "".join(c.lower() if len(c.lower()) == 1 else c for c in self.sentence)
        self._terms: list[tuple[int, Term]] = []
        self._not_understood: list[tuple[int, str]] = []

    def matches(self, pattern: str) -> Iterator[re.Match[str]]:
        """Yield each match in the remaining text. Pieces that the caller takes meanwhile are not matched again."""
        at = 0
        compiled = re.compile(pattern)
        while match := compiled.search(self.text, at):
            yield match
            at = max(match.end(), at + 1)

    def said(self, start: int, end: int) -> str:
        """Return the words of the sentence from ``start`` to ``end``, as they were written."""
        return " ".join(self.sentence[start:end].split()).strip(" ,;:")

    def take(self, match: re.Match[str], kind: TermKind, means: str) -> None:
        """Turn a match into a term. Its words are no longer words to search for."""
        self.add(match.start(), self.said(*match.span()), kind, means)
        self.drop(match)

    def add(self, at: int, said: str, kind: TermKind, means: str) -> None:
        """Add a term whose words are at ``at``."""
        self._terms.append((at, Term(said, kind, means)))

    def drop(self, match: re.Match[str]) -> None:
        """Remove the words of a match."""
        self._replace(*match.span(), TAKEN)

    def fix(self, start: int, end: int) -> None:
        """Hide a piece from later rules. It stays among the words to search for."""
        self._replace(start, end, FIXED)

    def report(self, start: int, end: int) -> None:
        """Report that these words were not understood. They stay."""
        self._not_understood.append((start, self.said(start, end)))

    def _replace(self, start: int, end: int, sign: str) -> None:
        self.text = self.text[:start] + sign * (end - start) + self.text[end:]

    @property
    def terms(self) -> tuple[Term, ...]:
        """The terms in the order of their words."""
        return tuple(term for _, term in sorted(self._terms, key=lambda one: one[0]))

    @property
    def not_understood(self) -> tuple[str, ...]:
        """The reported words, in their order."""
        return tuple(dict.fromkeys(said for _, said in sorted(self._not_understood)))
