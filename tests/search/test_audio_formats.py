"""Decoding common formats, against libsndfile's and soxr's own whole-file functions."""

from __future__ import annotations

import re
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from search.audio import is_audio_name, probe, stream, windows
from search.errors import AudioError
from search.model import EncoderSpec
from tests.amounts import few
from tests.search.soundfiles import chord, encode, write

SECONDS = 5.0
RATE_HZ = 44100

SNDFILE = [
    ("wav", "WAV", "PCM_U8"),
    ("wav", "WAV", "PCM_16"),
    ("wav", "WAV", "PCM_24"),
    ("wav", "WAV", "PCM_32"),
    ("wav", "WAV", "FLOAT"),
    ("wav", "WAV", "DOUBLE"),
    ("wav", "WAV", "ULAW"),
    ("wav", "WAV", "IMA_ADPCM"),
    ("wav", "WAVEX", "PCM_16"),
    ("wav", "RF64", "PCM_16"),
    ("w64", "W64", "PCM_16"),
    ("aiff", "AIFF", "PCM_16"),
    ("aif", "AIFF", "PCM_24"),
    ("au", "AU", "PCM_16"),
    ("caf", "CAF", "PCM_16"),
    ("flac", "FLAC", "PCM_16"),
    ("flac", "FLAC", "PCM_24"),
    ("ogg", "OGG", "VORBIS"),
    ("mp3", "MP3", "MPEG_LAYER_III"),
]

FFMPEG = [
    # name, codec, container, rate, frames of encoder delay or padding that its container cannot tell
    ("a.m4a", "aac", None, 44100, 2048),
    ("alac.m4a", "alac", None, 44100, 0),
    ("a.mov", "pcm_s16le", "mov", 44100, 0),
    ("a.aac", "aac", "adts", 44100, 3072),
    ("a.webm", "libopus", None, 48000, 1024),
    ("a.mka", "flac", None, 44100, 0),
    ("a.wma", "wmav2", "asf", 44100, 3072),
    ("a.ac3", "ac3", None, 48000, 3072),
    ("a.mp2", "mp2", None, 44100, 2304),
    ("no-xing.mp3", "libmp3lame", "mp3", 44100, 3072),
    ("a.ts", "aac", "mpegts", 44100, 3072),
    ("a.flv", "aac", None, 44100, 3072),
    ("a.adx", "adpcm_adx", None, 44100, 64),
    ("a.sox", "pcm_s32le", None, 44100, 0),
    ("a.wtv", "mp2", None, 44100, 2304),
]


def whole(path: Path, rate_hz: int, **passage: float) -> np.ndarray:
    return np.concatenate(list(stream(str(path), rate_hz, **passage)))


def similar(found: np.ndarray, sound: np.ndarray, most_lag: int = 3500) -> float:
    """The highest correlation over small shifts: lossy coders delay and colour."""
    n = len(sound) - 2 * most_lag
    middle = sound[most_lag : most_lag + n].astype(np.float64)
    length = 1 << (len(found) + len(middle)).bit_length()
    products = np.fft.irfft(np.fft.rfft(found, length) * np.conj(np.fft.rfft(middle, length)), length)
    lag = int(np.argmax(products[: 2 * most_lag]))
    passage = found[lag : lag + n]
    return float(np.dot(passage, middle) / (np.linalg.norm(passage) * np.linalg.norm(middle)))


@pytest.mark.parametrize(("suffix", "container", "subtype"), SNDFILE)
@pytest.mark.parametrize("rate_hz", few([16000, 44100]))
def test_the_stream_equals_decoding_and_resampling_the_whole(tmp_path, suffix, container, subtype, rate_hz):
    """An outside oracle: soundfile reads all, numpy averages, soxr resamples in one go; 1e-4 and no edge left out."""
    path = write(tmp_path / f"a.{suffix}", chord(SECONDS, RATE_HZ), RATE_HZ, format=container, subtype=subtype)
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    expected = soxr.resample(samples.mean(axis=1), RATE_HZ, rate_hz, quality="HQ")
    found = whole(path, rate_hz)
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, atol=1e-4)
    assert found.dtype == np.float32
    info = probe(str(path))
    assert (info.sample_rate_hz, info.channels, info.tracks) == (RATE_HZ, 2, 1)
    assert info.duration_s == pytest.approx(len(samples) / RATE_HZ, abs=1e-3)


