"""Libsndfile decodes MP3 files whose checksum confirms them, with FFmpeg's result, and no other files."""

from __future__ import annotations

import io
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from search.audio import mpeg, probe
from search.audio.decoding import open_track
from search.audio.libav import LibavTrack
from search.audio.opening import open_regular
from search.audio.sndfile import MpegTrack
from search.audio.track import Track
from tests.amounts import few
from tests.search.soundfiles import chord, encode, write

_ID3V1 = b"TAG" + bytes(125)
_ID3V2 = b"ID3\x03\x00\x00\x00\x00\x00\x0a" + bytes(10)


def sound_of(track: Track, start_s: float = 0.0, end_s: float | None = None) -> np.ndarray:
    with closing(track):
        return np.concatenate([block.samples.copy() for block in track.blocks(start_s, end_s)], axis=1)


def decoder_of(path: Path) -> type[Track]:
    with open_regular(str(path)) as file, closing(open_track(str(path), file, 0)) as track:
        return type(track)


@pytest.mark.parametrize("rate_hz", few([32000, 44100, 48000]))
@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("writer", "mode"), [("lame", "CONSTANT"), ("lame", "VARIABLE"), ("ffmpeg", "")])
def test_what_is_whole_is_what_ffmpeg_finds(tmp_path, rate_hz, channels, writer, mode):
    """The same samples, as many, the same description, and passages that are parts of the whole."""
    path, sound = tmp_path / "a.mp3", chord(2.51, rate_hz, channels)
    if writer == "lame":
        write(path, sound, rate_hz, format="MP3", subtype="MPEG_LAYER_III", bitrate_mode=mode)
    else:
        encode(path, [sound], rate_hz, "libmp3lame")
    with open_regular(str(path)) as file:
        ours, theirs = open_track(str(path), file, 0), LibavTrack(str(path), file, 0)
        assert isinstance(ours, MpegTrack)
        assert ours.info == theirs.info == probe(str(path))
        expected = sound_of(theirs)
        file.seek(0)
        whole = sound_of(open_track(str(path), file, 0))
        part = sound_of(open_track(str(path), file, 0), 2.2, 2.4)
    assert whole.shape == expected.shape == sound.T.shape
    np.testing.assert_allclose(whole, expected, atol=5e-6)
    first = round(2.2 * rate_hz)
    np.testing.assert_array_equal(part, whole[:, first : round(2.4 * rate_hz)])


def test_tags_before_and_behind_are_no_damage(tmp_path):
    """An ID3 tag of version 2 in front, one of version 1 behind; anything else behind is FFmpeg's to understand."""
    data = write(tmp_path / "a.mp3", chord(1.0, 44100), 44100, format="MP3").read_bytes()
    for name, content in (("front", _ID3V2 + data), ("behind", data + _ID3V1), ("both", _ID3V2 + data + _ID3V1)):
        path = tmp_path / f"{name}.mp3"
        path.write_bytes(content)
        assert decoder_of(path) is MpegTrack
    for name, content in (("twice", data + data), ("more", data + bytes(100)), ("cut", data[:-1])):
        path = tmp_path / f"{name}.mp3"
        path.write_bytes(content)
        assert decoder_of(path) is LibavTrack


@pytest.mark.parametrize("share", [0.1, 0.5, 0.999])
def test_one_bit_that_turned_is_noticed(tmp_path, share, capfd):
    """Such a file is FFmpeg's, and nothing is written to the terminal."""
    path = write(tmp_path / "a.mp3", chord(2.0, 44100), 44100, format="MP3")
    data = bytearray(path.read_bytes())
    data[500 + int(share * (len(data) - 501))] ^= 0x10
    path.write_bytes(data)
    assert decoder_of(path) is LibavTrack
    with open_regular(str(path)) as file:
        assert sound_of(open_track(str(path), file, 0)).shape[1] > 44100
    assert capfd.readouterr() == ("", "")


def test_other_rates_are_ffmpegs(tmp_path):
    """Of MPEG 2 LAME writes frames that libsndfile's decoder complains about."""
    assert decoder_of(write(tmp_path / "a.mp3", chord(1.0, 22050), 22050, format="MP3")) is LibavTrack


@pytest.mark.parametrize("length", [0, 1, 2, 1023, 1024, 1025, 4097, (1 << 20) + 3])
def test_the_checksum_is_that_of_the_plain_way(length):
    """CRC-16 bit by bit, byte by byte, is the oracle; parts of a file count, and what is not there is no part."""
    data = np.random.default_rng(length).bytes(length)
    table = []
    for crc in range(256):
        for _ in range(8):
            crc = crc >> 1 ^ (0xA001 if crc & 1 else 0)  # noqa: PLW2901
        table.append(crc)
    plain = 0
    for byte in data:
        plain = plain >> 8 ^ table[(plain ^ byte) & 0xFF]
    assert mpeg.checksum(io.BytesIO(b"before" + data + b"behind"), 6, 6 + length) == plain
    assert mpeg.checksum(io.BytesIO(data), 0, length + 1) == -1
