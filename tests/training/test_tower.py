"""The text tower learns from its lessons."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from search.encoders.tower import UNKNOWN, WordPieces, gelu, read_arrays
from training.reading import Reader, TowerNetwork, TowerShape, pad, read_tensors
from training.space import class_directions
from training.texts import ontology, reading_list
from training.tower import Lessons, TowerRecipe, learn, read_by_length, tower_tensors, vocabulary, without_untaught

WORDS = ("dog", "rain", "bell", "horn", "car", "loud", "far", "old")


def lessons(pieces: WordPieces) -> Lessons:
    """Every pair of words means the mean of two random directions."""
    rng = np.random.default_rng(1)
    meanings = dict(zip(WORDS, rng.standard_normal((len(WORDS), 384)), strict=True))
    texts = [f"{a} {b}" for a in WORDS for b in WORDS]
    rows = np.array([meanings[a] + meanings[b] for a in WORDS for b in WORDS], np.float32)
    return Lessons([pieces.read(text) for text in texts], rows / np.linalg.norm(rows, axis=1, keepdims=True))


def new_tower(pieces: WordPieces) -> TowerNetwork:
    torch.manual_seed(1)
    tower = TowerNetwork(TowerShape(len(pieces.vocabulary), width=32, hidden=32))
    torch.nn.init.normal_(tower.class_meanings, 0, 384**-0.5)
    torch.nn.init.normal_(tower.class_directions)
    return tower


def test_the_tower_learns():
    pieces = WordPieces((UNKNOWN, *WORDS))
    reports: list[dict[str, float]] = []
    recipe = TowerRecipe(steps=200, texts=32)
    learn(new_tower(pieces), lessons(pieces), recipe, 1, lambda _step, terms: reports.append(terms))
    assert reports[-1]["meaning"] < 0.1


@pytest.mark.thorough
def test_a_tower_repeats_from_its_seed():
    pieces = WordPieces((UNKNOWN, *WORDS))
    reports: list[dict[str, float]] = []
    towers = [new_tower(pieces), new_tower(pieces)]
    for tower in towers:
        learn(tower, lessons(pieces), TowerRecipe(steps=100, texts=4), 1, lambda _step, terms: reports.append(terms))
    assert reports[0] == reports[1]
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


def test_texts_of_different_lengths_are_read_in_their_order():
    pieces = WordPieces((UNKNOWN, *WORDS))
    tower = new_tower(pieces)
    rows = [pieces.read(" ".join(WORDS[: 1 + i % 7])) for i in range(150)]
    with torch.inference_mode():
        assert torch.allclose(read_by_length(tower, rows), tower.read(pad(rows)), atol=1e-6)


def test_pieces_that_nothing_taught_are_left_out_and_the_others_mean_the_same():
    pieces = WordPieces((UNKNOWN, *WORDS))
    reader = Reader(new_tower(pieces), pieces)
    smaller = without_untaught(reader, [pieces.read("old car horn"), pieces.read("dog")])
    assert smaller.pieces.vocabulary == (UNKNOWN, "dog", "horn", "car", "old")
    assert torch.allclose(smaller.directions(["old car", "dog horn"]), reader.directions(["old car", "dog horn"]))
    assert smaller.pieces.read("rain") == [0]


def test_a_tower_of_eight_bits_reads_as_before():
    pieces = WordPieces((UNKNOWN, *WORDS))
    reader = Reader(new_tower(pieces), pieces)
    again = read_tensors(tower_tensors(reader))
    assert again.pieces.vocabulary == pieces.vocabulary
    assert float((again.directions(WORDS) * reader.directions(WORDS)).sum(1).min()) > 0.999


def test_numpy_reads_as_torch_does():
    pieces = WordPieces((UNKNOWN, *WORDS))
    reader = Reader(new_tower(pieces), pieces)
    for parameter in reader.tower.parameters():
        torch.nn.init.normal_(parameter, 0, 0.3)
    torch.nn.init.uniform_(reader.tower.typical_classes, 0, 0.002)
    tensors = tower_tensors(reader)
    texts = [" ".join(WORDS[i:j]) for i in range(4) for j in range(i + 1, 9)] + ["", "something else"]
    found = read_arrays({name: tensor.numpy() for name, tensor in tensors.items()}).directions(texts)
    assert np.abs(found - read_tensors(tensors).directions(texts).numpy()).max() < 2e-5


def test_gelu_is_torchs():
    x = np.linspace(-9, 9, 4001, dtype=np.float32)
    assert np.abs(gelu(x) - torch.nn.functional.gelu(torch.from_numpy(x)).numpy()).max() < 2e-6


def test_arrays_that_do_not_fit_are_refused():
    pieces = WordPieces((UNKNOWN, *WORDS))
    arrays = {name: tensor.numpy() for name, tensor in tower_tensors(Reader(new_tower(pieces), pieces)).items()}
    with pytest.raises(ValueError, match=r"mismatch|size|shape|broadcast"):
        read_arrays(arrays | {"hidden.bias": np.zeros(3, np.float16)})
    with pytest.raises(KeyError):
        read_arrays({name: array for name, array in arrays.items() if name != "class_meanings"})
