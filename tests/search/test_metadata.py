"""Metadata from tags, written by mutagen where it can, and by hand otherwise."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import av
import mutagen
import mutagen.asf
import mutagen.id3
import mutagen.mp4
import mutagen.wave
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from search.audio import metadata
from tests.search.soundfiles import chord, encode, write


@pytest.fixture(scope="module")
def sounds(tmp_path_factory) -> Path:
    """One short file of each kind, without tags."""
    folder = tmp_path_factory.mktemp("sounds")
    sound = chord(0.3, 44100)
    for suffix in ("wav", "aiff", "flac", "ogg", "mp3"):
        write(folder / f"a.{suffix}", sound, 44100)
    write(folder / "a.opus", sound, 48000, format="OGG", subtype="OPUS")
    encode(folder / "a.m4a", [sound], 44100, "aac", "mp4")
    encode(folder / "a.wma", [sound], 44100, "wmav2", "asf")
    return folder


def copy_of(sounds: Path, suffix: str, folder: Path) -> Path:
    path = folder / f"two horns.{suffix}"
    path.write_bytes((sounds / f"a.{suffix}").read_bytes())
    return path


def riff_chunk(name: bytes, data: bytes) -> bytes:
    return name + struct.pack("<I", len(data)) + data + bytes(len(data) & 1)


def with_chunks(path: Path, *added: bytes) -> Path:
    """A WAV file with more chunks at its end and a size that counts them."""
    data = bytearray(path.read_bytes() + b"".join(added))
    data[4:8] = struct.pack("<I", len(data) - 8)
    path.write_bytes(data)
    return path


BEXT = (
    b"Ship's horn, far".ljust(256, b"\0")
    + b"Recorder 5".ljust(32, b"\0")
    + b"REF1".ljust(32, b"\0")
    + b"2021-03-04"
    + b"05:06:07"
    + bytes(264)
    + b"A=PCM,F=44100\r\n"
)

IXML = b"""<?xml version="1.0" encoding="UTF-8"?>
<BWFXML><IXML_VERSION>1.5</IXML_VERSION><PROJECT>Harbour</PROJECT><SCENE>12A</SCENE>
<NOTE><![CDATA[fog & gulls]]></NOTE><SPEED><NOTE>24 fps</NOTE></SPEED>
<TRACK_LIST><TRACK><NAME>Boom</NAME></TRACK><TRACK><NAME>Lav</NAME></TRACK></TRACK_LIST>
<USER><CATEGORY>HORNS</CATEGORY></USER></BWFXML>\0\0"""


@pytest.mark.parametrize("suffix", ["mp3", "wav", "aiff"])
def test_id3(sounds, tmp_path, suffix):
    """Text frames by their plain names, own frames by theirs, several values joined, no pictures."""
    path = copy_of(sounds, suffix, tmp_path)
    opened = mutagen.File(path)
    opened.add_tags()
    opened.tags.add(mutagen.id3.TIT2(encoding=3, text=["Airhorn ü"]))
    opened.tags.add(mutagen.id3.TPE1(encoding=1, text=["One", "Two"]))
    opened.tags.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="", text=["very\nloud"]))
    opened.tags.add(mutagen.id3.TXXX(encoding=3, desc="Microphone", text=["SM57"]))
    opened.tags.add(mutagen.id3.APIC(encoding=3, mime="image/png", data=b"picture"))
    opened.save()
    title, fields = metadata.read(str(path))
    assert title == "Airhorn ü"
    expected = {"title": "Airhorn ü", "artist": "One; Two", "comment": "very loud", "microphone": "SM57"}
    assert fields == expected


@pytest.mark.parametrize("suffix", ["flac", "ogg", "opus"])
def test_vorbis_comments(sounds, tmp_path, suffix):
    """Names become lower-case."""
    path = copy_of(sounds, suffix, tmp_path)
    opened = mutagen.File(path)
    opened["TITLE"] = "Airhorn"
    opened["Location"] = ["Kiel", "Bergen"]
    opened.save()
    title, fields = metadata.read(str(path))
    assert title == "Airhorn"
    assert fields == {"title": "Airhorn", "location": "Kiel; Bergen"}


def test_mp4_and_windows_media(sounds, tmp_path):
    """Their own codes become plain names; pictures are left out."""
    path = copy_of(sounds, "m4a", tmp_path)
    mp4 = mutagen.mp4.MP4(path)
    mp4["\xa9nam"] = "Airhorn"
    mp4["desc"] = "on a ship"
    mp4["----:com.apple.iTunes:MICROPHONE"] = [mutagen.mp4.MP4FreeForm(b"SM57")]
    mp4["covr"] = [mutagen.mp4.MP4Cover(b"text", imageformat=mutagen.mp4.MP4Cover.FORMAT_PNG)]
    mp4["trkn"] = [(1, 2)]
    mp4.save()
    assert metadata.read(str(path)) == (
        "Airhorn",
        {"title": "Airhorn", "description": "on a ship", "microphone": "SM57", "track": "1/2"},
    )
    path = copy_of(sounds, "wma", tmp_path)
    asf = mutagen.asf.ASF(path)
    asf["Title"] = "Airhorn"
    asf["WM/Genre"] = "Horns"
    asf.save()
    title, fields = metadata.read(str(path))
    assert title == "Airhorn"
    assert fields["genre"] == "Horns"


def test_bwf_ixml_and_info(sounds, tmp_path):
    """What recorders and libraries write into WAV files, all three beside each other; numbers for machines not."""
    info = (
        b"INFO" + riff_chunk(b"INAM", b"Foghorn") + riff_chunk(b"IKEY", b"ship; fog\0") + riff_chunk(b"ISFT", b"Tool 1")
    )
    path = with_chunks(
        copy_of(sounds, "wav", tmp_path),
        riff_chunk(b"bext", BEXT),
        riff_chunk(b"iXML", IXML),
        riff_chunk(b"LIST", info),
    )
    title, fields = metadata.read(str(path))
    assert title == "Foghorn"
    assert fields == {
        "description": "Ship's horn, far",
        "originator": "Recorder 5",
        "originator reference": "REF1",
        "date": "2021-03-04",
        "time": "05:06:07",
        "project": "Harbour",
        "scene": "12A",
        "note": "fog & gulls",
        "name": "Boom; Lav",
        "category": "HORNS",
        "title": "Foghorn",
        "keywords": "ship; fog",
    }


INFO = riff_chunk(b"LIST", b"INFO" + riff_chunk(b"INAM", b"Foghorn"))


@pytest.mark.parametrize(
    ("damaged", "left"),
    [
        (riff_chunk(b"iXML", b"<BWFXML><PROJECT>Harbour</PROJECT><SCENE>12"), {"project": "Harbour"}),
        (riff_chunk(b"iXML", IXML.replace(b"Harbour", b"Harbour & <sea>")), {"project": "Harbour &"}),
        (riff_chunk(b"iXML", b"no XML at all"), {}),
        (riff_chunk(b"iXML", b"\xff\xfe<"), {}),
        (riff_chunk(b"bext", BEXT[:300]), {"description": "Ship's horn, far", "originator": "Recorder 5"}),
        (riff_chunk(b"LIST", b"INFO" + b"IART" + struct.pack("<I", 9999) + b"Someone"), {"artist": "Someone"}),
    ],
)
def test_damage_in_one_chunk_costs_only_what_is_behind_it_there(sounds, tmp_path, damaged, left):
    """What stands before the damage, and all of the other chunks, is read."""
    path = with_chunks(copy_of(sounds, "wav", tmp_path), damaged, INFO)
    title, fields = metadata.read(str(path))
    assert title == "Foghorn"
    assert fields.items() >= left.items()


def test_what_stands_before_the_end_of_a_cut_file_is_read(sounds, tmp_path):
    """A recorder whose battery went while it wrote its last chunk."""
    path = with_chunks(copy_of(sounds, "wav", tmp_path), INFO, riff_chunk(b"bext", BEXT))
    path.write_bytes(path.read_bytes()[:-400])
    assert metadata.read(str(path)) == ("Foghorn", {"title": "Foghorn", "description": "Ship's horn, far"})


def test_a_bare_ampersand_in_ixml_is_one(sounds, tmp_path):
    """Recorders put in what was typed; everything behind it is read as well."""
    typed = riff_chunk(b"iXML", IXML.replace(b"Harbour", b"Harbour & Sea &amp; &#169; AT&T;"))
    fields = metadata.read(str(with_chunks(copy_of(sounds, "wav", tmp_path), typed)))[1]
    assert fields["project"] == "Harbour & Sea & \N{COPYRIGHT SIGN} AT&T;"
    assert (fields["note"], fields["category"]) == ("fog & gulls", "HORNS")


@pytest.mark.parametrize("pad", [b"", b"\0", b"\xff"])
def test_a_pad_byte_that_was_forgotten_hides_no_chunk(sounds, tmp_path, pad):
    """Chunks of odd length should be padded with a zero; some writers do not, or with something else."""
    inner = b"INFO" + b"INAM" + struct.pack("<I", 7) + b"Foghorn" + pad + b"IART" + struct.pack("<I", 3) + b"Sea"
    chunk = b"LIST" + struct.pack("<I", len(inner)) + inner + pad * (len(inner) & 1)
    fields = metadata.read(str(with_chunks(copy_of(sounds, "wav", tmp_path), chunk, riff_chunk(b"bext", BEXT))))[1]
    assert (fields["title"], fields["artist"], fields["description"]) == ("Foghorn", "Sea", "Ship's horn, far")


@pytest.mark.parametrize("encoding", ["cp1252", "utf-8"])
def test_bext_in_old_code_pages(sounds, tmp_path, encoding):
    """The standard says ASCII."""
    described = "Möwe".encode(encoding).ljust(256, b"\0") + BEXT[256:]
    path = with_chunks(copy_of(sounds, "wav", tmp_path), riff_chunk(b"bext", described))
    assert metadata.read(str(path))[1]["description"] == "Möwe"


def test_rf64_has_them_too(sounds, tmp_path):
    """Chunks behind the sound of a file with 64-bit sizes."""
    path = write(tmp_path / "a.wav", chord(0.3, 44100), 44100, format="RF64")
    with path.open("ab") as file:
        file.write(riff_chunk(b"bext", BEXT))
    assert metadata.read(str(path))[1]["description"] == "Ship's horn, far"


def test_the_text_chunks_of_aiff(sounds, tmp_path):
    """NAME, AUTH and ANNO."""
    path = copy_of(sounds, "aiff", tmp_path)
    with path.open("ab") as file:
        for name, text in ((b"NAME", b"Foghorn!"), (b"ANNO", b"recorded at sea.")):
            file.write(name + struct.pack(">I", len(text)) + text)
    assert metadata.read(str(path)) == ("Foghorn!", {"title": "Foghorn!", "comment": "recorded at sea."})


def test_old_code_pages(sounds, tmp_path):
    """Chunks say ASCII; Windows wrote its code page, others UTF-8."""
    for text, encoding in (("Möwe", "cp1252"), ("Möwe", "utf-8")):
        info = b"INFO" + riff_chunk(b"INAM", text.encode(encoding) + b"\0")
        path = with_chunks(copy_of(sounds, "wav", tmp_path), riff_chunk(b"LIST", info))
        assert metadata.read(str(path))[0] == text


def test_without_tags_the_title_is_the_name(sounds, tmp_path):
    """Also of a file that is missing, a folder, or a name that is no UTF-8."""
    assert metadata.read(str(copy_of(sounds, "wav", tmp_path))) == ("two horns", {})
    assert metadata.read(str(tmp_path / "gone.v2.wav")) == ("gone.v2", {})
    assert metadata.read(str(tmp_path)) == (tmp_path.name, {})
    assert metadata.read(os.fsdecode(b"/nowhere/caf\xe9.wav")) == ("café", {})


def test_entities_are_not_expanded(sounds, tmp_path):
    """An iXML that would grow to gigabytes is left out, in any encoding."""
    entities = "".join(f'<!ENTITY e{n + 1} "{f"&e{n};" * 10}">' for n in range(9))
    bomb = f'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e0 "boom">{entities}]><BWFXML><NOTE>&e9;</NOTE></BWFXML>'
    for encoding in ("utf-8", "utf-16"):
        path = with_chunks(copy_of(sounds, "wav", tmp_path), riff_chunk(b"iXML", bomb.encode(encoding)))
        assert metadata.read(str(path)) == ("two horns", {})


def test_a_long_field_is_cut(sounds, tmp_path):
    """Nobody's lyrics fill the catalog."""
    path = copy_of(sounds, "flac", tmp_path)
    opened = mutagen.File(path)
    opened["comment"] = "horn " * 100_000
    opened.save()
    assert len(metadata.read(str(path))[1]["comment"]) <= 4000


