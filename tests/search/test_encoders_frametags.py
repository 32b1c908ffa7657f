"""Probabilities of classes in a frame: from the frame and the window, compared with what is usual per class."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from search import wiring
from search.encoders import frametags
from search.encoders.frametags import Usual, likely, usual_of
from search.encoders.network import NetworkEncoder
from search.encoders.soundalike import FILE
from search.encoders.weights import sha256_of
from tests.search.encoder_helpers import settings

USUAL = Usual(np.array([-2.0, -8.0], np.float32), np.array([1.0, 1.0], np.float32))


def logistic(logits: float) -> float:
    return 1 / (1 + np.exp(-logits))


def of(frame: list[float], window: list[float], usual: Usual | None = USUAL) -> np.ndarray:
    """(classes,) of one frame, from logits."""
    frames, windows = (1 / (1 + np.exp(-np.array([values], np.float32))) for values in (frame, window))
    return likely(frames[:, np.newaxis], windows, usual)[0, 0]


def test_a_frame_is_likelier_where_its_window_says_so_too():
    for usual in (USUAL, None):
        assert (of([0, 0], [2, 2], usual) > of([0, 0], [0, 0], usual)).all()
        assert (of([2, 2], [0, 0], usual) > of([0, 0], [0, 0], usual)).all()


def test_what_is_far_above_the_usual_of_its_class_is_likely():
    """Both classes say -3: of the one that is usual, of the other five deviations above."""
    often, seldom = of([-3, -3], [-3, -3])
    assert often < 0.05
    assert seldom == pytest.approx(logistic(frametags.SLOPE * 5 + frametags.OFFSET), abs=1e-6)


def test_surely_and_never_are_numbers():
    frames = np.array([[[0.0, 1.0]]], np.float32)
    found = likely(frames, frames[:, 0], USUAL)
    assert np.isfinite(found).all()
    assert found[0, 0, 0] < found[0, 0, 1]


def test_what_is_usual_ships_for_the_model_that_ships(tmp_path):
    """Of another model it would be ignored without a word: `python -m training.frames` makes it anew."""
    usual = usual_of(sha256_of(resources.files("search.encoders").joinpath("data", FILE)))
    assert usual is not None
    spec = wiring.encoder("cnn:soundalike-1", settings(tmp_path)).spec
    assert usual.mean.shape == usual.deviation.shape == (len(spec.vocabulary),)
    assert usual.deviation.min() > 0.2
    assert usual_of("of another model") is None


def test_a_file_holds_what_was_written(tmp_path):
    frametags.write(tmp_path / "usual.npz", "digest", USUAL)
    of_model, read = frametags.read(tmp_path / "usual.npz")
    assert of_model == "digest"
    np.testing.assert_array_equal(read.mean, USUAL.mean)
    np.testing.assert_array_equal(read.deviation, USUAL.deviation)


def test_another_calibration_says_so(monkeypatch):
    """What is kept of a long recording is taken only where its frames would get the same tags."""
    network = NetworkEncoder(spec=None, network=None, space=None, usual=USUAL)
    plain = NetworkEncoder(spec=None, network=None, space=None)
    before = network.frames_made_by, plain.frames_made_by
    assert before[0] != before[1]
    assert network.frames_made_by != frametags.made_by(Usual(USUAL.mean + 1, USUAL.deviation))
    monkeypatch.setattr(frametags, "SLOPE", 2.0)
    assert network.frames_made_by != before[0]
    assert plain.frames_made_by == before[1]
