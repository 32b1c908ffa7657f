"""Batches, and the augmentation of their crops."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from training import augment
from training.augment import Augmentation
from training.corpus import FRAMES_PER_S
from training.data import Batches, BatchShape, Source

SHAPE = BatchShape(crops=4, frames=60)


def test_a_batch_depends_on_seed_and_step_alone(corpus):
    source = Source(corpus, 1.0)
    one, same = Batches([source], SHAPE, seed=3), Batches([source], SHAPE, seed=3)
    assert np.array_equal(one.batch(7), same.batch(7))
    assert not np.array_equal(one.batch(7), one.batch(8))
    assert not np.array_equal(one.batch(7), Batches([source], SHAPE, seed=4).batch(7))


def test_batches_prepared_ahead_are_those_of_their_steps(corpus):
    batches = Batches([Source(corpus, 1.0)], SHAPE, seed=3)
    stream = batches.from_step(5)
    for step, batch in enumerate(itertools.islice(stream, 4), start=5):
        assert np.array_equal(batch, batches.batch(step))
    stream.close()


def test_an_error_while_preparing_reaches_the_trainer(corpus):
    batches = Batches([Source(corpus, 1.0)], SHAPE, seed=-1)  # no generator takes a negative seed
    with pytest.raises(ValueError, match="negative"):
        next(batches.from_step(0))


def test_batches_have_the_networks_shape_and_are_finite(corpus):
    batch = Batches([Source(corpus, 1.0)], SHAPE, seed=3).batch(0)
    assert batch.shape == (4, 1, 128, 60)
    assert batch.dtype == np.float32
    assert np.isfinite(batch).all()


def test_groups_that_are_left_out_are_never_drawn(corpus):
    with pytest.raises(ValueError, match="no clip"):
        Batches([Source(corpus, 1.0, without=frozenset({"procedural"}))], SHAPE, seed=3)


def test_mixing_adds_powers():
    a, b = np.log(np.full((2, 3), 4.0, np.float32)), np.log(np.full((2, 3), 5.0, np.float32))
    assert np.allclose(np.exp(augment.mix(a, b)), 9.0)


def test_gain_is_in_decibels():
    assert np.allclose(np.exp(augment.gain(np.zeros((2, 2), np.float32), 20.0)), 100.0)


def test_a_short_sound_fills_the_crop_by_repetition_or_lies_in_silence():
    mel = np.arange(5, dtype=np.float32)[:, None].repeat(3, 1)
    rng = np.random.default_rng(1)
    repeated, _ = augment.fit(mel, np.zeros(5, np.float32), 12, Augmentation(repeated=1.0), rng)
    assert repeated.shape == (12, 3)
    assert set(np.diff(repeated[:, 0])) <= {1.0, -4.0}
    laid, _ = augment.fit(mel, np.zeros(5, np.float32), 12, Augmentation(repeated=0.0), rng)
    assert np.count_nonzero(laid[:, 0] == augment.SILENCE) == 7


def test_reverberation_keeps_the_dry_sound_and_dies_away_after_it():
    mel = np.full((200, 8), augment.SILENCE, np.float32)
    mel[10] = 0.0
    wet = augment.reverberate(mel, FRAMES_PER_S, np.random.default_rng(2))
    assert np.all(wet >= mel - 1e-5)
    assert np.all(np.diff(wet[11:60], axis=0) <= 1e-5)
    assert np.exp(wet[:10]).max() < 1e-9


def test_no_augmentation_changes_its_input(corpus):
    mel = corpus.mel[:100].astype(np.float32)
    before = mel.copy()
    rng = np.random.default_rng(1)
    augment.equalise(mel, rng)
    augment.reverberate(mel, FRAMES_PER_S, rng)
    augment.fit(mel, np.zeros(100, np.float32), 50, Augmentation(), rng)
    assert np.array_equal(mel, before)