def test_opus_is_decoded_as_libsndfile_does(tmp_path):
    """Ogg Opus, which FFmpeg decodes here, has the samples that libsndfile finds."""
    path = write(tmp_path / "a.opus", chord(SECONDS, 48000), 48000, format="OGG", subtype="OPUS")
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    np.testing.assert_allclose(whole(path, 48000), samples.mean(axis=1), atol=1e-4)


@pytest.mark.parametrize(("name", "codec", "container", "rate_hz", "slack"), few(FFMPEG, 8))
def test_what_ffmpeg_encodes_is_heard(tmp_path, name, codec, container, rate_hz, slack):
    """Every container and codec that the decoders are there for gives the sound that went in."""
    sound = chord(SECONDS, rate_hz)
    options = {"write_xing": "0"} if name.startswith("no-xing") else None
    path = encode(tmp_path / name, [sound], rate_hz, codec, container, options)
    found = whole(path, rate_hz)
    assert abs(len(found) - len(sound)) <= slack
    assert similar(found, sound.mean(axis=1)) > 0.99
    info = probe(str(path))
    assert (info.sample_rate_hz, info.channels) == (rate_hz, 2)
    assert info.duration_s is None or info.duration_s == pytest.approx(SECONDS, abs=0.1)


@pytest.mark.parametrize("name", few(["a.mp4", "a.webm", "a.mkv", "a.avi"], 2))
def test_the_sound_of_moving_pictures(tmp_path, name):
    """A video's sound track is decoded, its pictures are not."""
    codec, rate_hz = ("libopus", 48000) if name == "a.webm" else ("aac", 44100)
    container = "matroska" if name == "a.webm" else None  # the test's picture codec is not allowed in strict WebM
    sound = chord(SECONDS, rate_hz)
    path = encode(tmp_path / name, [sound], rate_hz, codec, container, video=True)
    assert similar(whole(path, rate_hz), sound.mean(axis=1)) > 0.99


def test_each_sound_track_is_reached_by_its_number(tmp_path):
    """Tracks are counted from 0; another number is an error that says how many there are."""
    first, second = chord(SECONDS, 44100, seed=1), chord(SECONDS, 44100, channels=1, seed=2)[::-1]
    path = encode(tmp_path / "two.mkv", [first, second], 44100, "flac", video=True)
    assert probe(str(path)).tracks == 2
    assert probe(str(path), track=1).channels == 1
    assert similar(whole(path, 44100, track=0), first.mean(axis=1)) > 0.99
    assert similar(whole(path, 44100, track=1), second.mean(axis=1)) > 0.99
    with pytest.raises(AudioError, match="has 2 sound tracks; track 2"):
        probe(str(path), track=2)
    wav = write(tmp_path / "a.wav", first, 44100)
    with pytest.raises(AudioError, match="has one sound track; track 1"):
        whole(wav, 44100, track=1)


@pytest.mark.parametrize("channels", [1, 2, 3, 6, 8, 16])
@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_channels_are_averaged(tmp_path, channels, suffix):
    """The mono mix is the mean of the channels, however many."""
    if suffix == "flac" and channels > 8:
        pytest.skip("FLAC has at most eight channels")
    sound = chord(1.0, 8000, channels)
    path = write(tmp_path / f"a.{suffix}", sound, 8000)
    np.testing.assert_allclose(whole(path, 8000), sound.mean(axis=1), atol=1e-4)


@pytest.mark.parametrize("codec", few(["aac", "flac", "ac3"], 2))
def test_surround_sound_is_averaged_by_ffmpeg_too(tmp_path, codec):
    """Planar and interleaved samples of six channels have the mean of the six."""
    sound = chord(SECONDS, 48000, 6)
    path = encode(tmp_path / "a.mka", [sound], 48000, codec)
    assert similar(whole(path, 48000), sound.mean(axis=1)) > 0.95
    level = np.sqrt(np.mean(whole(path, 48000) ** 2)) / np.sqrt(np.mean(sound.mean(axis=1) ** 2))
    assert level == pytest.approx(1.0, abs=0.1)


@pytest.mark.parametrize("from_hz", [100, 4000, 11025, 192000, 384000])
def test_any_sample_rate(tmp_path, from_hz):
    """From telemetry to bats; a second stays a second."""
    sound = chord(2.0, from_hz, 1)
    path = write(tmp_path / "a.wav", sound, from_hz)
    assert len(whole(path, 32000)) == pytest.approx(64000, abs=2)


