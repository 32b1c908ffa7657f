"""The words of all transcripts with their times, and the places of each word, for searches by spoken words.

Words are folded like queries: lower case, without accents and apostrophes. In Chinese or Japanese, each character is a
word, so that phrases can be found.
"""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.model import Ids, SpokenWord, Transcript

_WORD: Final = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff]|[^\W_\u2e80-\u9fff\uf900-\ufaff]+")
_APOSTROPHES: Final = str.maketrans("", "", "'\u2019\u02bc\u00ad")


def folded(text: str) -> list[str]:
    """The words of a text, folded for search."""
    bare = unicodedata.normalize("NFKD", text.casefold().translate(_APOSTROPHES))
    bare = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return _WORD.findall(unicodedata.normalize("NFC", bare))


@dataclass(frozen=True, slots=True)
class SpokenTable:
    """n words, ordered by content and time.

    ``contents`` (c,) are ids, ascending; the words of content i are those from ``begins[i]`` to ``begins[i + 1]``
    (c + 1,) int64. ``words`` (n,) uint32 are indices into the ``vocabulary``, which is sorted. ``starts_ms`` and
    ``ends_ms`` are uint32; ``sure`` uint8 is the certainty in units of 1/255; ``opens`` uint8 is 1 for the first word
    of a line. ``places`` (n,) int64 are the places of words, grouped by word: those of word v of the vocabulary are
    from ``word_begins[v]`` to ``word_begins[v + 1]``, ascending.
    """

    contents: Ids
    begins: NDArray[np.int64]
    words: NDArray[np.uint32]
    starts_ms: NDArray[np.uint32]
    ends_ms: NDArray[np.uint32]
    sure: NDArray[np.uint8]
    opens: NDArray[np.uint8]
    places: NDArray[np.int64]
    word_begins: NDArray[np.int64]
    vocabulary: tuple[str, ...]

    @classmethod
    def empty(cls) -> SpokenTable:
        """A table without words."""
        return cls.of(())

    @classmethod
    def of(cls, transcripts: Iterable[tuple[int, Transcript]]) -> SpokenTable:
        """The table of these transcripts, by content id. If an id comes twice, the later transcript counts."""
        ids: list[int] = []
        counts: list[int] = []
        tokens: list[str] = []
        rows: list[tuple[int, int, int, int]] = []
        for content_id, transcript in sorted(dict(transcripts).items()):
            before = len(tokens)
            for line in transcript.lines:
                opens = 1
                for word in line.words:
                    for token in folded(word.text):
                        tokens.append(token)
                        rows.append((*_numbers(word), opens))
                        opens = 0
            ids.append(content_id)
            counts.append(len(tokens) - before)
        vocabulary = tuple(sorted(set(tokens)))
        place = {word: at for at, word in enumerate(vocabulary)}
        columns = np.array(rows, np.int64).reshape(-1, 4)
        begins = np.concatenate(([0], np.cumsum(counts, dtype=np.int64)))
        words = np.fromiter((place[token] for token in tokens), np.uint32, len(tokens))
        return _with_places(np.array(ids, np.int64), begins.astype(np.int64), words, columns, vocabulary)

    def __len__(self) -> int:
        """The number of contents, including those without speech."""
        return len(self.contents)

    def positions(self, word: int) -> NDArray[np.int64]:
        """The places (m,) where a word of the vocabulary is said, ascending."""
        return np.asarray(self.places[self.word_begins[word] : self.word_begins[word + 1]])

    def counts(self) -> NDArray[np.int64]:
        """How often each word of the vocabulary is said (v,)."""
        return np.diff(self.word_begins)

    def beginning(self, letters: str) -> range:
        """The indices of the words of the vocabulary that begin with ``letters``."""
        first = bisect_left(self.vocabulary, letters)
        return range(first, bisect_left(self.vocabulary, letters + "\U0010ffff"))

    def place_of(self, word: str) -> int | None:
        """The index of a word in the vocabulary; None if it is not there."""
        at = bisect_left(self.vocabulary, word)
        return at if at < len(self.vocabulary) and self.vocabulary[at] == word else None

    def rows_of(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        """The rows in ``contents`` of the words at these places (m,)."""
        return np.searchsorted(self.begins, positions, side="right") - 1

    def line_of(self, position: int) -> tuple[int, int]:
        """The content id of the word at a place, and the number of its line."""
        row = int(self.rows_of(np.array([position]))[0])
        begin = int(self.begins[row])
        return int(self.contents[row]), int(self.opens[begin : position + 1].sum(dtype=np.int64)) - 1

    def changed(self, added: Sequence[tuple[int, Transcript]]) -> SpokenTable:
        """A table with ``added``, which replace the transcripts with the same ids."""
        if not added:
            return self
        if not len(self):
            return SpokenTable.of(added)
        fresh = SpokenTable.of(added)
        staying = ~np.isin(self.contents, fresh.contents)
        vocabulary = tuple(sorted({*self.vocabulary, *fresh.vocabulary}))
        place = {word: at for at, word in enumerate(vocabulary)}
        ids = np.concatenate((self.contents[staying], fresh.contents))
        order = np.argsort(ids, kind="stable")
        parts = [(self, row) for row in np.flatnonzero(staying).tolist()] + [(fresh, row) for row in range(len(fresh))]
        moved = {id(one): np.array([place[word] for word in one.vocabulary], np.uint32) for one in (self, fresh)}
        words, columns, counts = [np.empty(0, np.uint32)], [np.empty((0, 4), np.int64)], []
        for one, row in (parts[at] for at in order.tolist()):
            inside = slice(int(one.begins[row]), int(one.begins[row + 1]))
            words.append(moved[id(one)][one.words[inside]])
            columns.append(
                np.stack([one.starts_ms[inside], one.ends_ms[inside], one.sure[inside], one.opens[inside]], 1)
            )
            counts.append(inside.stop - inside.start)
        begins = np.concatenate(([0], np.cumsum(counts, dtype=np.int64))).astype(np.int64)
        return _with_places(ids[order], begins, np.concatenate(words), np.concatenate(columns), vocabulary)


def _with_places(
    ids: Ids,
    begins: NDArray[np.int64],
    words: NDArray[np.uint32],
    columns: NDArray[np.int64],
    vocabulary: tuple[str, ...],
) -> SpokenTable:
    places = np.argsort(words, kind="stable").astype(np.int64)
    word_begins = np.searchsorted(words[places], np.arange(len(vocabulary) + 1)).astype(np.int64)
    starts, ends, sure, opens = columns.T
    return SpokenTable(
        ids,
        begins,
        words,
        starts.astype(np.uint32),
        ends.astype(np.uint32),
        sure.astype(np.uint8),
        opens.astype(np.uint8),
        places,
        word_begins,
        vocabulary,
    )


def _numbers(word: SpokenWord) -> tuple[int, int, int]:
    return round(1000 * word.start_s), round(1000 * word.end_s), round(255 * min(max(word.probability, 0.0), 1.0))
