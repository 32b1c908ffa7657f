"""Channels are mixed to their mean, except where that would cancel the sound."""

from __future__ import annotations

import numpy as np
import pytest

from search.audio.mixing import Mixer, mono
from search.audio.track import Block

RATE = 1_000


def noise(seconds: float, seed: int, gain: float = 0.1) -> np.ndarray:
    """(frames,) float32."""
    return (gain * np.random.default_rng(seed).standard_normal(round(seconds * RATE))).astype(np.float32)


def mixed(channels: np.ndarray, start: int = 0, block: int = 700) -> np.ndarray:
    """What a mixer makes of frames that begin at place ``start`` and come in blocks."""
    blocks = [
        Block((start + at) / RATE, RATE, channels[:, at : at + block]) for at in range(0, channels.shape[1], block)
    ]
    found = list(Mixer().blocks(blocks))
    places = np.array([round(block.start_s * RATE) for block in found])
    assert places.tolist() == (start + np.cumsum([0, *(block.frames for block in found)])[:-1]).tolist()
    return np.concatenate([block.samples for block in found])


def level_db(wave: np.ndarray) -> float:
    """Of full scale, RMS."""
    return 20 * np.log10(np.sqrt(np.mean(np.square(wave, dtype=np.float64))))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "i4", "u1"])
@pytest.mark.parametrize("second", [1.0, 0.3, 0.0, -0.3])
def test_ordinary_stereo_is_the_plain_mean_to_the_last_bit(dtype: str, second: float) -> None:
    """Also where one channel does not sound, or a part of it is turned over."""
    left = noise(3.3, 1)
    right = noise(3.3, 2) * np.float32(0.8) + left * np.float32(second)
    channels = np.stack((left, right)) if second else np.stack((left, left * 0))
    if dtype[0] != "f":
        half = 1 << (8 * np.dtype(dtype).itemsize - 1)
        channels = np.round(channels * 0.5 * half) + (half if dtype[0] == "u" else 0)
    channels = channels.astype(dtype)
    np.testing.assert_array_equal(mixed(channels), mono(channels))


@pytest.mark.parametrize("gain", [1.0, 0.9, 10 ** (-52 / 20)])
def test_a_turned_over_channel_does_not_cancel_the_other(gain: float) -> None:
    """What comes is the sound itself, at its level."""
    sound = noise(2.5, 1)
    wave = mixed(np.stack((sound, -np.float32(gain if gain > 0.5 else 1.0) * sound)) * np.float32(min(gain, 1.0)))
    assert abs(np.corrcoef(wave, sound)[0, 1]) > 0.9999
    assert level_db(wave) > level_db(sound * np.float32(gain)) - 1


def test_a_source_behind_a_b_format_microphone_sounds() -> None:
    """W and X cancel; Y and Z say nothing."""
    sound = noise(2.5, 1)
    wave = mixed(np.stack((sound, 0 * sound, 0 * sound, -sound)))
    np.testing.assert_allclose(wave, sound, atol=1e-7)


def test_what_is_turned_over_and_louder_than_the_rest_wins() -> None:
    """Dialogue with a turned plug over unrelated room noise."""
    sound = noise(3, 1)
    wave = mixed(np.stack((sound + noise(3, 2, 0.04), -sound + noise(3, 3, 0.04))))
    assert np.corrcoef(wave, sound)[0, 1] > 0.9


def test_three_channels_that_cancel_together_do_not_once_they_are_turned() -> None:
    """The sum of three phases of one tone is zero."""
    time = np.arange(2 * RATE) / RATE
    tones = np.stack([np.sin(2 * np.pi * (100 * time + k / 3)) for k in range(3)]).astype(np.float32)
    assert level_db(mixed(tones)) > -7