@pytest.mark.parametrize("suffix", ["wav", "flac", "mp3", "ogg", "m4a", "webm"])
def test_the_content_decides_and_not_the_name(tmp_path, suffix):
    """A wrong suffix, or none, does not keep a file from being decoded."""
    sound = chord(1.0, 48000)
    made = tmp_path / f"a.{suffix}"
    if suffix in ("m4a", "webm"):
        encode(made, [sound], 48000, "aac" if suffix == "m4a" else "libopus")
    else:
        write(made, sound, 48000)
    expected = whole(made, 16000)
    for name in ("wrong.wav", "wrong.mp3", "wrong.m4a", "wrong.txt", "none"):
        other = tmp_path / name
        other.write_bytes(made.read_bytes())
        np.testing.assert_array_equal(whole(other, 16000), expected)


@pytest.mark.parametrize("suffix", few(["mp3", "m4a", "ogg", "wav", "flac", "aac"], 3))
def test_a_passage_is_that_part_of_the_whole(tmp_path, suffix):
    """Entering in the middle gives the samples that decoding from the start gives.

    AAC decoders replace noise by noise of their own, which depends on where they began.
    """
    path = tmp_path / f"a.{suffix}"
    if suffix in ("m4a", "aac"):
        encode(path, [chord(20, 44100)], 44100, "aac", "adts" if suffix == "aac" else None)
    else:
        write(path, chord(20, 44100), 44100)
    everything = whole(path, 44100)
    for start_s, end_s in ((0.0, 1.5), (1.3, 2.9), (12.345, 14.0), (19.5, 40.0)):
        found = whole(path, 44100, start_s=start_s, end_s=end_s)
        expected = everything[round(start_s * 44100) : round(end_s * 44100)]
        np.testing.assert_allclose(found, expected, atol=0.03 if suffix == "m4a" else 1e-4)


def test_a_passage_of_matroska_is_right_to_a_millisecond(tmp_path):
    """Matroska and WebM keep times in whole milliseconds, and no better can be had without decoding from the start."""
    path = encode(tmp_path / "a.webm", [chord(20, 48000)], 48000, "libopus")
    everything = whole(path, 48000)
    found = whole(path, 48000, start_s=12.345, end_s=14.0)
    assert len(found) == 79440
    at = round(12.345 * 48000)
    assert any(np.abs(everything[at + lag : at + lag + 79440] - found).max() < 0.01 for lag in range(-72, 73))


def test_windows_of_a_file_carry_its_times(tmp_path):
    """A passage's windows have the file's own times, and end where the sound ends."""
    path = write(tmp_path / "a.wav", chord(10, 16000), 16000)
    spec = EncoderSpec("test", "1", "", 1, 8000, 2.0, 1.0)
    spans = [(w.start_s, w.end_s) for w in windows(str(path), spec, start_s=3.0)]
    assert spans == [(3, 5), (4, 6), (5, 7), (6, 8), (7, 9), (8, 10)]
    short = [(w.start_s, w.end_s, w.samples.shape) for w in windows(str(path), spec, start_s=9.25)]
    assert short == [(9.25, 10.0, (16000,))]


def test_samples_beyond_full_scale_are_kept_for_whoever_levels_them(tmp_path):
    """A float file may exceed full scale; an encoder never sees that."""
    sound = chord(1.0, 16000, channels=1)
    path = write(tmp_path / "a.wav", 40 * sound, 16000, subtype="FLOAT")
    np.testing.assert_allclose(whole(path, 16000), 40 * sound[:, 0], rtol=1e-6)
    spec = EncoderSpec("x", "1", "1", 1, 16000, 1.0, 0.5)
    (window,) = windows(str(path), spec)
    assert 0.4 < np.abs(window.samples).max() <= 1.0


def test_the_size_of_blocks_does_not_change_a_sample(tmp_path, monkeypatch):
    """Decoding in small blocks and in large ones gives equal sound, resampled too."""
    path = write(tmp_path / "a.flac", chord(SECONDS, 44100), 44100)
    expected = whole(path, 32000)
    monkeypatch.setattr("search.audio.mixing.BLOCK_S", 0.03)
    np.testing.assert_allclose(whole(path, 32000), expected, atol=1e-6)


@pytest.mark.parametrize("suffix", ["flac", "mp3", "m4a"])
def test_threads_decode_side_by_side(tmp_path, suffix):
    """Eight threads at once get what one gets alone."""
    path = tmp_path / f"a.{suffix}"
    sound = chord(SECONDS, 44100)
    if suffix == "m4a":
        encode(path, [sound], 44100, "aac")
    else:
        write(path, sound, 44100)
    expected = whole(path, 32000)
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(whole(path, 32000))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    for one in found:
        np.testing.assert_array_equal(one, expected)