@pytest.fixture(scope="module")
def tagged(sounds) -> dict[str, bytes]:
    """The bytes of a file of each kind with tags, for damage."""
    made = {}
    for suffix in ("mp3", "flac", "ogg", "m4a", "wma"):
        path = sounds / f"tagged.{suffix}"
        path.write_bytes((sounds / f"a.{suffix}").read_bytes())
        opened = mutagen.File(path, easy=True)
        if opened.tags is None:
            opened.add_tags()
        opened["title" if suffix != "wma" else "Title"] = "Airhorn"
        opened.save()
        made[suffix] = path.read_bytes()
    for suffix, container in (("mkv", "matroska"), ("avi", "avi"), ("caf", "caf")):
        with av.open(str(sounds / f"tagged.{suffix}"), "w", format=container) as output:
            output.metadata["title"] = "Airhorn"
            stream = output.add_stream("pcm_s16be" if suffix == "caf" else "pcm_s16le", rate=44100, layout="mono")
            frame = av.AudioFrame.from_ndarray(np.ones((1, 4096), np.int16), format="s16", layout="mono")
            frame.sample_rate = 44100
            output.mux(stream.encode(frame))
        made[suffix] = (sounds / f"tagged.{suffix}").read_bytes()
    wav = sounds / "tagged.wav"
    wav.write_bytes((sounds / "a.wav").read_bytes())
    info = riff_chunk(b"LIST", b"INFO" + riff_chunk(b"INAM", b"Foghorn"))
    made["wav"] = with_chunks(wav, riff_chunk(b"bext", BEXT), riff_chunk(b"iXML", IXML), info).read_bytes()
    return made


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_tags_never_raise(tagged, tmp_path, data):
    """Bytes changed, cut out or added in tags: text or nothing comes back, fit for any store."""
    suffix = data.draw(st.sampled_from(sorted(tagged)))
    bad = bytearray(tagged[suffix])
    places = [at for mark in (b"irhorn", b"oghorn", b"bext", b"iXML", b"moov") if (at := bad.find(mark)) >= 0]
    for _ in range(data.draw(st.integers(1, 8))):
        near = data.draw(st.sampled_from([0, *places]))
        at = min(len(bad) - 1, max(0, near + data.draw(st.integers(-200, 200))))
        bad[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    path = tmp_path / f"bad.{suffix}"
    path.write_bytes(bad[: data.draw(st.integers(1, len(bad)))] if data.draw(st.booleans()) else bad)
    title, fields = metadata.read(str(path))
    assert title
    for name, text in fields.items():
        assert name == name.lower()
        assert (name + text).isprintable()
        (name + text).encode("utf-8")


def test_reading_tags_does_not_change_the_file(sounds, tmp_path):
    """Not a byte, and not its time."""
    path = copy_of(sounds, "mp3", tmp_path)
    before = path.read_bytes(), path.stat().st_mtime_ns
    metadata.read(str(path))
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before
