"""The benchmark of spoken words counts correctly."""

from __future__ import annotations

import csv

import numpy as np
import soundfile

from benchmarks.quality import speech
from tests.fakes import LoudDetector, ToneRecogniser

WORDS = ("the", "storm", "is", "coming", "thunder")


def test_errors_are_words_that_are_wrong_missing_or_too_many():
    assert speech.words("Mr. Smith's ill-disposed, 3rd") == ["mister", "smith's", "ill", "disposed", "3rd"]
    assert speech.errors(["a", "b", "c"], ["a", "b", "c"]) == 0
    assert speech.errors(["a", "b", "c"], ["a", "x", "c", "d"]) == 2
    assert speech.errors(["a", "b"], []) == 2


def test_a_reader_is_understood_and_found_and_noise_says_nothing(tmp_path):
    tones = ToneRecogniser(WORDS)
    (tmp_path / "read").mkdir()
    for number, text in enumerate(("the storm is coming", "thunder is the storm")):
        soundfile.write(tmp_path / "read" / f"{number}.wav", tones.tones(text), 16_000)
        (tmp_path / "read" / f"{number}.txt").write_text(text, "utf-8")
    lines = speech.read_aloud(tmp_path / "read", tones, LoudDetector())
    assert [line.split("|")[2].strip() for line in lines] == ["0.000 wrong", "0.000 wrong"]
    (tmp_path / "read" / "1.txt").write_text("thunder is the rain", "utf-8")
    assert "0.125 wrong" in speech.read_aloud(tmp_path / "read", tones, LoudDetector())[0]

    soundfile.write(tmp_path / "hiss.wav", 0.03 * np.random.default_rng(1).normal(size=21 * 16_000), 16_000)
    soundfile.write(tmp_path / "tone.wav", tones.tones("thunder"), 16_000)
    with (tmp_path / "manifest.csv").open("w", newline="", encoding="utf-8") as file:
        rows = [
            {"path": "hiss.wav", "label": "rain", "seconds": 21},
            {"path": "tone.wav", "label": "siren", "seconds": 1},
            {"path": "tone.wav", "label": "laughing", "seconds": 1},
        ]
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    said = speech.false_words(tmp_path / "manifest.csv", tones, LoudDetector(), 10)
    assert "| 2 | a voice in 1, words in 1 (50.00%)" in said[0]
    assert "siren: thunder" in said[1]
    found = speech.voices(tmp_path / "read", tmp_path / "manifest.csv", LoudDetector(), 1)
    assert [float(line.split("F1 ")[1].split()[0]) > 0.95 for line in found] == [True, False]
