"""Headers with a wrong duration, too long or too short: what exists is read, and the difference is reported."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest

from search.audio import probe, stream
from search.errors import AudioError
from tests.search.soundfiles import chord, encode, write

RATE_HZ = 16000
SECONDS = 2.0
ALL = round(SECONDS * RATE_HZ)


def read(path: Path, rate_hz: int = RATE_HZ) -> tuple[int, list[str]]:
    """How many samples a file gives, and with which warnings."""
    warnings: list[str] = []
    return sum(len(block) for block in stream(str(path), rate_hz, warn=warnings.append)), warnings


def plain(path: Path, **settings: str) -> bytearray:
    return bytearray(write(path, chord(SECONDS, RATE_HZ, 1), RATE_HZ, **settings).read_bytes())


def unclosed(kind: str, data: bytearray) -> bytearray:
    """``data`` as a recorder leaves it that lost its power: the sizes were never written."""
    match kind:
        case "wav":
            data[4:8], data[40:44] = struct.pack("<I", 0), struct.pack("<I", 0)
        case "wav 36":
            data[4:8], data[40:44] = struct.pack("<I", 36), struct.pack("<I", 0)
        case "rf64":
            at = data.find(b"data") + 4
            data[16 + 4 : 16 + 28], data[at : at + 4] = bytes(24), b"\xff" * 4
        case "aiff":
            at = data.find(b"SSND") + 4
            data[at : at + 4] = struct.pack(">I", 8)
        case "au":
            data[8:12] = bytes(4)
        case "caf":
            at = data.find(b"data") + 4
            data[at : at + 8] = struct.pack(">q", 4)
        case "w64":
            at = data.find(b"data\xf3") + 16
            data[at : at + 8] = bytes(8)
    return data


@pytest.mark.parametrize("kind", ["wav", "wav 36", "rf64", "aiff", "au", "w64"])
def test_a_recording_that_was_never_closed_is_whole(tmp_path, kind):
    """A recorder lost its power, a program crashed: all the sound is there, and is read."""
    path = tmp_path / "a"
    path.write_bytes(unclosed(kind, plain(tmp_path / "made", format=kind.split()[0].upper())))
    count, warnings = read(path)
    assert abs(count - ALL) <= 4
    assert len(warnings) == 1
    assert warnings[0].startswith("the size of the sound was never written")
    assert probe(str(path)).duration_s == pytest.approx(SECONDS, abs=0.001)


def test_a_passage_of_an_unclosed_recording_is_that_of_the_closed_one(tmp_path):
    """Both decoders see the sizes as they should be, wherever they begin to read."""
    made = tmp_path / "made.wav"
    (tmp_path / "a.wav").write_bytes(unclosed("wav", plain(made)))
    expected, found = (
        np.concatenate(list(stream(str(path), RATE_HZ, start_s=0.7, end_s=1.3))) for path in (made, tmp_path / "a.wav")
    )
    np.testing.assert_array_equal(found, expected)


def test_an_empty_recording_is_empty(tmp_path):
    """A size of 0 before a chunk of metadata is the truth."""
    path = write(tmp_path / "a.wav", np.zeros((0, 1), np.float32), RATE_HZ)
    path.write_bytes(path.read_bytes() + b"LIST" + struct.pack("<I", 2000) + bytes(2000))
    with pytest.raises(AudioError, match="holds no samples"):
        read(path)


def test_a_wav_over_4_gib_whose_size_wrapped_is_read_to_its_end(tmp_path):
    """Its size in the header begins at 0 again; a file of that length, most of it a hole, says so."""
    path = tmp_path / "a.wav"
    channels, rate_hz, size = 16, 192_000, (1 << 32) + 8_000_000
    form = struct.pack("<HHIIHH", 1, channels, rate_hz, rate_hz * channels * 2, channels * 2, 16)
    head = b"RIFF" + struct.pack("<I", (size + 36) % (1 << 32)) + b"WAVEfmt " + struct.pack("<I", 16) + form
    with path.open("wb") as file:
        file.write(head + b"data" + struct.pack("<I", size % (1 << 32)))
        file.truncate(44 + size)
    end_s = size / (rate_hz * channels * 2)
    assert probe(str(path)).duration_s == pytest.approx(end_s, abs=0.01)
    warnings: list[str] = []
    found = list(stream(str(path), 8000, start_s=end_s - 0.5, warn=warnings.append))
    assert sum(map(len, found)) == pytest.approx(4000, abs=10)
    assert warnings == [
        "over 4 GiB: the header says 8,000,000 bytes of sound, all 4,302,967,296 to the end of the file are read"
    ]


def test_a_second_chunk_of_sound_is_told(tmp_path):
    data = plain(tmp_path / "a.wav")
    second = b"data" + struct.pack("<I", 32000) + bytes(data[44:32044])
    (tmp_path / "a.wav").write_bytes(data + second)
    count, warnings = read(tmp_path / "a.wav")
    assert (count, warnings) == (ALL, ["a second chunk of sound follows the first; only the first is read"])


def test_more_than_promised_is_told(tmp_path):
    """Decoders stop where the header says; what follows is in no chunk, and may be sound."""
    data = plain(tmp_path / "a.wav")
    data[40:44] = struct.pack("<I", 32000)
    (tmp_path / "a.wav").write_bytes(data)
    count, warnings = read(tmp_path / "a.wav")
    assert count == 16000
    assert warnings == ["the header says 32,000 bytes of sound; 32,000 more follow outside any chunk"]


@pytest.mark.parametrize("kind", ["wav", "rf64", "aiff", "au", "caf", "w64"])
@pytest.mark.parametrize("behind", [b"TAG" + bytes(125), bytes(range(1, 256)) * 2])
def test_the_sound_ends_where_its_header_says(tmp_path, kind, behind):
    """A few bytes behind it, which some program left there, are no sound. As floats they would be of any size."""
    data = plain(tmp_path / "a", format=kind.upper(), subtype="FLOAT")
    (tmp_path / "a").write_bytes(data + behind)
    assert read(tmp_path / "a") == (ALL, [])


@pytest.mark.parametrize("kind", ["wav", "rf64", "aiff", "au", "caf", "w64"])
def test_a_tag_before_uncompressed_sound_costs_nothing(tmp_path, kind):
    """A tagger for MP3 files put one, or two, before a file of another kind; all the sound comes after them."""
    data = plain(tmp_path / "a", format=kind.upper())
    tag = b"ID3\x04\0\0\0\0\x02\0" + bytes(256)
    (tmp_path / "a").write_bytes(tag + tag[:8] + b"\x01\0" + bytes(128) + data)
    assert read(tmp_path / "a") == (ALL, [])


def test_a_block_that_is_cut_costs_a_block(tmp_path):
    """Of Microsoft's ADPCM all blocks but the last are whole."""
    data = plain(tmp_path / "a.wav", subtype="MS_ADPCM")
    (tmp_path / "a.wav").write_bytes(data[:-1])
    assert read(tmp_path / "a.wav")[0] == pytest.approx(ALL, abs=512)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_an_au_file_whose_size_is_too_small_is_read_to_its_end(tmp_path, share):
    """It has no chunks: what is much is sound, also of a short file. So it is in W64, which decoders read on."""
    data = bytearray(write(tmp_path / "a.au", chord(0.25, RATE_HZ, 1), RATE_HZ).read_bytes())
    data[8:12] = struct.pack(">I", int(share * RATE_HZ / 4) * 2)
    (tmp_path / "a.au").write_bytes(data)
    count, warnings = read(tmp_path / "a.au")
    assert count == RATE_HZ // 4
    assert warnings[0].endswith("all 8,000 bytes to the end of the file are read")
    data = bytearray(write(tmp_path / "a.w64", chord(2, RATE_HZ, 1), RATE_HZ).read_bytes())
    struct.pack_into("<q", data, data.index(b"data\xf3") + 16, 24 + int(share * RATE_HZ) * 4)
    (tmp_path / "a.w64").write_bytes(data)
    count, warnings = read(tmp_path / "a.w64")
    assert count == 2 * RATE_HZ
    assert len(warnings) == 1
    assert warnings[0].endswith(" bytes to the end of the file are read")


