"""Times follow a container's time stamps: sound that starts late, gaps in recordings, slow clocks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from search.audio import stream, windows
from search.audio.timeline import Timeline, zero_s
from search.model import EncoderSpec
from tests.search.soundfiles import chord, encode, encode_at

RATE_HZ = 48000
SPEC = EncoderSpec("test", "1", "", 1, RATE_HZ, 2.0, 1.0)
KINDS = [
    ("libopus", "webm"),
    ("libopus", "ogg"),
    ("aac", "mp4"),
    ("pcm_s16le", "matroska"),
    ("aac", "mpegts"),
    ("pcm_s16le", "nut"),
]


def first() -> np.ndarray:
    return chord(3.0, RATE_HZ, 1, seed=1)[:, 0]


def second() -> np.ndarray:
    return chord(3.0, RATE_HZ, 1, seed=2)[:, 0]


def whole(path: Path, warn: list[str] | None = None, **passage: float) -> np.ndarray:
    say = (warn if warn is not None else []).append
    return np.concatenate(list(stream(str(path), RATE_HZ, warn=say, **passage)))


def spans(path: Path) -> list[tuple[float, float]]:
    return [(round(w.start_s, 2), round(w.end_s, 2)) for w in windows(str(path), SPEC)]


def like(found: np.ndarray, sound: np.ndarray) -> float:
    """Correlation over shifts of up to 50 ms: lossy coders delay."""
    n = min(len(found), len(sound))
    a, b = found[:n].astype(np.float64), sound[:n].astype(np.float64)
    products = np.fft.irfft(np.fft.rfft(a, 2 * n) * np.conj(np.fft.rfft(b, 2 * n)), 2 * n)
    lags = np.concatenate((products[:2400], products[-2400:]))
    return float(lags.max() / (np.linalg.norm(a) * np.linalg.norm(b)))


@pytest.mark.parametrize(("codec", "container"), KINDS)
def test_a_pause_that_was_not_recorded_takes_its_time(tmp_path, codec, container):
    """The sound behind a muted second is where a player plays it, with silence before it, and nothing is missed."""
    path = encode_at(tmp_path / "a", [(0.0, first()), (4.0, second())], RATE_HZ, codec, container)
    warnings: list[str] = []
    found = whole(path, warnings)
    assert not warnings
    assert len(found) / RATE_HZ == pytest.approx(7.0, abs=0.06)
    assert np.abs(found[int(3.1 * RATE_HZ) : int(3.9 * RATE_HZ)]).max() < 0.01
    assert like(found[4 * RATE_HZ :], second()) > 0.97


@pytest.mark.parametrize(("codec", "container"), KINDS[:4])
def test_sound_that_begins_late_has_no_time_before_it(tmp_path, codec, container):
    """The first window begins with the first sound, at the file's own time; `stream` gives the silence before it."""
    path = encode_at(
        tmp_path / "a", [(0.86, first())], RATE_HZ, codec, container, video_s=4 * (container in ("mp4", "matroska"))
    )
    assert spans(path)[0] == pytest.approx((0.86, 2.86), abs=0.03)
    assert spans(path)[-1][1] == pytest.approx(3.86, abs=0.03)
    found = whole(path)
    assert not found[: int(0.8 * RATE_HZ)].any()
    assert like(found[int(0.86 * RATE_HZ) :], first()) > 0.97


