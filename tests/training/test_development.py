"""The development split's labels and rankings."""

from __future__ import annotations

import numpy as np
import pytest

from training.corpus import Corpus, CorpusClip
from training.development import (
    NEAR_EVALUATION,
    Clips,
    by_example,
    by_kind_text,
    embed,
    kinds_of,
    sibling_name,
    words_of,
)
from training.student import build


def clip(path: str, group: str) -> CorpusClip:
    return CorpusClip(path, group, 0, 10)


@pytest.fixture
def clips() -> Clips:
    """Two kinds, three repositories, one of them held out."""
    paths = [("rain_1", "a/a"), ("rain_2", "b/b"), ("dog_bark", "a/a"), ("dog_growl", "b/b")]
    held = [("rain1", "rse/soundfx"), ("rain2", "rse/soundfx"), ("dog bark", "rse/soundfx")]
    listed = tuple(clip(f"audio/x/{name}.opus", group) for name, group in [*paths, *held])
    return Clips.of(Corpus("natural", np.empty((0, 128), np.float16), np.empty(0, np.float16), listed))


def test_takes_of_one_sound_are_siblings_and_others_are_not():
    assert sibling_name("audio/r/metal_hit2.opus") == sibling_name("audio/r/metal_hit_10__x3.opus")
    assert sibling_name("audio/r/metal_hit2.opus") != sibling_name("audio/r/wood_hit2.opus")
    assert sibling_name("audio/r/metal_hit2.opus") != sibling_name("audio/s/metal_hit2.opus")


def test_kinds_are_read_from_the_words_of_a_name():
    assert words_of("audio/r/DoorCreak_04.ogg") == ["door", "creak"]
    assert kinds_of("audio/r/data_sounds_rain_heavy.opus") == {"rain"}
    assert kinds_of("audio/r/train.opus") == {"train"}
    assert kinds_of("audio/r/xylem.opus") == frozenset()


def test_vectors_that_tell_the_kinds_apart_score_one(clips):
    vectors = np.zeros((7, 8), np.float32)
    for row, kinds in enumerate(clips.kinds):
        vectors[row, 0 if "rain" in kinds else 1] = 1
    assert by_example(clips, vectors) == {"siblings": 1.0, "kinds": 1.0}
    assert by_kind_text(clips, np.eye(8, dtype=np.float32)[:2] @ vectors.T, ["rain", "dog"]) == 1.0


def test_vectors_that_confuse_them_score_less(clips):
    vectors = np.zeros((7, 8), np.float32)
    vectors[:, 0] = 1
    vectors[[0, 1], 1] = 5  # the rains of the other repositories are far from the one held out
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert by_example(clips, vectors)["kinds"] < 0.8


@pytest.mark.thorough
def test_a_short_clip_is_repeated_and_a_long_one_is_the_mean_of_its_windows(corpus):
    embeddings, logs = embed(build(), corpus, window_s=1.0, hop_s=0.5)
    assert embeddings.shape == (len(corpus.clips), 384)
    assert logs.shape == (len(corpus.clips), 527)
    assert np.isfinite(embeddings).all()
    assert (logs <= 0).all()


def test_what_is_near_an_evaluation_set_is_never_asked_for():
    listed = tuple(CorpusClip(path, "adewale/keyboardia", 0, 10) for path in sorted(NEAR_EVALUATION))
    clips = Clips.of(Corpus("natural", np.empty((0, 128), np.float16), np.empty(0, np.float16), listed))
    assert not clips.held_out.any()
    assert not any(clips.kinds)
    assert len({name for own in clips.siblings for name in own}) == len(listed)
