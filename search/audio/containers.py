"""What a file promises against what is there, read from its first and last bytes without decoding.

Decoders keep quiet about a WAV whose header claims more than the file holds, or an Ogg file cut in the middle of a
page: they decode what is left. Here such files are found out. The chunk walk serves the metadata too.
"""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from search.errors import AudioError

_STREAMED_SIZES = frozenset({0xFFFFFFFF, 0x80000000, 0x7FFFFFFF, 0x7FFFF000, 0x7FFFFFFF - 36, 0xFFFFFFFF - 36})
"""Sizes that programs write into a header when they write to a pipe and cannot know (FFmpeg, arecord, SoX)."""

_SLACK_BYTES = 8
"""Some writers count a pad byte or a chunk header into the size; sound is missing from here on."""

_HEAD_BYTES = 8192


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk of a RIFF, RF64, W64, AIFF or CAF file: where its data begins and how much the header says there is.

    ``size`` is None where the writer did not know.
    """

    name: bytes
    offset: int
    size: int | None


def head(file: io.FileIO) -> bytes:
    """The first bytes of a file, which is left at its start."""
    file.seek(0)
    first = file.read(_HEAD_BYTES) or b""
    file.seek(0)
    return first


def is_text(first: bytes) -> bool:
    """Whether a file begins with nothing but letters. FFmpeg takes some texts for the sound of old telephones."""
    try:
        text = codecs.getincrementaldecoder("utf-8")().decode(first)  # the last letter may be cut
    except UnicodeDecodeError:
        return False
    return all(letter.isprintable() or letter.isspace() for letter in text)


def is_ogg_or_mpeg(first: bytes) -> bool:
    """Whether this is Ogg or MPEG audio (with or without an ID3 tag), or a WAV that holds MPEG audio."""
    if first[:4] == b"OggS" or first[:3] == b"ID3":
        return True
    if first[:4] == b"RIFF" and first[12:16] == b"fmt ":
        return int.from_bytes(first[20:22], "little") in (0x50, 0x55)
    return len(first) > 1 and first[0] == 0xFF and first[1] & 0xE0 == 0xE0


def chunks(file: io.FileIO, first: bytes) -> Iterator[Chunk]:
    """The chunks of a file, in order; none of a file without any. A damaged chunk ends the walk."""
    form = first[:4]
    present = file.seek(0, io.SEEK_END)
    if form in (b"RIFF", b"RF64", b"BW64") and first[8:12] == b"WAVE":
        yield from _walk(file, present, "little", _ds64(first))
    elif (form == b"RIFX" and first[8:12] == b"WAVE") or (form == b"FORM" and first[8:12] in (b"AIFF", b"AIFC")):
        yield from _walk(file, present, "big", None)
    elif form == b"caff":
        yield from _walk_caf(file, present)
    elif first[:16] == _W64_RIFF:
        yield from _walk_w64(file, present)


def is_padded(size: int, following: bytes) -> bool:
    """Whether a pad byte comes after a RIFF or AIFF chunk of this size: it should after an odd one.

    Some writers forget it. Then the 4 bytes ``following`` are the next chunk's name already, which is ASCII.
    """
    return size % 2 == 1 and not (len(following) == 4 and all(0x20 <= byte < 0x7F for byte in following))


def check_promises(path: str, file: io.FileIO, first: bytes) -> None:
    """Raises AudioError when the header promises more sound than the file holds, or the last Ogg page is cut."""
    present = file.seek(0, io.SEEK_END)
    if first[:4] == b"OggS":
        _check_last_page(path, file, present)
    promised: tuple[int, int] | None = None
    if first[:4] == b".snd" and len(first) >= 12:
        size = int.from_bytes(first[8:12], "big")
        promised = None if size in _STREAMED_SIZES else (int.from_bytes(first[4:8], "big"), size)
    for chunk in chunks(file, first):
        if chunk.name in (b"data", b"SSND"):
            promised = None if chunk.size is None else (chunk.offset, chunk.size)
            break
    file.seek(0)
    if promised is not None:
        there = max(0, present - promised[0])
        if there + _SLACK_BYTES < promised[1]:
            raise AudioError(
                path, f"truncated: the header says {promised[1]:,} bytes of sound, only {there:,} are there"
            )


def why_unknown(first: bytes) -> str:
    """The cause when no decoder knows a file that begins so."""
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
"""A file of nothing but empty chunks is not walked to its end."""


def _ds64(first: bytes) -> int | None:
    """The size of the sound in an RF64 file (EBU Tech 3306), whose ``ds64`` chunk comes first."""
    return int.from_bytes(first[28:36], "little") if first[12:16] == b"ds64" and len(first) >= 36 else None


def _header(file: io.FileIO, at: int, present: int, length: int) -> bytes:
    """A whole chunk header, or nothing where the file ends before it does."""
    if at + length > present:
        return b""
    file.seek(at)
    return file.read(length) or b""


def _walk(file: io.FileIO, present: int, order: Literal["little", "big"], long_size: int | None) -> Iterator[Chunk]:
    """RIFF and AIFF: names of 4 bytes, sizes of 4, chunks aligned to 2 bytes."""
    at = 12
    for _ in range(_MOST_CHUNKS):
        header = _header(file, at, present, 8)
        if not header:
            return
        name, size = header[:4], int.from_bytes(header[4:], order)
        if name == b"data" and long_size is not None:
            size = long_size
        elif name == b"data" and size in _STREAMED_SIZES:
            yield Chunk(name, at + 8, None)
            return
        yield Chunk(name, at + 8, size)
        at += 8 + size
        at += is_padded(size, _header(file, at, present, 4))


def _walk_caf(file: io.FileIO, present: int) -> Iterator[Chunk]:
    """Apple Core Audio Format: names of 4 bytes, sizes of 8, -1 where it is not known."""
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


def _walk_w64(file: io.FileIO, present: int) -> Iterator[Chunk]:
    """Sony Wave64: names of 16 bytes, sizes of 8 that count the header, chunks aligned to 8 bytes."""
    at = 40
    for _ in range(_MOST_CHUNKS):
        header = _header(file, at, present, 24)
        size = int.from_bytes(header[16:], "little") - 24
        if size < 0:
            return
        yield Chunk(header[:4], at + 24, size)
        at += 24 + size + (-size % 8)


# --- Ogg and MP3 --------------------------------------------------------------------------------------------

_LARGEST_PAGE = 27 + 255 + 255 * 255


def _check_last_page(path: str, file: io.FileIO, present: int) -> None:
    """Ogg pages say how long they are (RFC 3533, section 6). A stream may stop after any page, not within one."""
    begin = max(0, present - 2 * _LARGEST_PAGE)
    file.seek(begin)
    tail = file.read(present - begin) or b""
    page = tail.rfind(b"OggS\0")
    if page < 0:
        return
    lengths = tail[page + 27 : page + 27 + tail[page + 26]] if len(tail) > page + 26 else b""
    complete = len(tail) > page + 26 and len(lengths) == tail[page + 26]
    if not complete or page + 27 + len(lengths) + sum(lengths) > len(tail):
        raise AudioError(path, "truncated: the file ends in the middle of an Ogg page")


def counts_its_frames(file: io.FileIO) -> bool:
    """Whether an MP3 file begins with a Xing, Info or VBRI header, which say how many frames there should be.

    Without one a decoder estimates the length from the bit rate, which says nothing about what should be there.
    """
    file.seek(0)
    tag = file.read(10) or b""
    if tag[:3] == b"ID3" and len(tag) == 10:  # the tag's size: four bytes of seven bits each
        file.seek(10 + sum((byte & 0x7F) << shift for byte, shift in zip(tag[6:], (21, 14, 7, 0), strict=True)))
    else:
        file.seek(0)
    frame = file.read(64) or b""
    file.seek(0)
    return any(name in frame for name in (b"Xing", b"Info", b"VBRI"))
