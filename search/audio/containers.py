"""The kind of a file, and its chunks, read without decoding."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from search.audio.views import View

_STREAMED_SIZES = (range(0x7FFF0000, 0x80000001), range(0xFFFF0000, 0x100000000))
"""Sizes that programs write when they write to a pipe and do not know the size: 0xFFFFFFFF, 0x80000000, 0x7FFFF000 and
similar ones, some minus a header (FFmpeg, arecord, SoX, VLC)."""

_HEAD_BYTES = 8192
_BY_FFMPEG = (0x50, 0x55, 0x02)
"""Codecs in WAV and W64 that FFmpeg decodes better than libsndfile: MPEG audio, and Microsoft's ADPCM, of which
libsndfile loses two blocks if the last one is cut."""
_TAG_HEADER_BYTES = 10
_UNCOMPRESSED = (b"RIFF", b"RIFX", b"RF64", b"BW64", b"FORM", b".snd", b"caff", b"riff")
"""First bytes of files of uncompressed sound, which libsndfile decodes and whose chunks are read here."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a RIFF, RF64, W64, AIFF or CAF file: the offset of its data, and the size by its header.

    ``size`` is None if the writer did not know it.
    """

    name: bytes
    offset: int
    size: int | None


def head(file: io.RawIOBase) -> bytes:
    """The first bytes of a file; seeks it back to its start."""
    file.seek(0)
    first = file.read(_HEAD_BYTES) or b""
    file.seek(0)
    return first


def behind_tag(file: io.RawIOBase) -> io.RawIOBase:
    """``file`` without ID3 tags at its start, if uncompressed sound follows; taggers put them before any file."""
    begin = 0
    while True:
        file.seek(begin)
        header = file.read(_TAG_HEADER_BYTES) or b""
        length = tag_bytes(header)
        if not length:
            break
        begin += length
    file.seek(0)
    return View(file, begin=begin) if begin and header[:4] in _UNCOMPRESSED else file


def tag_bytes(header: bytes) -> int:
    """The length of the ID3 tag that begins with these 10 bytes, including header and footer; 0 if none begins."""
    if header[:3] != b"ID3" or len(header) < _TAG_HEADER_BYTES:
        return 0
    size = sum((byte & 0x7F) << shift for byte, shift in zip(header[6:10], (21, 14, 7, 0), strict=True))
    return (2 if header[5] & 0x10 else 1) * _TAG_HEADER_BYTES + size


def is_text(first: bytes) -> bool:
    """Whether a file begins like text. FFmpeg would decode some texts as sound of old telephone codecs."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(first)  # the last character may be cut
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter.isspace() for letter in text)


def is_compressed(first: bytes) -> bool:
    """Whether this is FLAC, Ogg or MPEG audio (also after an ID3 tag), or a WAV or W64 with MPEG audio or ADPCM."""
    if first[:4] in (b"OggS", b"fLaC") or first[:3] == b"ID3":
        return True
    if first[:4] == b"RIFF" and first[12:16] == b"fmt ":
        return int.from_bytes(first[20:22], "little") in _BY_FFMPEG
    if first[:16] == _W64_RIFF and first[40:44] == b"fmt ":
        return int.from_bytes(first[64:66], "little") in _BY_FFMPEG
    return len(first) > 1 and first[0] == 0xFF and first[1] & 0xE0 == 0xE0


def chunks(file: io.RawIOBase, first: bytes) -> Iterator[Chunk]:
    """The chunks of a file, in order; none for a file without chunks. A damaged chunk ends the iteration."""
    form = first[:4]
    present = file.seek(0, io.SEEK_END)
    if form in (b"RIFF", b"RF64", b"BW64") and first[8:12] in (b"WAVE", b"RMID"):
        yield from _walk(file, present, "little", _ds64(first))
    elif (form == b"RIFX" and first[8:12] == b"WAVE") or (form == b"FORM" and first[8:12] in (b"AIFF", b"AIFC")):
        yield from _walk(file, present, "big", None)
    elif form == b"caff":
        yield from _walk_caf(file, present)
    elif first[:16] == _W64_RIFF:
        yield from _walk_w64(file, present)


