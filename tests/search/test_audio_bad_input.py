"""Every defect of a file gives one AudioError with a clear cause in one line, and no output on the terminal."""

from __future__ import annotations

import math
import os
import random
import struct
import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from search.audio import metadata, probe, stream, windows
from search.errors import AudioError
from search.model import EncoderSpec
from tests.amounts import few
from tests.search.soundfiles import chord, encode, write
from tests.waiting import PATIENCE_S

SPEC = EncoderSpec("test", "1", "", 1, 16000, 1.0, 0.5)

KINDS = ["wav", "flac", "opus", "mp3", "m4a", "aiff", "au", "caf", "w64", "rf64", "ogg", "mka", "webm", "aac", "wma"]


def make(path: Path, kind: str, seconds: float = 4.0) -> Path:
    """A good file of this kind, with its index in front where there is one."""
    rate_hz = 48000 if kind in ("opus", "webm") else 44100
    sound = chord(seconds, rate_hz)
    if kind in ("m4a", "mka", "webm", "aac", "wma"):
        codec = {"webm": "libopus", "wma": "wmav2"}.get(kind, "aac")
        container = {"aac": "adts", "wma": "asf", "m4a": "mp4", "mka": "matroska", "webm": "webm"}[kind]
        return encode(path, [sound], rate_hz, codec, container, {"movflags": "faststart"} if kind == "m4a" else None)
    names = {"ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS"), "mp3": ("MP3", "MPEG_LAYER_III")}
    container, subtype = names.get(kind, (kind.upper(), "PCM_16"))
    return write(path, sound, rate_hz, format=container, subtype=subtype)


def cause(path: Path | str, **passage: float) -> str:
    """Why the whole file cannot be decoded; one line, beginning with its name."""
    with pytest.raises(AudioError) as caught:
        for _ in windows(str(path), SPEC, **passage):
            pass
    message = str(caught.value)
    assert len(message.splitlines()) == 1
    assert message.isprintable()
    assert message.endswith(caught.value.cause)
    return caught.value.cause


def whole(path: Path, **settings) -> np.ndarray:
    """All the samples of a file at 44.1 kHz."""
    return np.concatenate(list(stream(str(path), 44100, **settings)))


# --- what is no file ------------------------------------------------------------------------------------------


def test_what_cannot_be_opened(tmp_path):
    """Missing, a broken link, a link to itself, a folder, a folder's name with a slash behind: each says what it is."""
    (tmp_path / "broken.wav").symlink_to(tmp_path / "nowhere.wav")
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "empty.wav").touch()
    assert cause(tmp_path / "missing.wav") == "no such file"
    assert cause(tmp_path / "empty.wav" / "below.wav") == "no such file"
    assert cause(tmp_path / "broken.wav") == "a broken link"
    assert cause(tmp_path / "loop.wav") == "a link that leads to itself"
    assert cause(tmp_path / "folder.wav") == "a folder, not a file"
    assert cause(tmp_path / "empty.wav") == "the file is empty"
    assert cause(tmp_path / ("x" * 300)) == "the name is too long"
    assert cause("a\0b.wav") == "no file can have this name"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.timeout(PATIENCE_S)
def test_a_pipe_or_a_device_does_not_hang(tmp_path):
    """Nobody writes into this pipe; /dev/zero never ends."""
    os.mkfifo(tmp_path / "pipe.wav")
    assert cause(tmp_path / "pipe.wav") == "a named pipe, not a file"
    assert cause("/dev/zero") == "a device, not a file"


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="this system has no such permissions")
def test_a_file_that_may_not_be_read(tmp_path):
    """No permission is said as such, also when root runs the test."""
    path = make(tmp_path / "a.wav", "wav")
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        assert cause(path) == "no permission to read it"
    finally:
        os.seteuid(user)


def test_too_many_open_files(tmp_path):
    """Out of file handles is told from a bad file."""
    import resource

    path = make(tmp_path / "a.wav", "wav")
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, before[1]))
    try:
        assert cause(path) == "too many files are open in this process"
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)


