"""A title in every container that is decoded, in every kind of tag and text encoding that programs write."""

from __future__ import annotations

import io
import struct
import uuid
from collections.abc import Callable
from fractions import Fraction

import av
import mutagen.apev2
import mutagen.id3
import mutagen.ogg
import numpy as np
import pytest

from search.audio import metadata
from tests.search.soundfiles import chord, write

RATE = 48_000
SOUND = chord(0.2, RATE, channels=1)
PCM = (SOUND * 32767).astype("<i2").tobytes()


def chunk(name: bytes, data: bytes, order: str = "<") -> bytes:
    return name + struct.pack(f"{order}I", len(data)) + data + bytes(len(data) % 2)


def riff(*parts: bytes, form: bytes = b"RIFF", kind: bytes = b"WAVE", size: int | None = None) -> bytes:
    body = kind + b"".join(parts)
    return form + struct.pack("<I", len(body) if size is None else size) + body


FMT = chunk(b"fmt ", struct.pack("<HHIIHH", 1, 1, RATE, 2 * RATE, 2, 16))
DATA = chunk(b"data", PCM)


def wav(*behind: bytes) -> bytes:
    return riff(FMT, DATA, *behind)


def rf64(*behind: bytes) -> bytes:
    ds64 = chunk(b"ds64", struct.pack("<QQQI", 0, len(PCM), len(PCM) // 2, 0))
    streamed = b"data" + struct.pack("<I", 0xFFFFFFFF) + PCM
    return riff(ds64, FMT, streamed, *behind, form=b"RF64", size=0xFFFFFFFF)


W64_TAIL = bytes.fromhex("f3acd3118cd100c04f8edb8a")
W64_RIFF_TAIL = bytes.fromhex("2e91cf11a5d628db04c10000")
W64_LIST_TAIL = bytes.fromhex("2f91cf11a5d628db04c10000")
W64_SUMMARY = uuid.UUID("925f94bc-525a-11d2-86dc-00c04f8edb8a").bytes_le


def w64(*behind: tuple[bytes, bytes]) -> bytes:
    """Sony Wave64: names are GUIDs, sizes count their header, chunks end at eight bytes."""

    def long(guid: bytes, data: bytes) -> bytes:
        return guid + struct.pack("<Q", 24 + len(data)) + data + bytes(-len(data) % 8)

    parts = [long(b"fmt " + W64_TAIL, FMT[8:]), long(b"data" + W64_TAIL, PCM)]
    body = b"wave" + W64_TAIL + b"".join(parts + [long(guid, data) for guid, data in behind])
    return b"riff" + W64_RIFF_TAIL + struct.pack("<Q", 24 + len(body)) + body


def aiff(*behind: bytes) -> bytes:
    rate = struct.pack(">hQ", 16383 + 15, RATE << 48)
    common = chunk(b"COMM", struct.pack(">hIh", 1, len(PCM) // 2, 16) + rate, ">")
    sound = chunk(b"SSND", bytes(8) + np.frombuffer(PCM, "<i2").astype(">i2").tobytes(), ">")
    body = b"AIFF" + common + sound + b"".join(behind)
    return b"FORM" + struct.pack(">I", len(body)) + body


def caf(*behind: tuple[bytes, bytes]) -> bytes:
    described = struct.pack(">d4sIIIII", RATE, b"lpcm", 2, 2, 1, 1, 16)
    parts = [(b"desc", described), (b"data", bytes(4) + PCM), *behind]
    return b"caff\0\1\0\0" + b"".join(name + struct.pack(">q", len(data)) + data for name, data in parts)


def info(title: str | bytes, name: bytes = b"INAM") -> bytes:
    return b"INFO" + chunk(name, (title if isinstance(title, bytes) else title.encode()) + b"\0")


def id3(title: str, encoding: int = 3, page: str = "latin-1") -> bytes:
    """An ID3 tag. In encoding 0, which is Latin-1, the bytes of another code page are put as programs put them."""
    made, held = mutagen.id3.ID3(), io.BytesIO()
    text = title.encode(page).decode("latin-1") if encoding == 0 else title
    made.add(mutagen.id3.TIT2(encoding=encoding, text=[text]))
    made.save(held, padding=lambda _: 0)
    return held.getvalue()


def id3v1(title: bytes) -> bytes:
    return b"TAG" + title.ljust(30, b"\0") + bytes(30 + 30 + 4 + 30) + b"\xff"


def apev2(title: str) -> bytes:
    held, tag = io.BytesIO(), mutagen.apev2.APEv2()
    tag["Title"] = title
    tag.save(held)
    return held.getvalue()


def muxed(
    container: str,
    codec: str,
    title: str = "",
    options: dict[str, str] | None = None,
    rate: int = RATE,
    key: str = "title",
) -> bytes:
    held = io.BytesIO()
    with av.open(held, "w", format=container, options=options or {}) as output:
        if title:
            output.metadata[key] = title
        stream = output.add_stream(codec, rate=rate, layout="mono")
        stream.codec_context.bit_rate = 64_000
        stream.codec_context.open(strict=False)
        resampler = av.AudioResampler(
            format=stream.codec_context.format.name,
            layout="mono",
            rate=rate,
            frame_size=stream.codec_context.frame_size,
        )
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(SOUND.T), format="fltp", layout="mono")
        frame.sample_rate, frame.pts = rate, 0
        for part in (*resampler.resample(frame), *resampler.resample(None)):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return held.getvalue()


def flac() -> bytes:
    return muxed("flac", "flac")


def mp3() -> bytes:
    return muxed("mp3", "libmp3lame", options={"id3v2_version": "0", "write_xing": "0"})


BY_FFMPEG = [
    ("mkv", "matroska", "flac"),
    ("mka", "matroska", "libopus"),
    ("webm", "webm", "libopus"),
    ("mov", "mov", "pcm_s16le"),
    ("m4a", "mp4", "aac"),
    ("3gp", "3gp", "aac"),
    ("caf", "caf", "pcm_s16be"),
    ("avi", "avi", "libmp3lame"),
    ("wmv", "asf", "wmav2"),
    ("nut", "nut", "flac"),
    ("flv", "flv", "libmp3lame"),
    ("ogg", "ogg", "libopus"),
    ("mp3", "mp3", "libmp3lame"),
    ("flac", "flac", "flac"),
    ("wav", "wav", "pcm_s16le"),
    ("aiff", "aiff", "pcm_s16be"),
    ("wv", "wv", "wavpack"),
    ("tta", "tta", "tta"),
]
TITLE = "Quokka wörd 雷"


@pytest.mark.parametrize(("suffix", "container", "codec"), BY_FFMPEG)
def test_the_title_that_ffmpeg_writes(tmp_path, suffix, container, codec):
    """Into any container, in UTF-8; and nothing of the encoder that it names beside it."""
    path = tmp_path / f"name.{suffix}"
    options = {"write_id3v2": "1"} if container == "aiff" else {}
    path.write_bytes(muxed(container, codec, TITLE, options, rate=44_100 if container == "flv" else RATE))
    assert metadata.read(str(path)) == (TITLE, {"title": TITLE})


W64_INFO = b"info" + W64_TAIL + info("Wörd")[4:]
AU = b".snd" + struct.pack(">5I", 32, 2, 1, 8000, 1) + b"Word".ljust(8, b"\0") + b"\xff\xff"
CUE_POINT = chunk(b"cue ", struct.pack("<III4sIII", 1, 1, 0, b"data", 0, 0, 0))
LABELS = b"adtl" + chunk(b"labl", b"\1\0\0\0" + "Wörd\0".encode()) + chunk(b"note", b"\1\0\0\0second\0")
CART = b"0101" + b"W\xc3\xb6rd".ljust(64, b"\0") + bytes(64 + 64 + 64 + 64 + 64 + 64)
XMP = (
    '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
    '<rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:xmp="http://ns.adobe.com/xap/1.0/">'
    "<xmp:CreatorTool>Adobe Audition</xmp:CreatorTool>"
    '<dc:title><rdf:Alt><rdf:li xml:lang="x-default">Wörd</rdf:li></rdf:Alt></dc:title>'
    "</rdf:Description></rdf:RDF></x:xmpmeta>"
).encode()
EBU_CORE = (
    '<?xml version="1.0"?><ebuCoreMain xmlns:dc="http://purl.org/dc/elements/1.1/"><coreMetadata><title typeLabel="x">'
    "<dc:title>Wörd</dc:title></title></coreMetadata></ebuCoreMain>"
).encode()
SUMMARY = struct.pack("<I", 1) + b"INAM" + struct.pack("<I", 10) + "Wörd\0".encode("utf-16-le")
MARKS = (
    struct.pack(">H", 2) + struct.pack(">HIB", 1, 0, 5) + b"W\xc3\xb6rd" + struct.pack(">HIB", 2, 0, 6) + b"second\0"
)
COMMENTS = struct.pack(">HIHH", 1, 0, 0, 5) + b"W\xc3\xb6rd\0"
STRINGS = struct.pack(">I", 2) + struct.pack(">IqIq", 1, 0, 2, 6) + b"W\xc3\xb6rd\0second\0"

BY_HAND: list[tuple[str, str, Callable[[], bytes], str]] = [
    ("WAV, INFO", "title", lambda: wav(chunk(b"LIST", info("Wörd"))), "Wörd"),
    ("WAV, INFO in UTF-16", "title", lambda: wav(chunk(b"LIST", info("Wörd".encode("utf-16-le") + b"\0"))), "Wörd"),
    ("WAV, EBU core", "title", lambda: wav(chunk(b"axml", EBU_CORE)), "Wörd"),
    ("WAV, id3", "title", lambda: wav(chunk(b"id3 ", id3("Wörd"))), "Wörd"),
    ("WAV, cue labels", "markers", lambda: wav(CUE_POINT, chunk(b"LIST", LABELS)), "Wörd; second"),
    ("WAV, cart", "title", lambda: wav(chunk(b"cart", CART)), "Wörd"),
    ("WAV, DISP", "title", lambda: wav(chunk(b"DISP", b"\1\0\0\0W\xc3\xb6rd\0")), "Wörd"),
    ("WAV, XMP", "title", lambda: wav(chunk(b"_PMX", XMP)), "Wörd"),
    ("WAV, behind it ID3v1", "title", lambda: wav() + id3v1(b"Word"), "Word"),
    ("RF64, id3", "title", lambda: rf64(chunk(b"id3 ", id3("Wörd"))), "Wörd"),
    ("RF64, INFO", "title", lambda: rf64(chunk(b"LIST", info("Wörd"))), "Wörd"),
    ("BW64, INFO", "title", lambda: b"BW64" + rf64(chunk(b"LIST", info("Wörd")))[4:], "Wörd"),
    ("W64, list", "title", lambda: w64((b"list" + W64_LIST_TAIL, info("Wörd"))), "Wörd"),
    ("W64, list of a GUID", "title", lambda: w64((b"list" + W64_LIST_TAIL, W64_INFO)), "Wörd"),
    ("W64, bext", "description", lambda: w64((b"bext" + W64_TAIL, b"W\xc3\xb6rd".ljust(602, b"\0"))), "Wörd"),
    ("W64, Sony's summary", "title", lambda: w64((W64_SUMMARY, SUMMARY)), "Wörd"),
    ("AIFF, NAME", "title", lambda: aiff(chunk(b"NAME", "Wörd".encode(), ">")), "Wörd"),
    ("AIFF, ID3", "title", lambda: aiff(chunk(b"ID3 ", id3("Wörd"), ">")), "Wörd"),
    ("AIFF, MARK", "markers", lambda: aiff(chunk(b"MARK", MARKS, ">")), "Wörd; second"),
    ("AIFF, COMT", "comment", lambda: aiff(chunk(b"COMT", COMMENTS, ">")), "Wörd"),
    ("CAF, info", "title", lambda: caf((b"info", struct.pack(">I", 1) + "title\0Wörd\0".encode())), "Wörd"),
    ("CAF, strings", "markers", lambda: caf((b"strg", STRINGS)), "Wörd; second"),
    ("AU, FFmpeg's", "title", lambda: muxed("au", "pcm_s16be", "Wörd"), "Wörd"),
    ("AU, annotation", "comment", lambda: AU, "Word"),
    ("MP3, ID3", "title", lambda: id3("Wörd") + mp3(), "Wörd"),
    ("MP3, ID3v1", "title", lambda: mp3() + id3v1("Wörd".encode("cp1252")), "Wörd"),
    ("MP3, APEv2", "title", lambda: mp3() + apev2("Wörd"), "Wörd"),
    ("MP3, APEv2 before ID3v1", "title", lambda: mp3() + apev2("Wörd") + id3v1(b""), "Wörd"),
    ("FLAC, ID3 before it", "title", lambda: id3("Wörd") + flac(), "Wörd"),
    ("AAC, ID3 before it", "title", lambda: id3("Wörd") + muxed("adts", "aac"), "Wörd"),
    ("AC-3, ID3 before it", "title", lambda: id3("Wörd") + muxed("ac3", "ac3"), "Wörd"),
]  # fmt: skip


@pytest.mark.parametrize(("field", "made", "text"), [row[1:] for row in BY_HAND], ids=[row[0] for row in BY_HAND])
def test_a_text_of_every_kind(tmp_path, field, made, text):
    """What a program wrote that is not FFmpeg is read, by its place in the file and not by the file's name."""
    path = tmp_path / "name.bin"
    path.write_bytes(made())
    title, fields = metadata.read(str(path))
    assert fields == {field: text}
    assert title == (text if field == "title" else "name")


PAGES = [
    ("Möwe über dem Café", "cp1252"),
    ("café", "latin-1"),
    ("Собака лает", "cp1251"),
    ("Шаги по снегу", "koi8-r"),
    ("雷鳴と雨", "shift_jis"),
    ("足音", "shift_jis"),
    ("北京的街道", "gb18030"),
    ("台北的街道", "big5"),
    ("서울의 거리", "euc-kr"),
    ("犬の鳴き声", "euc-jp"),
    ("犬の鳴き声", "iso2022_jp"),
    ("Kroki na śniegu", "cp1250"),
    ("Möwe", "utf-8"),
]


def ogg(text: bytes) -> bytes:
    """Its pages have checksums."""
    held, pages = io.BytesIO(muxed("ogg", "libopus", "?" * len(text))), []
    while held.tell() < len(held.getvalue()):
        page = mutagen.ogg.OggPage(held)
        page.packets = [packet.replace(b"?" * len(text), text) for packet in page.packets]
        pages.append(page.write())
    return b"".join(pages)


PLACES: dict[str, tuple[str, Callable[[bytes], bytes]]] = {
    "bext": ("description", lambda text: wav(chunk(b"bext", text.ljust(602, b"\0")))),
    "INFO": ("title", lambda text: wav(chunk(b"LIST", info(text)))),
    "ID3v1": ("title", lambda text: mp3() + id3v1(text)),
    "ID3v2": ("title", lambda text: id3(text.decode("latin-1"), encoding=0) + mp3()),
    "AIFF": ("title", lambda text: aiff(chunk(b"NAME", text, ">"))),
    "AVI": ("title", lambda text: muxed("avi", "libmp3lame", "?" * len(text)).replace(b"?" * len(text), text)),
    "Vorbis": ("title", lambda text: muxed("flac", "flac", "?" * len(text)).replace(b"?" * len(text), text)),
    "Ogg": ("title", ogg),
    "APEv2": ("title", lambda text: mp3() + apev2("?" * len(text)).replace(b"?" * len(text), text)),
    "Matroska": ("title", lambda text: muxed("matroska", "flac", "?" * len(text)).replace(b"?" * len(text), text)),
}


@pytest.mark.parametrize("place", PLACES)
def test_old_code_pages(tmp_path, place):
    """Where the format says ASCII, Latin-1 or UTF-8, programs wrote what their system had."""
    field, made = PLACES[place]
    read = {}
    for text, page in PAGES:
        path = tmp_path / "name.bin"
        path.write_bytes(made(text.encode(page)))
        read[text, page] = metadata.read(str(path))[1].get(field)
    assert read == {(text, page): text for text, page in PAGES}


def test_utf_8_that_was_taken_for_latin_1_once(tmp_path):
    """And written as UTF-8 again."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav(chunk(b"LIST", info("MÃ¶we Â© Ã‰cole"))))
    assert metadata.read(str(path))[0] == "Möwe © École"


def test_a_text_whose_letters_are_lost_is_no_title(tmp_path):
    """Then the name is; one lost letter is no loss."""
    for text, title in (("\ufffd\ufffd\ufffd \ufffd", "a"), ("Foghorn \ufffd", "Foghorn \ufffd")):
        path = tmp_path / "a.wav"
        path.write_bytes(wav(chunk(b"LIST", info(text))))
        assert metadata.read(str(path))[0] == title


def test_a_letter_that_a_full_field_cuts_is_left_out(tmp_path):
    """256 bytes of description are not always whole letters of UTF-8."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav(chunk(b"bext", ("x" + "ö" * 200).encode()[:256] + bytes(346))))
    assert metadata.read(str(path))[1]["description"] == "x" + "ö" * 127


PROGRAMS = ["FL Studio 12", "Lavf58.29.100", "Lavc58.54.100 libvorbis", "LAME3.100", "Logic Pro", "Logic Pro X 10.4.8"]


@pytest.mark.parametrize(
    "name", ["software", "encoder", "encoded_by", "ENCODED-BY", "Encoding Tool", "comment", "title"]
)
def test_what_a_program_says_of_itself_is_no_name(tmp_path, name):
    """Neither in fields for it, nor where it is all that a field for people says."""
    for program in PROGRAMS:
        path = tmp_path / "door.flac"
        write(path, SOUND, RATE)
        opened = mutagen.File(path)
        opened[name] = program
        opened["artist"] = "Ann"
        opened.save()
        assert metadata.read(str(path)) == ("door", {"artist": "Ann"})


def test_a_piece_may_be_called_like_a_program(tmp_path):
    """Words that happen to be one's name stay."""
    for title in ("Reaper", "Reason 2 believe", "Logic Pro drum loop", "Audacity", "Encore"):
        path = tmp_path / "a.wav"
        path.write_bytes(wav(chunk(b"LIST", info(title))))
        assert metadata.read(str(path))[0] == title


SHEET = """REM GENRE Field
REM COMMENT "ExactAudioCopy v1.0"
PERFORMER "Ann"
TITLE "Harbour"
FILE "C:\\rips\\one.wav" WAVE
  TRACK 01 AUDIO
    TITLE "Möwe"
    PERFORMER "Gulls"
    INDEX 01 00:00:00
  TRACK 02 AUDIO
    TITLE "Foghorn"
    INDEX 01 00:02:00
"""
OF_SHEET = {
    "genre": "Field",
    "artist": "Ann",
    "album": "Harbour",
    "title": "Harbour",
    "tracks": "Möwe; Foghorn",
    "performers": "Gulls",
}


@pytest.mark.parametrize("page", ["utf-8", "cp1252", "utf-8-sig", "utf-16"])
@pytest.mark.parametrize("name", ["one.cue", "one.CUE", "one.flac.cue"])
def test_a_cue_sheet_beside_the_file(tmp_path, name, page):
    """Named as the file, in whatever encoding."""
    path = write(tmp_path / "one.flac", SOUND, RATE)
    (tmp_path / name).write_bytes(SHEET.encode(page))
    assert metadata.read(str(path)) == ("Harbour", OF_SHEET)


def test_a_cue_sheet_in_a_tag(tmp_path):
    """Its titles alone, without commands and times; the file's own title stays."""
    path = write(tmp_path / "one.flac", SOUND, RATE)
    opened = mutagen.File(path)
    opened["cuesheet"], opened["title"] = SHEET, "Whole harbour"
    opened.save()
    title, fields = metadata.read(str(path))
    assert title == "Whole harbour"
    assert fields == OF_SHEET | {"title": "Whole harbour"}


def test_of_a_cue_sheet_of_several_files_ours_counts(tmp_path):
    """The tracks of the others, and what all of them are called, are not this file's."""
    path = write(tmp_path / "one.flac", SOUND, RATE)
    other = 'FILE "two.wav" WAVE\n  TRACK 03 AUDIO\n    TITLE "Bell"\n'
    (tmp_path / "one.cue").write_text(SHEET + other)
    title, fields = metadata.read(str(path))
    assert (title, fields["tracks"]) == ("one", "Möwe; Foghorn")


def test_a_cue_sheet_of_another_name_counts_where_it_names_the_file(tmp_path):
    """The sheet of a record beside a file for each of its tracks: each is called as its track. Others stay nameless."""
    sheet = 'PERFORMER "Ann"\nTITLE "Harbour"\n'
    for number, title in enumerate(("Möwe", "Bell"), start=1):
        sheet += f'FILE "{number:02}.wav" WAVE\n  TRACK {number:02} AUDIO\n    TITLE "{title}"\n    INDEX 01 00:00:00\n'
        write(tmp_path / f"{number:02}.flac", SOUND, RATE)
    write(tmp_path / "03.flac", SOUND, RATE)
    (tmp_path / "The Record.cue").write_text(sheet, encoding="utf-8")
    (tmp_path / "sound.cue").write_bytes((tmp_path / "01.flac").read_bytes())
    titles = {name: metadata.read(str(tmp_path / name)) for name in ("01.flac", "02.flac", "03.flac")}
    assert titles["01.flac"] == ("Möwe", {"title": "Möwe", "tracks": "Möwe", "artist": "Ann", "album": "Harbour"})
    assert titles["02.flac"][0] == "Bell"
    assert titles["03.flac"] == ("03", {})


def test_chapters_and_names_of_tracks(tmp_path):
    """Of films and books that are read aloud."""
    path = tmp_path / "a.mka"
    with av.open(str(path), "w", format="matroska") as output:
        stream = output.add_stream("pcm_s16le", rate=RATE, layout="mono")
        stream.metadata["title"] = "Commentary"
        tenth = Fraction(1, 10)
        output.set_chapters(
            [
                {"id": n, "start": n, "end": n + 1, "time_base": tenth, "metadata": {"title": title}}
                for n, title in enumerate(("Möwe", "Foghorn"))
            ]
        )
        frame = av.AudioFrame.from_ndarray(np.frombuffer(PCM, "<i2")[None], format="s16", layout="mono")
        frame.sample_rate = RATE
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    assert metadata.read(str(path)) == ("a", {"track names": "Commentary", "chapters": "Möwe; Foghorn"})


def test_what_is_kept_of_a_file_is_bounded(tmp_path):
    """Ten megabytes of comment, ten thousand fields, a picture: a catalog of a million clips holds no books."""
    path = write(tmp_path / "a.flac", SOUND, RATE)
    opened = mutagen.File(path)
    opened["title"] = "Door"
    opened["comment"] = "ö" * 1_000_000
    opened["metadata_block_picture"] = "QUJD" * 100_000
    opened.save()
    title, fields = metadata.read(str(path))
    assert (title, len(fields["comment"])) == ("Door", 4000)
    assert "metadata block picture" not in fields
    for n in range(600):
        opened[f"field{n}"] = f"{n} " * 50
    opened.save()
    title, fields = metadata.read(str(path))
    assert title == "Door"
    assert sum(len(name) + len(text) for name, text in fields.items()) <= 20_000


def test_a_tag_that_claims_gigabytes_takes_no_room(tmp_path):
    """The memory for them is not asked for."""
    import tracemalloc

    made = bytearray(id3("Wörd") + mp3())
    made[6:10] = b"\x7f\x7f\x7f\x7f"
    path = tmp_path / "a.mp3"
    for data in (bytes(made), wav(b"id3 " + struct.pack("<I", 0xFFFFFFF0) + id3("Wörd")), muxed("mp4", "aac", "Wörd")):
        path.write_bytes(data.replace(struct.pack(">I", 24) + b"\xa9nam", struct.pack(">I", 0x7FFFFFF0) + b"\xa9nam"))
        tracemalloc.start()
        metadata.read(str(path))
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
        tracemalloc.stop()


IXML_TEXTS = {
    "a bare ampersand": ("<SCENE>Kitchen & hall</SCENE><NOTE>R&B; &amp; AT&T</NOTE>", "Kitchen & hall", "R&B; & AT&T"),
    "a bare bracket": ("<SCENE>take <3 cats</SCENE><NOTE>a < b</NOTE>", "take <3 cats", "a < b"),
    "an element left open": ("<SCENE>Kitchen<NOTE>fog</NOTE>", "Kitchen", "fog"),
    "ends in the wrong order": ("<A><SCENE>Kitchen</A></SCENE><NOTE>fog</NOTE>", "Kitchen", "fog"),
    "an entity of HTML": ("<SCENE>Kitchen&nbsp;1</SCENE><NOTE>&eacute;t&eacute;</NOTE>", "Kitchen 1", "été"),
    "control characters": ("<SCENE>Kit\x0bchen\x01</SCENE><NOTE>&#0;fog</NOTE>", "Kit chen", "fog"),
    "an attribute twice": ('<SCENE a="1" a="2">Kitchen</SCENE><NOTE x>fog</NOTE>', "Kitchen", "fog"),
    "CDATA with marks": ("<SCENE><![CDATA[a & <b>]]></SCENE><NOTE>fog</NOTE>", "a & <b>", "fog"),
    "cut in a tag": ("<SCENE>Kitchen</SCENE><NOTE>fog</NO", "Kitchen", "fog</NO"),
}


@pytest.mark.parametrize("page", ["utf-8", "utf-8-sig", "cp1252", "utf-16", "utf-16-le"])
@pytest.mark.parametrize("kind", IXML_TEXTS)
def test_broken_ixml_loses_no_field(tmp_path, kind, page):
    """Whatever was typed, left out, or declared."""
    body, scene, note = IXML_TEXTS[kind]
    path = tmp_path / "a.wav"
    path.write_bytes(wav(chunk(b"iXML", f'<?xml version="1.0" encoding="UTF-8"?><BWFXML>{body}'.encode(page))))
    fields = metadata.read(str(path))[1]
    assert {name: fields.get(name, "").replace("\ufffd", "").strip() for name in ("scene", "note")} == {
        "scene": scene,
        "note": note,
    }


@pytest.mark.parametrize(
    "piece", ["<", "<![CDATA[", "<a ", "<a x='", "<!--", "&", "</a", "<a>", "<a></b>", "]]>", "<?x", "&a"]
)
def test_much_broken_ixml_takes_no_time(tmp_path, piece):
    """The steps grow with the length alone; a test that takes them by square would not end."""
    path = tmp_path / "a.wav"
    path.write_bytes(wav(chunk(b"iXML", (piece * (1 << 18))[: 1 << 18].encode())))
    assert metadata.read(str(path))[0] == "a"


@pytest.mark.parametrize("key", ["com.apple.quicktime.title", "com.apple.quicktime.displayname", "title"])
def test_the_keys_of_apple(tmp_path, key):
    """Cameras and editors write the long names."""
    path = tmp_path / "a.mov"
    path.write_bytes(muxed("mov", "pcm_s16le", "Wörd", {"movflags": "use_metadata_tags"}, key=key))
    assert metadata.read(str(path)) == ("Wörd", {"title": "Wörd"})


def large_id3(version: int, encoding: int) -> bytes:
    """A tag with a picture of half a megabyte before its texts, and many frames of a program's own."""
    made, held = mutagen.id3.ID3(), io.BytesIO()
    made.add(mutagen.id3.APIC(encoding=0, mime="image/png", data=b"\xff\0ab" * (1 << 17)))
    made.add(mutagen.id3.TIT2(encoding=encoding, text=["Wörd"]))
    made.add(mutagen.id3.TPE1(encoding=encoding, text=["Änn " * 50_000]))
    made.add(mutagen.id3.COMM(encoding=encoding, lang="eng", desc="", text=["fög " * 50_000]))
    made.add(mutagen.id3.CHAP(element_id="1", sub_frames=[mutagen.id3.TIT2(encoding=encoding, text=["Part"])]))
    for number in range(500):
        made.add(mutagen.id3.PRIV(owner=f"owner {number}", data=b"x"))
    made.save(held, v2_version=version)
    return held.getvalue()


def unsynchronised(tag: bytes) -> bytes:
    """The whole tag as version 2.3 may have it: a zero after each byte of ones."""
    body = tag[10:].replace(b"\xff", b"\xff\0")
    return tag[:5] + b"\x80" + bytes(len(body) >> shift & 0x7F for shift in (21, 14, 7, 0)) + body


@pytest.mark.parametrize("encoding", [0, 1, 3])
@pytest.mark.parametrize("kind", ["MP3", "WAV", "FLAC", "2.4", "unsynchronised"])
def test_of_a_large_id3_tag_the_texts_are_read(tmp_path, kind, encoding):
    """Pictures are passed over; of a long text the beginning is kept, whatever its encoding."""
    tag = large_id3(4 if kind == "2.4" else 3, encoding)
    made = {
        "MP3": lambda: tag + mp3(),
        "2.4": lambda: tag + mp3(),
        "WAV": lambda: wav(chunk(b"id3 ", tag)),
        "FLAC": lambda: tag + flac(),
        "unsynchronised": lambda: unsynchronised(tag) + mp3(),
    }
    path = tmp_path / "a.bin"
    path.write_bytes(made[kind]())
    title, fields = metadata.read(str(path))
    assert title == "Wörd"
    assert fields["comment"] == ("fög " * 1000).strip()
    assert fields["artist"] == ("Änn " * 1000).strip()
    assert fields["chapters"] == "Part"


def test_a_tag_with_sizes_of_eight_bits_is_read(tmp_path):
    """iTunes wrote so once; the frame that follows shows it."""
    text = b"\3" + b"fog " * 100
    frames = (
        b"TIT2"
        + struct.pack(">IH", 5, 0)
        + b"\3Word"
        + b"COMM"
        + struct.pack(">IH", len(text) + 4, 0)
        + b"\3eng\0"
        + text[1:]
    )
    picture = b"APIC" + struct.pack(">IH", 1 << 19, 0) + b"\xff" * (1 << 19)
    last = b"TPE1" + struct.pack(">IH", 4, 0) + b"\3Ann"
    size = len(frames) + len(picture) + len(last)
    header = b"ID3\4\0\0" + bytes(size >> shift & 0x7F for shift in (21, 14, 7, 0))
    path = tmp_path / "a.mp3"
    path.write_bytes(header + picture + frames + last + mp3())
    title, fields = metadata.read(str(path))
    assert (title, fields["artist"]) == ("Word", "Ann")


def test_a_hundred_thousand_fields_take_no_more_than_two_thousand(tmp_path):
    """Of each kind of tags; the rest is not looked at."""
    many = b"".join(chunk(b"ICMT", b"%06d" % number) for number in range(60_000))
    items = b"".join(struct.pack("<II", 1, 0) + b"k%06d\0v" % number for number in range(100_000))
    footer = b"APETAGEX" + struct.pack("<IIII", 2000, len(items) + 32, 100_000, 0) + bytes(8)
    for data in (wav(chunk(b"LIST", b"INFO" + many)), mp3() + items + footer):
        path = tmp_path / "a.bin"
        path.write_bytes(data)
        fields = metadata.read(str(path))[1]
        assert 1 <= len(fields) <= 100
        assert max(len(text) for text in fields.values()) <= 4000