@pytest.mark.parametrize("rate_hz", [48000, 32000])
def test_what_follows_a_hole_in_windows_media_is_where_it_was(tmp_path, rate_hz):
    """A decoder's delay is in the stamp of the first frame and in that of the frame behind the hole, and is no time."""
    sound = 0.1 * np.random.default_rng(1).standard_normal((4 * rate_hz, 1)).astype(np.float32)
    data = encode(tmp_path / "whole", [sound], rate_hz, "wmav2", "asf").read_bytes()
    middle = len(data) // 2
    (tmp_path / "a").write_bytes(data[:middle] + data[middle + len(data) // 10 :])
    expected, found = (np.concatenate(list(stream(str(tmp_path / name), rate_hz))) for name in ("whole", "a"))
    assert len(found) / rate_hz == pytest.approx(len(expected) / rate_hz, abs=0.005)
    behind = slice(3 * rate_hz, 7 * rate_hz // 2)
    products = np.fft.irfft(np.fft.rfft(found[behind]) * np.conj(np.fft.rfft(expected[behind])))
    late = int(products.argmax())
    assert min(late, len(products) - late) < 0.005 * rate_hz


def test_windows_begin_anew_after_a_pause_longer_than_one(tmp_path):
    """A night without a sound costs nothing; a short pause is heard as silence, also in the middle of a window."""
    path = encode_at(tmp_path / "a.mka", [(0, first()), (36000, second())], RATE_HZ, "pcm_s16le", "matroska")
    assert spans(path) == [(0, 2), (1, 3), (36000, 36002), (36001, 36003)]
    near = encode_at(tmp_path / "b.mka", [(0, first()), (3.5, second())], RATE_HZ, "pcm_s16le", "matroska")
    assert spans(near) == [(0, 2), (1, 3), (2, 4), (3, 5), (4, 6), (4.5, 6.5)]


@pytest.mark.parametrize(("codec", "container"), [("pcm_s16le", "matroska"), ("aac", "mp4")])
def test_a_passage_is_that_of_the_whole_at_the_same_time(tmp_path, codec, container):
    """Entering in the middle, before, in or behind a pause, gives the sound that streaming to it gives."""
    parts = [(0.3, chord(6, RATE_HZ, 1)[:, 0]), (9.0, chord(6, RATE_HZ, 1, seed=3)[:, 0])]
    path = encode_at(tmp_path / "a", parts, RATE_HZ, codec, container, video_s=16)
    everything = whole(path)
    for start_s, end_s in ((0.0, 1.0), (5.5, 7.5), (8.0, 10.0), (7.0, 9.5), (12.345, 14.0)):
        found = whole(path, start_s=start_s, end_s=end_s)
        expected = everything[round(start_s * RATE_HZ) : round(end_s * RATE_HZ)][: len(found)]
        # Matroska keeps milliseconds
        assert max(np.corrcoef(np.roll(found, lag), expected)[0, 1] for lag in range(-50, 51, 2)) > 0.98
        kept_s = end_s if not 6.3 < end_s < 9.0 else 6.3  # nothing lies between the last sound and the end of a passage
        assert len(found) / RATE_HZ == pytest.approx(kept_s - start_s, abs=0.06)


@pytest.mark.parametrize("speed", [0.995, 1.005])
def test_a_clock_that_is_off_is_followed(tmp_path, speed):
    """After 12 s the times are those of the file, not of the samples, within a twentieth of a second."""
    path = encode_at(
        tmp_path / "a.mka", [(0.0, chord(12, RATE_HZ, 1)[:, 0])], RATE_HZ, "pcm_s16le", "matroska", speed=speed
    )
    warnings: list[str] = []
    assert len(whole(path, warnings)) / RATE_HZ == pytest.approx(12.0 / speed, abs=0.05)
    assert not warnings


def test_a_time_line_follows_stamps_as_far_as_they_can_be_believed():
    """Jitter is the count, gaps are gaps, clocks that were set anew go on; packets that come at once lose nothing."""

    def places(stamps: list[float | None], length_s: float = 0.1, begin_s: float | None = 0.0) -> list[float]:
        timeline = Timeline(begin_s)
        found = [timeline.place(stamp_s, length_s) for stamp_s in stamps]
        assert not any(left_out_s for _, left_out_s in found)
        return [round(place_s, 6) for place_s, _ in found]

    assert places([0.0, 0.11, 0.19, 0.3, None]) == [0.0, 0.1, 0.2, 0.3, 0.4]
    assert places([0.0, 5.0, 5.1]) == [0.0, 5.0, 5.1]
    assert places([12.0, 12.1], begin_s=None) == [12.0, 12.1]
    assert places([0.0, 0.1, 900000.0, 900000.1]) == [0.0, 0.1, 0.2, 0.3]
    assert places([8.0, 8.1, 0.0, 0.1, 0.5]) == [8.0, 8.1, 8.2, 8.3, 8.7]
    assert places([0.0, 0.3, 0.31, 0.32, 0.6]) == [0.0, 0.3, 0.4, 0.5, 0.6]


def test_where_the_time_of_a_file_begins():
    """At the container's zero, or the first sound where that is a codec's delay; a broadcast's begins anywhere."""
    assert zero_s(0.86, 0.86, counted=True) == 0.0
    assert zero_s(16.0, 0.0, counted=True) == 0.0
    assert zero_s(0.023, 0.0, counted=True) == 0.023
    assert zero_s(-0.007, -0.007, counted=True) == -0.007
    assert zero_s(36001.5, 36000.0, counted=False) == 36000.0
    assert zero_s(36000.0, 36000.0, counted=True) == 36000.0