# --- names ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", few(["wav", "flac", "mp3", "m4a"]))
@pytest.mark.parametrize(
    "name",
    [
        b'it\'s "so".x',
        b"two\nlines\r.x",
        "\N{DOG FACE} ü\u202e.x".encode(),
        b"caf\xe9 \xff\xfe.x",
        b"http:--x.x",
        b"-i %d *?.x",
    ],
)
def test_any_name_is_opened(tmp_path, kind, name):
    """Quotes, newlines, emoji, bytes that are no UTF-8, what looks like an address or an option."""
    if sys.platform in ("win32", "darwin"):
        pytest.skip("this system does not allow such names")
    path = os.path.join(tmp_path, os.fsdecode(name))  # noqa: PTH118
    os.rename(make(tmp_path / "made", kind), path)  # noqa: PTH104
    assert sum(len(block) for block in stream(path, 16000)) == pytest.approx(64000, abs=1200)
    assert probe(path).channels == 2
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"not sound")
    assert cause(path) == "text, not sound"


# --- what is in it --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", few(KINDS, 5))
@pytest.mark.parametrize("part", few([0.5, 0.02, 0.9], 2))
def test_of_a_truncated_file_the_rest_is_read_and_the_loss_is_told(tmp_path, kind, part, capfd):
    """Cut anywhere, a file of any kind gives what is there, with a warning; one without any sound is refused."""
    whole = make(tmp_path / "whole", kind).read_bytes()
    path = tmp_path / f"cut.{kind}"
    path.write_bytes(whole[: int(part * len(whole)) | 1])
    causes: list[str] = []
    try:
        got_s = sum(len(block) for block in stream(str(path), 16000, warn=causes.append)) / 16000
    except AudioError as error:
        causes, got_s = [error.cause], 0.0
    if part > 0.1 or got_s:
        page_s = 1.1 if kind in ("ogg", "opus") else 0.3  # an Ogg page is whole or nothing
        assert got_s == pytest.approx(4 * part, abs=page_s if part > 0.1 else 0.15)
    assert any("truncated" in cause or "damaged" in cause for cause in causes)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("suffix", ["m4a", "mp4"])
def test_an_mp4_without_its_index(tmp_path, suffix):
    """A recording that was broken off has its index nowhere; that is what is said."""
    path = encode(tmp_path / f"a.{suffix}", [chord(2, 44100)], 44100, "aac", "mp4")
    path.write_bytes(path.read_bytes()[:-3000])
    assert cause(path) == "damaged or truncated: an MP4 file without its index"


def test_a_header_that_claims_more_than_there_is(tmp_path):
    """Also when every other size in the file fits: all of it is read, and a warning says what is missing."""
    path = make(tmp_path / "a.wav", "wav")
    data = bytearray(path.read_bytes())
    data[40:44] = struct.pack("<I", 100_000_000)
    path.write_bytes(data)
    warnings: list[str] = []
    assert sum(len(block) for block in stream(str(path), 44100, warn=warnings.append)) == 4 * 44100
    assert warnings == ["truncated: the header says 100,000,000 bytes of sound, only 705,600 are there"]


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000, 0x80000000])
def test_a_wav_written_to_a_pipe_is_whole(tmp_path, size):
    """Programs that could not know the length wrote such sizes; the sound goes to the end of the file."""
    path = make(tmp_path / "a.wav", "wav")
    data = bytearray(path.read_bytes())
    data[4:8] = data[40:44] = struct.pack("<I", size)
    path.write_bytes(data)
    assert sum(len(block) for block in stream(str(path), 44100)) == 4 * 44100


def test_a_chunk_behind_the_sound_is_not_heard(tmp_path):
    """Metadata at the end is neither sound nor damage."""
    path = make(tmp_path / "a.wav", "wav")
    with path.open("ab") as file:
        file.write(b"LIST" + struct.pack("<I", 1000) + bytes(1000))
    assert sum(len(block) for block in stream(str(path), 44100)) == 4 * 44100


@pytest.mark.parametrize("suffix", ["wav", "mp3", "flac", "m4a", "ogg"])
@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"this is a note about sounds\n" * 50, "text, not sound"),
        ("Grüße\n".encode() * 3000, "text, not sound"),
        (b"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/x.mp3\n", "text, not sound"),
        (b"ffconcat version 1.0\nfile /etc/passwd\n", "text, not sound"),
        (b"1\n00:00:01,000 --> 00:00:02,000\nHello\n", "text, not sound"),
        (random.Random(1).randbytes(3000), "not sound in any format that can be decoded"),
        (bytes(5000), "not sound in any format that can be decoded"),
        (b"\x89PNG\r\n\x1a\n" + bytes(500), "not sound in any format that can be decoded"),
        (b"RIFF\x10\0\0\0WAVE", "damaged or truncated: begins like a WAV or AVI file, but cannot be decoded"),
        (b"OggS", None),
        (b"\xff\xfb", None),
    ],
)
def test_what_is_no_sound(tmp_path, suffix, content, expected, capfd):
    """Text, playlists that name addresses, pictures, noise: refused, whatever they are called."""
    path = tmp_path / f"a.{suffix}"
    path.write_bytes(content)
    assert cause(path) == expected or expected is None
    assert capfd.readouterr() == ("", "")


