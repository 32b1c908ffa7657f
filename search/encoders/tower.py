"""The text tower of ``cnn:soundalike-1``: words -> a vector of the audio space, in less than a millisecond.

Word pieces have fixed vectors. A small convolution combines neighbours ("car horn" is no car), a learned weighting
decides which pieces matter, and two layers map their sum to the sentence embedding of MiniLM, from which the tower was
distilled (training/tower.py). A softmax over its similarities to AudioSet's class names gives the meant classes; each
class is a direction of the audio space.

It runs in numpy, so that a search by words need not load torch.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from search.encoders.contract import unit_rows
from search.encoders.languages import Reading, in_english
from search.model import TextEncoding, Vectors

UNKNOWN = "[UNK]"
LONGEST = 64
"""Most pieces of a query that are read; the rest is ignored."""
LONGEST_WORD = 100
TOGETHER = 64
"""How many texts are read at once: their pieces fit the processor's caches."""
SCALE = ":scale"
"""Suffix of the name of a matrix's scales in the file."""
SHARPNESS = 25.0
"""One over the temperature of the softmax over classes; this and the next were chosen on the development split."""
COMMON_SHARE = 0.75
"""How much of the average meaning of texts is subtracted from each."""

Array = NDArray[np.float32]


class WordPieces:
    """BERT's uncased word pieces over a given vocabulary (Devlin et al., 2019): text -> piece numbers."""

    def __init__(self, vocabulary: Sequence[str]) -> None:
        self.vocabulary = tuple(vocabulary)
        self._numbers = {piece: number for number, piece in enumerate(self.vocabulary)}

    def rank(self, word: str) -> float:
        """The rank of a lower-case word among the pieces, by frequency in English; infinity if unknown."""
        return self._numbers.get(word, math.inf)

    def read(self, text: str) -> list[int]:
        """The longest pieces from the left of every word, at most `LONGEST` in total; never empty."""
        plain = "".join(c for c in unicodedata.normalize("NFD", text.lower()) if unicodedata.category(c) != "Mn")
        words = islice(re.finditer(r"\w+|[^\w\s]", plain), LONGEST)
        numbers = [number for word in words for number in self._pieces(word[0][:LONGEST_WORD])]
        return numbers[:LONGEST] or [self._numbers[UNKNOWN]]

    def _pieces(self, word: str) -> list[int]:
        numbers, start = [], 0
        while start < len(word):
            for stop in range(len(word), start, -1):
                number = self._numbers.get(word[start:stop] if start == 0 else f"##{word[start:stop]}")
                if number is not None:
                    break
            else:
                return [self._numbers[UNKNOWN]]
            numbers.append(number)
            start = stop
        return numbers


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """The tower's arrays by their names in the file, float32 except the word pieces.

    ``pieces`` (pieces, width) stay integers of -127 to 127 with a scale each, because a text needs few of them.
    """

    pieces: NDArray[np.int8]
    pieces_scale: Array
    others: Mapping[str, Array]


