"""Windows far below or above the usual level are brought to it; ordinary ones stay unchanged."""

from __future__ import annotations

import numpy as np
import pytest

from search.audio import cut, windows
from search.audio.levelling import LOUD_DB, QUIET_DB, TARGET_DB
from search.model import EncoderSpec
from tests.search.soundfiles import chord, write

RATE = 8_000
SPEC = EncoderSpec("x", "1", "1", 1, RATE, 1.0, 0.5)
SOUND = chord(1.0, RATE, channels=1)[:, 0] * np.float32(4)
PEAK_DB = 20 * np.log10(np.abs(SOUND).max())


def window_of(samples):
    """The one window of a sound of a second."""
    (window,) = cut([samples.astype(np.float32)], SPEC)
    return window


def at_db(level_db):
    """The sound with its highest sample at this level."""
    return SOUND * np.float32(10 ** ((level_db - PEAK_DB) / 20))


@pytest.mark.parametrize("level_db", [QUIET_DB + 0.1, -20, -6, -0.01])
def test_an_ordinary_window_stays_as_it_is_to_the_last_bit(level_db):
    """So do the vectors of libraries."""
    np.testing.assert_array_equal(window_of(at_db(level_db)).samples, at_db(level_db))


@pytest.mark.parametrize("level_db", [0.5, LOUD_DB - 0.1])
def test_what_lies_a_little_over_full_scale_is_clipped(level_db):
    """As a player does."""
    np.testing.assert_array_equal(window_of(at_db(level_db)).samples, np.clip(at_db(level_db), -1, 1))


@pytest.mark.parametrize("level_db", [-79, -45, QUIET_DB - 0.1, LOUD_DB + 0.1, 30, 20 * np.log10(32767), 180])
def test_a_window_far_from_the_usual_level_is_brought_to_it(level_db):
    """Whatever it was: the same samples come out."""
    window = window_of(at_db(level_db))
    np.testing.assert_allclose(window.samples, at_db(TARGET_DB), rtol=1e-4, atol=1e-7)
    assert not window.silent


def test_silence_is_no_quiet_sound():
    """What no sample of exceeds -80 dB stays where it is."""
    window = window_of(at_db(-81))
    assert window.silent
    np.testing.assert_array_equal(window.samples, at_db(-81))


@pytest.mark.parametrize(("gain", "subtype"), [(0.01, "FLOAT"), (31.6, "FLOAT"), (32767, "DOUBLE"), (0.01, "PCM_24")])
def test_a_file_at_another_level_gives_the_windows_of_the_file(tmp_path, gain, subtype):
    """32-bit float far over and under full scale, integers stored as floats."""
    expected = window_of(at_db(TARGET_DB))
    path = write(tmp_path / "a.wav", at_db(TARGET_DB) * gain, RATE, subtype=subtype)
    (window,) = windows(str(path), SPEC)
    np.testing.assert_allclose(window.samples, expected.samples, atol=1e-4)