def test_pictures_without_sound(tmp_path):
    """A silent film has no sound track, and that is not the same as damage."""
    _film(tmp_path / "a.mp4")
    assert cause(tmp_path / "a.mp4") == "has no sound track"


def _film(path: Path) -> None:
    import av

    with av.open(str(path), "w") as output:
        pictures = output.add_stream("mpeg4", rate=10, width=64, height=48, pix_fmt="yuv420p")
        for number in range(10):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number, np.uint8), format="rgb24")
            picture.pts = number
            output.mux(pictures.encode(picture))
        output.mux(pictures.encode(None))


@pytest.mark.parametrize("zeros", [1, 2, 5, 128])
def test_zeros_behind_the_last_frame_of_an_mp3_are_padding(tmp_path, zeros):
    """Taggers and streaming servers pad MP3 files; the sound is all there, as another decoder finds it."""
    plain = write(tmp_path / "plain.mp3", chord(2.0, 44100), 44100)
    padded = tmp_path / "padded.mp3"
    padded.write_bytes(plain.read_bytes() + bytes(zeros))
    expected = np.concatenate(list(stream(str(plain), 44100)))
    found = np.concatenate(list(stream(str(padded), 44100)))
    assert len(found) == len(expected)
    np.testing.assert_allclose(found, expected, atol=5e-6)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("subtype", ["FLOAT", "DOUBLE"])
def test_a_few_samples_that_are_not_finite_are_silence(tmp_path, value, subtype):
    """They are told with their time; every other sample stays as it is."""
    sound = chord(5.0, 44100)
    clean = whole(write(tmp_path / "clean.wav", sound, 44100, subtype=subtype))
    sound[3 * 44100, 1] = value
    path = write(tmp_path / "a.wav", sound, 44100, subtype=subtype)
    warnings: list[str] = []
    clean[3 * 44100] = 0.0
    np.testing.assert_array_equal(whole(path, warn=warnings.append), clean)
    assert warnings == ["1 sample is NaN or infinite, the first at 3.000 s; read as silence"]


@pytest.mark.parametrize("at_s", [1.0, 3.0])
def test_bytes_that_are_no_samples_are_silence(tmp_path, at_s):
    """As floats they are of any size: those too large to be sound give away the others, which would drown the sound.

    In the middle a damaged disk left them, or behind sound whose header has no size.
    """
    sound, rng = chord(3.0, 44100, 1), np.random.default_rng(5)
    path = write(tmp_path / "a.sf", sound, 44100, format="IRCAM", subtype="FLOAT")
    data = bytearray(path.read_bytes())
    at = len(data) - 4 * round((3.0 - at_s) * 44100)
    data[at : at + 400] = rng.bytes(400)
    path.write_bytes(data)
    found = whole(path)
    assert np.abs(found).max() < 1.0
    np.testing.assert_array_equal(found[: round(at_s * 44100) - 40], sound[: round(at_s * 44100) - 40, 0])


def test_more_than_a_hundredth_of_samples_that_are_not_finite_refuse_a_file(tmp_path):
    """That is no mishap: the file holds something else than sound."""
    sound = chord(5.0, 44100)
    sound[44100 : 44100 + 2206] = math.nan
    path = write(tmp_path / "a.wav", sound, 44100, subtype="FLOAT")
    assert cause(path) == "1 % of the samples are NaN or infinite, the first at 1.000 s"


