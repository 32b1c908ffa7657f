"""The benchmarks of unusual words and of tags, on tones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.quality import datasets, tags, words
from benchmarks.quality.encoding import EncodingCache
from benchmarks.speed import query_cost
from search import wiring
from search.encoders.audioset import class_names
from search.errors import UsageError
from search.evaluation import calibration
from search.model import AudioEncoding, Vectors, Waves
from search.settings import Settings
from tests.benchmarks.sounds import PITCHES_HZ, ReadingEncoder, unit, write_set

HEADER = "set,kind,label,text,minus,unwanted\n"
SETTINGS = Settings.from_env({})


class WordEncoder(ReadingEncoder):
    """Reads any text that names pitches: the sum of what they sound like."""

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        rows = [[word for word in text.split() if word in PITCHES_HZ] for text in texts]
        return unit(np.stack([super(WordEncoder, self).encode_text([f"a {w}" for w in row]).sum(0) for row in rows]))


class TaggingEncoder(ReadingEncoder):
    """Knows two classes for high tones, the second of which never sounds, and one for low ones."""

    def __init__(self) -> None:
        super().__init__("tagging")
        self.spec = replace(self.spec, vocabulary=("Low", "Higher", "High"))

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        vectors = super().encode_audio(waves).vectors
        low, high = (vectors[:, int(PITCHES_HZ[name] / 4000 * 16)] for name in ("low", "high"))
        return AudioEncoding(vectors, np.stack([low, np.zeros_like(low), high], axis=1))


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder with one set called tones."""
    folder = tmp_path / "tones"
    folder.mkdir()
    write_set(folder)
    return tmp_path


def test_other_words_for_a_sound_are_measured_beside_its_label(data: Path) -> None:
    file = data / "phrases.csv"
    file.write_text(HEADER + "tones,paraphrase,low,a low rumble,,\ntones,paraphrase,high,very middle peep,,\n")
    phrases = words.read_phrases(file)
    report = words.run(file, data, WordEncoder(), EncodingCache(None), SETTINGS)
    assert [phrase.kind for phrase in phrases] == ["paraphrase", "paraphrase"]
    row = next(line for line in report.splitlines() if "paraphrase" in line)
    by_phrase, by_label = (float(cell) for cell in row.strip("| ").split(" | ")[2:])
    assert by_phrase < 0.8 < by_label  # the second phrase means another tone


def test_a_negative_part_takes_what_it_names_out_of_the_first_ten(data: Path) -> None:
    file = data / "phrases.csv"
    file.write_text(HEADER + "tones,negation,low,low and high,high,high\n")
    report = words.run(file, data, WordEncoder(), EncodingCache(None), SETTINGS)
    row = next(line for line in report.splitlines() if "not high" in line)
    assert row.split(" | ")[1] == "0.40 → 0.40"
    assert row.split(" | ")[2].strip(" |") == "0.40 → 0.20"


def test_an_encoder_that_cannot_read_is_refused(data: Path) -> None:
    with pytest.raises(UsageError, match="cannot read"):
        words.run(words.PHRASES, data, wiring.encoder("spectral", SETTINGS), EncodingCache(None), SETTINGS)


def test_the_shipped_tables_name_classes_and_labels_that_there_are() -> None:
    assert {phrase.kind for phrase in words.read_phrases(words.PHRASES)} >= {"paraphrase", "two words", words.NEGATION}
    named = {name for of_set in tags.read_classes(tags.CLASSES).values() for names in of_set.values() for name in names}
    assert named <= set(class_names())


@pytest.mark.shared
def test_every_phrase_asks_for_labels_of_its_set(shared: Path) -> None:
    phrases = words.read_phrases(words.PHRASES)
    for name in {phrase.dataset for phrase in phrases}:
        labels = {label for item in datasets.load(shared / "data" / name).items for label in item.labels}
        for phrase in phrases:
            assert phrase.dataset != name or phrase.labels | phrase.unwanted <= labels


def test_tags_are_judged_by_the_likeliest_class_of_a_label(data: Path) -> None:
    classes = {"low": ("Low",), "high": ("High", "Higher")}
    found = tags.promise(datasets.load(data / "tones"), classes, TaggingEncoder())
    assert found.probabilities.shape == (12, 2)
    assert found.likeliest_is_right == 1.0
    report = tags.markdown("tagging", [(found, calibration(found.probabilities.ravel(), found.true.ravel()))])
    assert "| tones | 24 |" in report
    with pytest.raises(UsageError, match="no tag Purple"):
        tags.promise(datasets.load(data / "tones"), {"low": ("Purple",)}, TaggingEncoder())


def test_a_query_costs_time_for_each_way_of_asking(capsys: pytest.CaptureFixture[str]) -> None:
    sound, batch, read = query_cost.measure([_AnyWords()], rounds=5)
    assert [sound.what, batch.what] == ["0.4 s of sound", "3.2 s in a batch"]
    assert read.what == "a text"
    assert 0 <= sound.least_ms <= sound.median_ms
    assert query_cost.main(["--encoder", "spectral", "--rounds", "2"]) == 0
    assert "| spectral, 5 s of sound |" in capsys.readouterr().out
    assert query_cost.main(["--encoder", "nothing"]) == 3


class _AnyWords(ReadingEncoder):
    def encode_text(self, texts: Sequence[str]) -> Vectors:
        return super().encode_text(["a low"] * len(texts))