def is_padded(size: int, following: bytes) -> bool:
    """Whether a pad byte follows a RIFF or AIFF chunk of this size, as it should if the size is odd.

    Some writers omit it. Then the 4 bytes ``following`` are already the name of the next chunk, which is ASCII.
    """
    return size % 2 == 1 and not is_chunk_name(following)


def is_chunk_name(name: bytes) -> bool:
    """Whether 4 bytes may be the name of a chunk; all such names are ASCII."""
    return len(name) == 4 and all(0x20 <= byte < 0x7F for byte in name)


def why_unknown(first: bytes) -> str:
    """Why no decoder can read a file that begins like this."""
    if first[4:8] == b"ftyp":
        return "damaged or truncated: an MP4 file without its index"
    for magic, name in _MAGIC.items():
        if first.startswith(magic):
            return f"damaged or truncated: begins like {name}, but cannot be decoded"
    return "not sound in any format that can be decoded"


_MAGIC = {
    b"RIFF": "a WAV or AVI file",
    b"RF64": "an RF64 file",
    b"FORM": "an AIFF file",
    b"fLaC": "a FLAC file",
    b"OggS": "an Ogg file",
    b"ID3": "an MP3 file",
    b"\xff\xfb": "an MP3 file",
    b"\xff\xf1": "an AAC file",
    b"caff": "a CAF file",
    b".snd": "an AU file",
    b"\x1a\x45\xdf\xa3": "a Matroska or WebM file",
    b"\x30\x26\xb2\x75": "a WMA file",
}


# --- chunk walks --------------------------------------------------------------------------------------------

_W64_RIFF = b"riff\x2e\x91\xcf\x11\xa5\xd6\x28\xdb\x04\xc1\x00\x00"
_MOST_CHUNKS = 10_000
"""Most chunks to read, for files with nothing but empty chunks."""


def _ds64(first: bytes) -> int | None:
    """The size of the sound in an RF64 file (EBU Tech 3306), from its first chunk, ``ds64``."""
    return int.from_bytes(first[28:36], "little") if first[12:16] == b"ds64" and len(first) >= 36 else None


def _header(file: io.RawIOBase, at: int, present: int, length: int) -> bytes:
    """A whole chunk header, or nothing if the file ends within it."""
    if at + length > present:
        return b""
    file.seek(at)
    return file.read(length) or b""


def _walk(file: io.RawIOBase, present: int, order: Literal["little", "big"], long_size: int | None) -> Iterator[Chunk]:
    """RIFF and AIFF: names of 4 bytes, sizes of 4, chunks aligned to 2 bytes."""
    at = 12
    for _ in range(_MOST_CHUNKS):
        header = _header(file, at, present, 8)
        if not header:
            return
        name, size = header[:4], int.from_bytes(header[4:], order)
        if name == b"data" and long_size is not None:
            size = long_size
        elif name == b"data" and any(size in sizes for sizes in _STREAMED_SIZES):
            yield Chunk(name, at + 8, None)
            return
        yield Chunk(name, at + 8, size)
        at += 8 + size
        at += is_padded(size, _header(file, at, present, 4))


def _walk_caf(file: io.RawIOBase, present: int) -> Iterator[Chunk]:
    """Apple Core Audio Format: names of 4 bytes, sizes of 8, -1 for an unknown size."""
    at = 8
    for _ in range(_MOST_CHUNKS):
        header = _header(file, at, present, 12)
        if not header:
            return
        size = int.from_bytes(header[4:], "big", signed=True)
        yield Chunk(header[:4], at + 12, None if size < 0 else size)
        if size < 0:
            return
        at += 12 + size


def _walk_w64(file: io.RawIOBase, present: int) -> Iterator[Chunk]:
    """Sony Wave64: names of 16 bytes, sizes of 8 that include the header, chunks aligned to 8 bytes."""
    at = 40
    for _ in range(_MOST_CHUNKS):
        header = _header(file, at, present, 24)
        size = int.from_bytes(header[16:], "little") - 24
        if size < 0:
            if header[:4] == b"data":  # the size was never written
                yield Chunk(header[:4], at + 24, 0)
            return
        yield Chunk(header[:4], at + 24, size)
        at += 24 + size + (-size % 8)