@pytest.mark.parametrize("kind", ["wav", "flac", "aiff"])
def test_no_sample_and_one_sample(tmp_path, kind):
    """A header alone, and a single sample, hold no sound."""
    none = write(tmp_path / "none", np.zeros((0, 2), np.float32), 44100, format=kind.upper())
    assert cause(none) == ("the file is empty" if kind == "flac" else "holds no samples")
    one = write(tmp_path / "one", np.full((1, 2), 0.5, np.float32), 44100, format=kind.upper())
    assert cause(one) == "too short: one sample at 44100 Hz, less than a millisecond"
    few = write(tmp_path / "few", np.full((44, 2), 0.5, np.float32), 44100, format=kind.upper())
    assert cause(few) == "too short: 44 samples at 44100 Hz, less than a millisecond"
    assert len(list(windows(str(write(tmp_path / "enough", np.ones((45, 1)), 44100, format=kind.upper())), SPEC))) == 1


@pytest.mark.parametrize("kind", ["wav", "flac", "mp3", "m4a", "webm"])
def test_longer_than_asked_for(tmp_path, kind):
    """By the header before anything is decoded; a passage counts by its own length."""
    path = make(tmp_path / f"a.{kind}", kind)
    assert "s long, more than the 3.5 s allowed" in cause(path, max_duration_s=3.5)
    assert list(windows(str(path), SPEC, max_duration_s=4.1))
    assert list(windows(str(path), SPEC, start_s=1.0, max_duration_s=3.1))
    assert list(windows(str(path), SPEC, end_s=2.0, max_duration_s=2.0))


def test_longer_than_asked_for_when_the_header_does_not_know(tmp_path):
    """Then it is noticed while decoding."""
    assert cause(make(tmp_path / "a.aac", "aac"), max_duration_s=3.0) == "more than the 3 s allowed"


@pytest.mark.parametrize("kind", ["wav", "mp3", "aac"])
def test_passages_that_are_none(tmp_path, kind):
    """After the end, backwards, or not a number."""
    path = make(tmp_path / f"a.{kind}", kind)
    assert "starts at 9 s" in cause(path, start_s=9.0) or "holds no samples after 9 s" in cause(path, start_s=9.0)
    assert "cannot end at" in cause(path, start_s=2.0, end_s=1.0)
    assert "cannot start at" in cause(path, start_s=-1.0)
    assert "cannot start at" in cause(path, start_s=math.nan)
    assert "cannot end at" in cause(path, end_s=math.inf)


def test_an_implausible_sample_rate(tmp_path):
    """A damaged header does not make the resampler build filters of gigabytes."""
    path = make(tmp_path / "a.wav", "wav")
    data = bytearray(path.read_bytes())
    for rate_hz in (1, 4_000_000_000):
        data[24:28] = struct.pack("<I", rate_hz)
        path.write_bytes(data)
        assert cause(path)


@pytest.mark.parametrize("kind", few(KINDS, 5))
def test_random_damage_is_an_audio_error_or_nothing(tmp_path, kind, capfd):
    """Bytes changed, left out or put in, headers first: sound in [-1, 1] or an AudioError, and no word besides."""
    good = make(tmp_path / "good", kind, seconds=1.5).read_bytes()
    dice = random.Random(kind)
    path = tmp_path / f"bad.{kind}"
    for _ in range(25):
        bad = bytearray(good)
        for _ in range(dice.choice([1, 3, 30])):
            at = dice.randrange(min(len(bad), dice.choice([64, 512, 1 << 30])))
            match dice.randrange(3):
                case 0:
                    bad[at] = dice.randrange(256)
                case 1:
                    del bad[at : at + dice.randrange(1, 900)]
                case _:
                    bad[at:at] = dice.randbytes(dice.randrange(1, 900))
        path.write_bytes(bad)
        assert _is_decoded_or_refused(path)
    assert capfd.readouterr() == ("", "")


def _is_decoded_or_refused(path: Path) -> bool:
    try:
        return all(np.isfinite(block).all() for block in stream(str(path), 16000))
    except AudioError as error:
        return len(str(error).splitlines()) == 1


def test_a_tag_that_claims_gigabytes_takes_no_memory(tmp_path):
    """Readers of tags ask a file for as many bytes as the tag says it has; no room is made for those."""
    path = make(tmp_path / "a.flac", "flac", seconds=0.1)
    data = bytearray(path.read_bytes())
    assert data[42] & 0x7F == 4  # comments are behind the 42 bytes of what comes first
    data[46:50] = struct.pack("<I", 1 << 30)
    path.write_bytes(data)
    tracemalloc.start()
    try:
        assert metadata.read(str(path)) == ("a", {})
        assert tracemalloc.get_traced_memory()[1] < 10_000_000
    finally:
        tracemalloc.stop()