@pytest.mark.parametrize("level_db_", [-6, -52, -75])
@pytest.mark.parametrize("hiss_db", [-200, -95])
def test_one_live_microphone_of_sixteen_is_as_loud_as_alone(level_db_: float, hiss_db: float) -> None:
    """The mean is 24 dB down, and silence at -75 dB; the hiss of fifteen inputs stays out."""
    sound = noise(2.5, 1) * np.float32(10 ** (level_db_ / 20) / 0.3)
    channels = np.stack([noise(2.5, 10 + k, 10 ** (hiss_db / 20)) for k in range(16)])
    channels[5] = sound
    wave = mixed(channels)
    if hiss_db < -100 or level_db_ > -60:
        np.testing.assert_allclose(wave, sound, atol=1e-6)
    assert np.abs(wave).max() > 1e-4


def test_sound_on_one_of_two_channels_that_the_mean_brings_below_silence_stays_above_it() -> None:
    """Silence is judged of each channel."""
    click = np.zeros((2, 2 * RATE), np.float32)
    click[1, 900] = 1.5e-4
    assert np.abs(mixed(click)).max() > 1e-4
    np.testing.assert_array_equal(mixed(click / np.float32(2)), mono(click / np.float32(2)))


def test_a_passage_has_the_samples_of_the_whole() -> None:
    """A plug is turned at 2.4 s and back at 5.1 s: wherever one begins a second earlier, in blocks of any size."""
    sound = noise(8, 1)
    channels = np.stack((sound, sound))
    channels[1, 2400:5100] *= -1
    whole = mixed(channels)
    for start, stop, block in ((0, 8000, 64), (1000, 6000, 700), (2000, 8000, 3000), (3000, 4000, 1)):
        part = mixed(channels[:, start:stop], start, block)
        np.testing.assert_array_equal(part[1000:], whole[start + 1000 : stop])
    jumps = np.abs(np.diff(whole) - np.diff(sound))
    assert jumps[(np.arange(len(jumps)) < 2300) | (np.arange(len(jumps)) > 5200)].max() < 0.2


def test_it_is_counted_what_was_done() -> None:
    """In seconds; nothing where the mean was taken."""
    sound = noise(4, 1)
    mixer = Mixer()
    turned = np.stack((sound, np.where(np.arange(4000) < 2000, sound, -sound)))
    assert len(list(mixer.blocks([Block(0.0, RATE, turned)]))) == 4
    assert mixer.warnings() == ["channels cancel each other in 2.0 of 4.0 s: inverted before they are mixed"]
    mixer = Mixer()
    few = np.concatenate((sound[np.newaxis], np.zeros((15, 4000), np.float32)))
    assert len(list(mixer.blocks([Block(0.0, RATE, few)]))) == 4
    assert mixer.warnings() == ["few of 16 channels sound in 4.0 of 4.0 s: only those are mixed"]
    mixer = Mixer()
    list(mixer.blocks([Block(0.0, RATE, np.stack((sound, sound)))]))
    assert mixer.warnings() == []


def test_samples_that_are_not_finite_are_left_to_whoever_comes_next() -> None:
    """They are no reason to stop here."""
    channels = np.stack((noise(1, 1), -noise(1, 1)))
    channels[0, 5] = np.nan
    channels[1, 7] = np.inf
    assert not np.isfinite(mixed(channels)[[5, 7]]).any()


def test_mono_and_changing_channels_pass() -> None:
    """A stream may go from two channels to one."""
    sound = noise(1.5, 1)
    blocks = [Block(0.0, RATE, np.stack((sound, sound))), Block(1.5, RATE, sound[np.newaxis])]
    waves = [block.samples for block in Mixer().blocks(blocks)]
    np.testing.assert_allclose(np.concatenate(waves), np.concatenate((sound, sound)), atol=1e-7)


@pytest.mark.parametrize("channels", [1, 2, 16])
def test_doubles_beyond_any_float_become_infinite_without_a_word(channels: int) -> None:
    """Whoever checks the samples afterwards finds them; nothing is printed, whatever came before."""
    sound = np.stack([noise(2.0, channel) for channel in range(channels)]).astype(np.float64)
    sound[-1] = -sound[0]
    sound[:, 1_500] = 1e300 * np.resize([1, -1], channels)
    found = mixed(sound)
    assert np.flatnonzero(~np.isfinite(found)).tolist() == [1_500]
