"""Corpora of mel power against the encoder's own front end."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from search.encoders.mel import MelFrontEnd
from search.errors import UsageError
from training.corpus import MEL, Corpus, Sound, analyse, to_input, write_corpus


def wave(seconds: float = 1.0, level: float = 0.1) -> np.ndarray:
    return (level * np.random.default_rng(3).standard_normal(round(seconds * MEL.rate_hz))).astype(np.float32)


def test_what_a_corpus_gives_the_networks_is_what_the_front_end_gives_them():
    front_end = MelFrontEnd(MEL).eval()
    mel, _ = analyse(front_end, wave())
    expected = front_end(torch.from_numpy(wave())[None])[0, 0].numpy().T
    assert np.abs(to_input(mel.astype(np.float32)) - expected).max() < 5e-3  # half precision of a logarithm / 5


def test_a_quiet_sound_made_louder_in_a_corpus_equals_the_loud_sound():
    front_end = MelFrontEnd(MEL).eval()
    loud, _ = analyse(front_end, wave(level=0.1))
    quiet, _ = analyse(front_end, wave(level=0.001))
    audible = quiet.astype(np.float32) > np.log(1e-11) + 6  # bands whose power stands above the corpus's own floor
    difference = quiet.astype(np.float32) + 2 * np.log(100) - loud.astype(np.float32)
    assert audible.mean() > 0.95
    assert np.abs(difference[audible]).max() < 0.03


def test_level_is_the_mean_square_in_db():
    _, level_db = analyse(MelFrontEnd(MEL).eval(), wave(level=0.1))
    assert abs(float(level_db[:-1].astype(np.float32).mean()) + 20) < 0.2


def test_a_corpus_comes_back_as_it_was_written(tmp_path):
    sounds = [Sound("a.wav", "one", wave(0.5)), Sound("b.wav", "two", wave(0.001)), Sound("c.wav", "two", wave(2.0))]
    write_corpus(tmp_path / "c", sounds)
    found = Corpus.open(tmp_path / "c")
    assert [(clip.path, clip.group) for clip in found.clips] == [(sound.path, sound.group) for sound in sounds]
    assert sum(clip.frames for clip in found.clips) == len(found.mel) == len(found.level_db)


def test_an_unfinished_corpus_is_refused(tmp_path):
    with pytest.raises(UsageError, match="no finished corpus"):
        Corpus.open(tmp_path)