@pytest.mark.parametrize("count", [0, 16000, 320_000])
def test_flac_is_read_whatever_its_header_counts(tmp_path, count):
    """0 means unknown: encoders that write to a pipe leave it so. Less and more are told."""
    data = plain(tmp_path / "a.flac")
    data[21] &= 0xF0
    data[22:26] = struct.pack(">I", count)
    (tmp_path / "a.flac").write_bytes(data)
    found, warnings = read(tmp_path / "a.flac")
    assert found == ALL
    says = {0: [], 16000: ["the header says 1.0 s, 2.0 s are there"]}
    assert warnings == says.get(count, ["truncated or damaged: the header says 20.0 s, only 2.0 s are there"])


def test_damage_in_the_middle_of_a_flac_costs_only_what_is_damaged(tmp_path):
    """What comes after is where it was."""
    data = plain(tmp_path / "a.flac")
    middle = len(data) // 2
    data[middle : middle + 500] = bytes(500)
    (tmp_path / "a.flac").write_bytes(data)
    found, warnings = read(tmp_path / "a.flac")
    assert found == ALL
    assert any("damaged" in warning for warning in warnings)


def test_an_mp3_that_was_split_keeps_an_old_count(tmp_path):
    """The first half with the header of the whole gives the half, with a warning; two joined give both."""
    whole = encode(tmp_path / "a.mp3", [chord(4, 44100, 1)], 44100, "libmp3lame", None, {"id3v2_version": "0"})
    data = whole.read_bytes()
    (tmp_path / "half.mp3").write_bytes(data[: len(data) // 2])
    count, warnings = read(tmp_path / "half.mp3")
    assert count / RATE_HZ == pytest.approx(2.0, abs=0.1)
    assert warnings[-1] == "truncated or damaged: the header says 4.0 s, only 2.0 s are there"
    (tmp_path / "joined.mp3").write_bytes(data + data)
    count, _ = read(tmp_path / "joined.mp3")
    assert count / RATE_HZ == pytest.approx(8.0, abs=0.2)


def test_a_rate_that_changes_in_the_middle(tmp_path):
    """A jingle and a programme joined at two rates: each part is resampled by itself and keeps its pitch."""
    parts = []
    for rate_hz in (44100, 22050):
        tone = 0.5 * np.sin(2 * np.pi * 1000 * np.arange(2 * rate_hz) / rate_hz)[:, None].astype(np.float32)
        options = {"id3v2_version": "0", "write_xing": "0"}
        parts.append(encode(tmp_path / f"{rate_hz}.mp3", [tone], rate_hz, "libmp3lame", None, options).read_bytes())
    path = tmp_path / "a.mp3"
    path.write_bytes(b"".join(parts))
    found = np.concatenate(list(stream(str(path), RATE_HZ)))
    assert len(found) / RATE_HZ == pytest.approx(4.0, abs=0.2)
    for at_s in (0.5, 2.8):
        spectrum = np.abs(np.fft.rfft(found[int(at_s * RATE_HZ) :][:RATE_HZ]))
        assert int(spectrum.argmax()) == pytest.approx(1000, abs=2)


CUT = [
    (kind, subtype)
    for kind in ("WAV", "WAVEX", "RF64", "W64", "AIFF", "AU", "CAF")
    for subtype in ("PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW")
] + [("WAV", "PCM_U8"), ("AIFF", "PCM_S8"), ("WAV", "MS_ADPCM"), ("W64", "MS_ADPCM"), ("WAV", "IMA_ADPCM")]


@pytest.mark.parametrize("channels", [1, 2])
@pytest.mark.parametrize(("kind", "subtype"), CUT)
def test_a_file_that_lacks_its_last_bytes_is_read_as_far_as_it_goes(tmp_path, kind, subtype, channels):
    """One to seven: never refused, never garbage, at most the last frames (or block) are gone, and it is told."""
    path = write(tmp_path / "a", chord(0.2, RATE_HZ, channels), RATE_HZ, format=kind, subtype=subtype)
    data, whole = path.read_bytes(), np.concatenate(list(stream(str(path), RATE_HZ)))
    for lacking in range(1, 8):
        path.write_bytes(data[:-lacking])
        warnings: list[str] = []
        found = np.concatenate(list(stream(str(path), RATE_HZ, warn=warnings.append)))
        assert len(found) >= len(whole) - (2100 if "ADPCM" in subtype else 16)
        np.testing.assert_array_equal(found[:1024], whole[:1024])
        assert warnings or lacking == 1, lacking


@pytest.mark.parametrize("subtype", ["PCM_16", "PCM_24", "FLOAT", "DOUBLE"])
@pytest.mark.parametrize("kind", ["WAV", "WAVEX", "RF64", "AIFF"])
@pytest.mark.parametrize("is_closed", [True, False])
def test_a_chunk_of_odd_size_without_its_pad_byte_may_come_before_the_sound(tmp_path, kind, subtype, is_closed):
    """Decoders look for the next chunk a byte too late; sizes that were never written are mended as well."""
    path = write(tmp_path / "a", chord(0.3, RATE_HZ, 2), RATE_HZ, format=kind, subtype=subtype)
    expected, data = np.concatenate(list(stream(str(path), RATE_HZ))), path.read_bytes()
    at = data.index(b"SSND" if kind == "AIFF" else b"data")
    if not is_closed:
        nothing = struct.pack(">I", 8) if kind == "AIFF" else bytes(4)
        data = data[: at + 4] + nothing + data[at + 8 :]
        data = data[:28] + bytes(8) + data[36:] if kind == "RF64" else data
    size = struct.pack(">I" if kind == "AIFF" else "<I", 7)
    path.write_bytes(data[:at] + b"note" + size + b"by hand" + data[at:])
    np.testing.assert_array_equal(np.concatenate(list(stream(str(path), RATE_HZ))), expected)
    half = np.concatenate(list(stream(str(path), RATE_HZ, start_s=0.1, end_s=0.2)))
    np.testing.assert_allclose(half, expected[1600:3200], atol=1e-6)
