"""The text tower learns what it is shown."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from search.encoders.tower import UNKNOWN, TextTower, TowerShape, WordPieces, pad
from training.space import class_directions
from training.texts import ontology, reading_list
from training.tower import Lessons, TowerRecipe, learn, vocabulary

WORDS = ("dog", "rain", "bell", "horn", "car", "loud", "far", "old")


def lessons(pieces: WordPieces) -> Lessons:
    """Every pair of words means the mean of two random directions."""
    rng = np.random.default_rng(1)
    meanings = dict(zip(WORDS, rng.standard_normal((len(WORDS), 384)), strict=True))
    texts = [f"{a} {b}" for a in WORDS for b in WORDS]
    rows = np.array([meanings[a] + meanings[b] for a in WORDS for b in WORDS], np.float32)
    return Lessons([pieces.read(text) for text in texts], rows / np.linalg.norm(rows, axis=1, keepdims=True))


def new_tower(pieces: WordPieces) -> TextTower:
    torch.manual_seed(1)
    tower = TextTower(TowerShape(len(pieces.vocabulary), width=32, hidden=32))
    torch.nn.init.normal_(tower.class_meanings, 0, 384**-0.5)
    torch.nn.init.normal_(tower.class_directions)
    return tower


def test_the_tower_learns_and_repeats_from_its_seed():
    pieces = WordPieces((UNKNOWN, *WORDS))
    reports: list[dict[str, float]] = []
    towers = [new_tower(pieces), new_tower(pieces)]
    for tower in towers:
        learn(tower, lessons(pieces), TowerRecipe(steps=200, texts=32), 1, lambda _step, terms: reports.append(terms))
    assert reports[1]["meaning"] < 0.1
    assert reports[1] == reports[3]
    numbers = pad([pieces.read("car horn")])
    assert torch.equal(towers[0](numbers), towers[1](numbers))


def test_a_class_points_where_its_probability_grows():
    rng = np.random.default_rng(2)
    vectors = rng.standard_normal((500, 16)).astype(np.float32)
    truth = rng.standard_normal((5, 16)).astype(np.float32)
    found = class_directions(vectors, vectors @ truth.T * 3 - 7)
    cosines = np.sum(found * truth, axis=1) / np.linalg.norm(found, axis=1) / np.linalg.norm(truth, axis=1)
    assert cosines.min() > 0.98


def test_the_vocabulary_keeps_words_and_drops_other_scripts():
    kept = vocabulary(["[PAD]", UNKNOWN, "[unused7]", "dog", "##ing", "7", "1987", "雨", "é", ",", "##s"])
    assert kept == (UNKNOWN, "dog", "##ing", "7", ",", "##s")


def test_a_reading_list_repeats_from_its_seed_and_repeats_no_text():
    sentences = ["a dog barks while rain falls", "a car horn honks, then a bell"]
    one, same = (reading_list(sentences, ["dog", "bell"], ["whale"], seed=1) for _ in range(2))
    assert one == same
    assert len(set(one)) == len(one)
    assert {"whale", "dog", sentences[0]} <= set(one)


@pytest.mark.shared
def test_the_ontologys_names_and_sentences_are_read(shared):
    names, sentences = ontology(shared / "data" / "captions" / "ontology.json")
    assert "dog" in names
    assert len(sentences) > 500