class TextTower:
    """Texts -> directions of the audio space. See `read_arrays`.

    It was trained on English; texts in other languages are translated first (`search.encoders.languages`).
    """

    def __init__(self, pieces: WordPieces, weights: Weights, language: str = "") -> None:
        self._language = language
        self.pieces = pieces
        self._weights = weights

    def directions(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) unit rows."""
        return self.read(texts).vectors

    def read(self, texts: Sequence[str], language: str = "") -> TextEncoding:
        """Directions, and the meant classes. ``language`` is that of these texts, if known.

        Reads one text at a time, so that no vector depends on the others, not even in its last digit.
        """
        weight = self._weights.others
        classes, dim = weight["class_directions"].shape
        if not len(texts):
            return TextEncoding(np.empty((0, dim), np.float32), np.empty((0, classes), np.float32))
        readings = self._in_english(texts, language)
        english = tuple(reading.text for reading in readings)
        meant = np.stack([self._meant(self.pieces.read(text)) for text in english])
        more = meant - COMMON_SHARE * weight["typical_classes"]  # relative to an average text
        directions = np.stack([row @ weight["class_directions"] for row in more])
        languages = tuple(reading.language for reading in readings)
        return TextEncoding(unit_rows(directions.astype(np.float32)), meant, english, languages)

    def meanings(self, texts: Sequence[str], language: str = "") -> Vectors:
        """(n, meaning) unit rows, minus what all meanings have in common: that of an average class.

        Texts are read in batches of `TOGETHER`, in a sixth of the time of one by one.
        """
        classes = self._weights.others["class_meanings"]
        read = [self.pieces.read(reading.text) for reading in self._in_english(texts, language)]
        batches = [self._meanings(read[start : start + TOGETHER]) for start in range(0, len(read), TOGETHER)]
        meanings = np.concatenate([np.empty((0, classes.shape[1]), np.float32), *batches])
        return unit_rows(meanings - classes.mean(axis=0))

    def _in_english(self, texts: Sequence[str], language: str) -> list[Reading]:
        return [in_english(text, self.pieces.rank, language or self._language) for text in texts]

    def _meant(self, numbers: Sequence[int]) -> Array:
        """(classes,): the probability that a text means each class."""
        scores = SHARPNESS * self._weights.others["class_meanings"] @ self._meanings([numbers])[0]
        meant = np.exp(scores - scores.max())
        return np.asarray(meant / meant.sum(), np.float32)

    def _meanings(self, texts: Sequence[Sequence[int]]) -> Array:
        """(n, meaning): approximate MiniLM embeddings of texts, given as pieces, scaled to length 1.

        All texts form one row of pieces with gaps between them, so that no text is the neighbour of another.
        """
        weight = self._weights.others
        sizes = np.array([len(numbers) for numbers in texts])
        starts = np.cumsum(sizes + 1) - sizes  # the first gap is at 0
        every = np.concatenate([np.arange(size) + start for size, start in zip(sizes, starts, strict=True)])
        numbers = np.concatenate(list(texts))
        padded = np.zeros((starts[-1] + sizes[-1] + 1, self._weights.pieces.shape[1]), np.float32)
        padded[every] = self._weights.pieces[numbers] * self._weights.pieces_scale[numbers, None]
        x = padded[every]
        kernel = weight["neighbours.weight"]  # (width, width, 3): out, in, place
        mixed = weight["neighbours.bias"] + sum(padded[every + i - 1] @ kernel[:, :, i].T for i in range(3))
        mixed = gelu(np.asarray(mixed, np.float32))
        importance = (x + mixed) @ weight["importance.weight"][0]  # its bias is the same for all
        first = np.cumsum(sizes) - sizes
        share = np.exp(importance - np.repeat(np.maximum.reduceat(importance, first), sizes))
        share /= np.repeat(np.add.reduceat(share, first), sizes)
        alone, together = (np.add.reduceat(share[:, None] * rows, first, axis=0) for rows in (x, mixed))
        hidden = gelu(np.concatenate([alone, together], axis=1) @ weight["hidden.weight"].T + weight["hidden.bias"])
        meaning = hidden @ weight["meaning.weight"].T + weight["meaning.bias"] + alone @ weight["shortcut.weight"].T
        return np.asarray(meaning / np.maximum(np.linalg.norm(meaning, axis=1, keepdims=True), 1e-12), np.float32)


def gelu(x: Array) -> Array:
    """X times the normal distribution function of x (Hendrycks and Gimpel, arXiv:1606.08415), to 2e-7.

    The error function is formula 7.1.26 of Abramowitz and Stegun, whose error is below 1.5e-7: numpy has none.
    """
    z = np.abs(x) / np.sqrt(2)
    t = 1 / (1 + 0.3275911 * z)
    tail = t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))))
    erf = np.sign(x) * (1 - tail * np.exp(-z * z))
    return np.asarray(x * (1 + erf) / 2, np.float32)


def read_arrays(state: Mapping[str, NDArray[np.generic]], language: str = "") -> TextTower:
    """A tower from the arrays of its file, for texts in any language or in one.

    Raises KeyError if one is missing, ValueError for shapes that do not fit.
    """
    vocabulary = state["vocabulary"].tobytes().decode().split("\n")
    others = {
        name: _dense(state, name)
        for name in state
        if not name.endswith(SCALE) and name not in ("vocabulary", "pieces.weight")
    }
    weights = Weights(
        np.asarray(state["pieces.weight"], np.int8), state[f"pieces.weight{SCALE}"].astype(np.float32), others
    )
    tower = TextTower(WordPieces(vocabulary), weights, language)
    if len(vocabulary) != len(weights.pieces):
        raise ValueError(f"{len(vocabulary)} word pieces, {len(weights.pieces)} vectors")
    tower.directions(["rain"])  # raises if shapes do not fit
    return tower


def _dense(state: Mapping[str, NDArray[np.generic]], name: str) -> Array:
    values = state[name].astype(np.float32)
    scale = state.get(f"{name}{SCALE}")
    return values if scale is None else values * scale.astype(np.float32)[:, None]
