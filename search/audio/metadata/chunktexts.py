"""Text chunks of WAV, RF64, W64, AIFF, CAF and RIFF MIDI: BWF, iXML, INFO, labels, cart of radio stations and more.

The package wavinfo (4.0) is not used: it reads nothing from a file whose bext chunk is cut or not ASCII, reads UTF-8 in
INFO as Latin-1, and stops if the file's size is outdated (tests/search/test_metadata.py).
"""

from __future__ import annotations

import codecs
import io
import struct
from collections.abc import Callable, Iterator
from contextlib import suppress

from search.audio.containers import behind_tag, chunks, head, is_padded
from search.audio.metadata import id3, xml
from search.audio.metadata.fields import Field
from search.audio.metadata.tables import AIFF_NAMES, INFO_NAMES
from search.audio.metadata.unreadable import UNREADABLE
from search.ground.codepages import whole_letters

_LARGEST_CHUNK_BYTES = 1 << 20
_W64_GUID_BYTES = 16
_UTF_16_BYTES = 4
"""How many bytes of a text show that it is UTF-16."""
_CF_TEXT = 1
"""The clipboard format of a DISP chunk that is text (Multimedia Programming Interface and Data Specifications 1.0)."""


def of_chunks(file: io.RawIOBase) -> Iterator[Field]:
    """The fields of every known chunk, in the file's order; of a damaged chunk, those before the damage."""
    import mutagen

    sound = behind_tag(file)
    first = head(sound)
    if first[:4] == b".snd":
        yield from _au_annotation(first)
    for chunk in chunks(sound, first):
        if chunk.name in (b"id3 ", b"ID3 "):
            with suppress(mutagen.MutagenError, *UNREADABLE):
                yield from id3.of_tag(sound, chunk.offset)
        reader = _READERS.get(chunk.name)
        if reader is None:
            continue
        sound.seek(chunk.offset)
        data = sound.read(min(chunk.size or 0, _LARGEST_CHUNK_BYTES)) or b""
        with suppress(*UNREADABLE):  # the other chunks may be undamaged
            yield from reader(data)


def _text(data: bytes) -> bytes:
    """The text before a NUL. Some programs write UTF-16, which has NULs in most characters, without saying so."""
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return data
    if len(data) >= _UTF_16_BYTES and data[0] and data[2] and not data[1] and not data[3]:
        return codecs.BOM_UTF16_LE + data[: len(data) // 2 * 2]
    return data.split(b"\0")[0]


def _filled(data: bytes) -> bytes:
    """The text of a field of fixed length, whose last character may be cut."""
    return _text(data) if b"\0" in data else whole_letters(data)


def _bext(data: bytes) -> Iterator[Field]:
    """The broadcast extension (EBU Tech 3285): fields of fixed length. The coding history after them is ignored."""
    yield "description", _filled(data[0:256])
    yield "originator", _filled(data[256:288])
    yield "originator reference", _filled(data[288:320])
    yield "date", _text(data[320:330])
    yield "time", _text(data[330:338])


def _cart(data: bytes) -> Iterator[Field]:
    """The cart chunk of radio stations (AES46): fields of fixed length."""
    yield "title", _filled(data[4:68])
    yield "artist", _filled(data[68:132])
    yield "category", _filled(data[260:324])
    yield "classification", _filled(data[324:388])


def _list(data: bytes) -> Iterator[Field]:
    """A LIST chunk with chunks of text: of type INFO for the file, adtl for its cue points. In W64 a type is a GUID."""
    kind = data[:4].upper()
    at = _W64_GUID_BYTES if data[:4].islower() and kind == b"INFO" else 4
    for name, text in _small_chunks(data, at):
        if kind == b"INFO" and name.upper() in INFO_NAMES:
            yield INFO_NAMES[name.upper()], _text(text)
        elif kind == b"ADTL" and name in (b"labl", b"note"):
            yield "markers", _text(text[4:])
        elif kind == b"ADTL" and name == b"ltxt":
            yield "markers", _text(text[20:])


def _small_chunks(data: bytes, at: int) -> Iterator[tuple[bytes, bytes]]:
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        yield data[at : at + 4], data[at + 8 : at + 8 + size]
        at += 8 + size
        at += is_padded(size, data[at : at + 4])


def _w64_summary(data: bytes) -> Iterator[Field]:
    """Sony's summary list: a count, then fields of INFO in UTF-16."""
    for name, text in _small_chunks(data, 4):
        yield INFO_NAMES.get(name, ""), text.decode("utf-16-le", "replace").rstrip("\0")


def _displayed(data: bytes) -> Iterator[Field]:
    """A DISP chunk: what Windows displays for a file, text or a picture."""
    if int.from_bytes(data[:4], "little") == _CF_TEXT:
        yield "title", _text(data[4:])


def _aiff(name: str) -> Callable[[bytes], Iterator[Field]]:
    def reader(data: bytes) -> Iterator[Field]:
        yield name, _text(data)

    return reader


def _aiff_markers(data: bytes) -> Iterator[Field]:
    """MARK: a count, then for each marker an id, a position, and the length and text of its name."""
    at = 2
    for _ in range(int.from_bytes(data[:2], "big")):
        length = data[at + 6] if at + 6 < len(data) else 0
        yield "markers", data[at + 7 : at + 7 + length]
        at += 7 + length + (length + 1) % 2
        if at >= len(data):
            return


def _aiff_comments(data: bytes) -> Iterator[Field]:
    """COMT: a count, then for each comment a time, a marker's id, and the length and text."""
    at = 2
    for _ in range(int.from_bytes(data[:2], "big")):
        length = int.from_bytes(data[at + 6 : at + 8], "big")
        yield "comment", data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2
        if at >= len(data):
            return


def _caf_info(data: bytes) -> Iterator[Field]:
    """A count, then alternating names and texts, each up to a NUL (Apple Core Audio Format Specification 1.0)."""
    parts = data[4:].split(b"\0")
    for name, text in zip(parts[::2], parts[1::2], strict=False):
        yield name.decode("utf-8", "replace"), text


def _caf_strings(data: bytes) -> Iterator[Field]:
    """The names of markers and regions: a count, an id and a position for each, then the names."""
    (count,) = struct.unpack_from(">I", data)
    for name in data[4 + 12 * count :].split(b"\0"):
        yield "markers", name


def _au_annotation(first: bytes) -> Iterator[Field]:
    """The text between the header and the sound: a comment, or named fields, as FFmpeg writes them."""
    for line in _text(first[24 : int.from_bytes(first[4:8], "big")]).splitlines():
        name, is_named, text = line.partition(b"=")
        yield (name.decode("ascii"), text) if is_named and name.isalpha() else ("comment", line)


_READERS: dict[bytes, Callable[[bytes], Iterator[Field]]] = {
    b"bext": _bext,
    b"cart": _cart,
    b"iXML": xml.of_ixml,
    b"_PMX": xml.of_xmp,
    b"axml": xml.of_xmp,  # EBU core and the Audio Definition Model also use Dublin Core
    b"LIST": _list,
    b"list": _list,  # the name in W64
    b"\xbc\x94\x5f\x92": _w64_summary,
    b"DISP": _displayed,
    b"MARK": _aiff_markers,
    b"COMT": _aiff_comments,
    b"info": _caf_info,
    b"strg": _caf_strings,
    **{code: _aiff(name) for code, name in AIFF_NAMES.items()},
}