def test_no_file_stays_open(tmp_path):
    """A stream that is dropped in the middle lets go of its file."""
    open_files = Path("/proc/self/fd")
    if not open_files.is_dir():
        pytest.skip("this system does not list a process's open files")
    path = write(tmp_path / "a.mp3", chord(SECONDS, 44100), 44100)
    before = len(list(open_files.iterdir()))
    for _ in range(20):
        blocks = stream(str(path), 32000)
        next(blocks)
        blocks.close()
        probe(str(path))
    assert len(list(open_files.iterdir())) == before


def test_names_that_a_scan_picks_up():
    """Every kind of sound file by its suffix, in any case; nothing else, and no resource forks of macOS."""
    for suffix in re.findall(r"\w+", "wav aif aiff flac ogg opus mp3 m4a aac mp4 mkv webm mov wma caf w64 rf64 au"):
        assert is_audio_name(f"/x.y/a b.{suffix}")
        assert is_audio_name(f"A.{suffix.upper()}")
    others = ["wav", "a.txt", "a.wav.txt", "a.ts", "a.mid", "/a.wav/b", "._a.wav", "/x/._a.mp3", ".wav", ""]
    assert not any(is_audio_name(name) for name in others)


def test_the_quality_of_resampling_keeps_out_what_would_alias(tmp_path):
    """A tone above the new band is gone, by at least 100 dB; one within it keeps its level."""
    time = np.arange(2 * 48000) / 48000
    for hz, expected in ((15000, 0.0), (3000, 0.5)):
        path = write(
            tmp_path / "a.wav",
            (0.5 * np.sin(2 * np.pi * hz * time)).astype(np.float32)[:, None],
            48000,
            subtype="FLOAT",
        )
        found = whole(path, 16000)[1600:-1600]
        level = np.sqrt(2 * np.mean(found.astype(np.float64) ** 2))
        assert level == pytest.approx(expected, abs=0.5e-5)


@pytest.mark.parametrize("suffix", ["wav", "flac"])
def test_channels_that_cancel_in_a_part_of_a_file_are_mixed_alike_in_a_passage_and_in_the_whole(tmp_path, suffix):
    """A plug was turned at 6.3 s: from 7 s on the sound is whole. What was done is a warning."""
    sound = chord(12, 44100, channels=1)
    turned = np.concatenate((sound, np.where(np.arange(len(sound))[:, None] < 6.3 * 44100, sound, -sound)), axis=1)
    path = write(tmp_path / f"a.{suffix}", turned, 44100)
    warnings = []
    everything = np.concatenate(list(stream(str(path), 44100, warn=warnings.append)))
    np.testing.assert_allclose(np.abs(everything[8 * 44100 :]), np.abs(sound[8 * 44100 :, 0]), atol=1e-4)
    assert [warning.split(" in ")[0] for warning in warnings] == ["channels cancel each other"]
    for start_s, end_s in ((0.0, 1.5), (6.9, 7.2), (7.001, 40.0), (11.7, 12.0)):
        found = whole(path, 44100, start_s=start_s, end_s=end_s)
        np.testing.assert_array_equal(found, everything[round(start_s * 44100) : round(end_s * 44100)])


def test_sixteen_channels_of_which_one_sounds_quietly_are_not_silent(tmp_path):
    """As loud as the microphone alone."""
    channels = np.zeros((2 * 32000, 16), np.float32)
    channels[:, 5] = chord(2, 32000, channels=1)[:, 0] * 0.01
    alone = write(tmp_path / "alone.wav", channels[:, 5], 32000, subtype="PCM_24")
    path = write(tmp_path / "many.wav", channels, 32000, subtype="PCM_24")
    np.testing.assert_array_equal(whole(path, 32000), whole(alone, 32000))


@pytest.mark.parametrize(("place", "value"), [(4, 9), (5, 0), (6, 0), (7, 0), (7, 255)])
def test_a_header_of_adx_that_makes_no_sense_is_refused(tmp_path, place, value):
    """FFmpeg divides by what it says: such a file would end the process."""
    path = tmp_path / "a.adx"
    encode(path, [chord(0.5, 44100)], 44100, "adpcm_adx")
    spoiled = bytearray(path.read_bytes())
    spoiled[place] = value
    path.write_bytes(spoiled)
    with pytest.raises(AudioError):
        whole(path, 16000)
