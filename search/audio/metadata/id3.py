"""ID3 tags, wherever they stand: before a file, behind it, in a chunk.

mutagen reads the frames, and takes the square of their number in time. Of a large tag it is given the texts alone.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from search.audio.containers import tag_bytes
from search.audio.metadata.fields import LONGEST, Field, joined
from search.ground.codepages import whole_letters

ID3V1_BYTES = 128

_Bytes = io.RawIOBase | io.BytesIO

_HEADER_BYTES = 10
_TWO, _FOUR = 2, 4
"""Versions of ID3 (2.2, 2.4) in which frames are written otherwise than in 2.3."""

_UNSYNCHRONISED, _EXTENDED = 0x80, 0x40
"""Bits of a tag's flags."""

_LARGEST_BYTES = 64 << 20
_LONGEST_FRAME_BYTES = 16 << 10
_SMALL_BYTES = 256 << 10
"""A tag that mutagen may have whole."""

_MOST_FRAMES = 10_000
"""Of a large tag, pictures and what programs wrote for themselves too."""

_LATIN_1 = 0
"""The encoding that a frame claims which was written in whatever code page the system had."""

_TEXT_FRAME = re.compile(rb"T[A-Z0-9]{2,3}|COMM?|USLT|ULT|CHAP")
_FRAME = re.compile(rb"[A-Z0-9]{3,4}")

_NAMES = {
    "TIT1": "grouping",
    "TIT2": "title",
    "TIT3": "subtitle",
    "TPE1": "artist",
    "TPE2": "album artist",
    "TALB": "album",
    "TCON": "genre",
    "TCOM": "composer",
    "TCOP": "copyright",
    "TDRC": "date",
    "TRCK": "track",
    "TBPM": "bpm",
    "TKEY": "key",
    "TMOO": "mood",
    "TLAN": "language",
    "TENC": "encoded by",
    "TSSE": "encoder",
    "TPUB": "publisher",
}


def of_tag(file: io.RawIOBase, start: int = 0) -> Iterator[Field]:
    """The fields of the tag that begins at ``start``. Raises what mutagen does."""
    import mutagen.id3

    file.seek(start)
    header = file.read(_HEADER_BYTES) or b""
    length = tag_bytes(header)
    if not length:
        return
    if length > _SMALL_BYTES:
        frames = b"".join(_text_frames(*_body(file, header, length), version=header[3]))
        still_unsynchronised = header[5] & _UNSYNCHRONISED if header[3] == _FOUR else 0
        data = header[:5] + bytes([still_unsynchronised]) + _in_seven_bits(len(frames)) + frames
    else:
        data = header + (file.read(length - _HEADER_BYTES) or b"")
    yield from of_frames(mutagen.id3.ID3(io.BytesIO(data)))


def of_id3v1(last: bytes) -> Iterator[Field]:
    """The fields of the old tag of fixed length that the last 128 bytes of a file may be."""
    import mutagen.id3

    for frame in (mutagen.id3.ParseID3v1(last) or {}).values() if last[:3] == b"TAG" else ():
        yield from _of_frame(frame)


def of_frames(tags: Any) -> Iterator[Field]:  # noqa: ANN401 - mutagen ships no types
    """The fields of a tag that mutagen has read."""
    for frame in tags.values():
        yield from _of_frame(frame)


def _body(file: io.RawIOBase, header: bytes, length: int) -> tuple[_Bytes, int]:
    """What holds the frames of a tag, at the first of them, and where they end.

    Until version 2.4 a whole tag was written with a zero after each byte of ones, which is taken out again.
    """
    body: _Bytes = file
    end = file.tell() + length - _HEADER_BYTES
    if header[5] & _UNSYNCHRONISED and header[3] < _FOUR:
        whole = (file.read(min(length, _LARGEST_BYTES)) or b"").replace(b"\xff\0", b"\xff")
        body, end = io.BytesIO(whole), len(whole)
    if header[5] & _EXTENDED and header[3] > _TWO:
        size = body.read(4) or b""
        more = _of_seven_bits(size) - 4 if header[3] == _FOUR else int.from_bytes(size, "big")
        body.seek(max(0, more), io.SEEK_CUR)
    return body, end


def _text_frames(body: _Bytes, end: int, *, version: int) -> Iterator[bytes]:
    """The frames of a large tag that hold text, not more of each than is kept; pictures are not read."""
    name_bytes, header_bytes = (3, 6) if version == _TWO else (4, 10)
    left, at = _SMALL_BYTES, body.tell()
    for _ in range(_MOST_FRAMES):
        body.seek(at)
        begins = body.read(header_bytes) or b""
        name, number = begins[:name_bytes], begins[name_bytes : 2 * name_bytes]
        if at + header_bytes > end or not _FRAME.fullmatch(name):
            return
        size = int.from_bytes(number, "big")
        if version == _FOUR and _is_place(body, at + header_bytes + _of_seven_bits(number), end):
            size = _of_seven_bits(number)  # as the standard says; iTunes once wrote all eight
        if _TEXT_FRAME.fullmatch(name) and left > 0:
            body.seek(at + header_bytes)
            text = _beginning(name, body.read(min(size, 2 * _LONGEST_FRAME_BYTES)) or b"")
            left -= len(text)
            length = _in_seven_bits(len(text)) if version == _FOUR else len(text).to_bytes(len(number), "big")
            yield name + length + begins[2 * name_bytes :] + text
        at += header_bytes + size


def _beginning(name: bytes, text: bytes) -> bytes:
    """A frame's data, cut where no letter is cut in two: those of UTF-16 begin at odd places in text frames."""
    most = _LONGEST_FRAME_BYTES + (name[:1] == b"T")
    return text if len(text) <= most else whole_letters(text[:most])


def _is_place(body: _Bytes, at: int, end: int) -> bool:
    """Whether a frame, the padding or the end is here."""
    body.seek(min(at, end))
    begins = body.read(4) or b""
    return at == end or (at < end and (not any(begins) or bool(_FRAME.fullmatch(begins))))


def _of_frame(frame: Any) -> Iterator[Field]:  # noqa: ANN401 - as above
    if frame.FrameID == "CHAP":
        for part in frame.sub_frames.getall("TIT2"):
            yield "chapters", _text(part)
        return
    text = getattr(frame, "text", None)
    if not text or not isinstance(text, (list, str)):
        return
    about = getattr(frame, "desc", "")
    if frame.FrameID == "TXXX":
        name = about or "text"
    elif frame.FrameID in ("COMM", "USLT"):
        name = about or ("comment" if frame.FrameID == "COMM" else "lyrics")
        name = "comment" if name == "ID3v1 Comment" else name
    else:
        name = _NAMES.get(frame.FrameID, frame.FrameID)
    yield name, _text(frame)


def _text(frame: Any) -> str | bytes:  # noqa: ANN401 - as above
    """The text of a frame, as its bytes where they are said to be Latin-1."""
    text = joined(_values(frame.text))
    try:
        return text.encode("latin-1") if getattr(frame, "encoding", None) == _LATIN_1 else text
    except UnicodeEncodeError:  # mutagen has put words to it: a genre by number, a date
        return text


def _values(values: object) -> Iterable[str]:
    return (str(value)[: 4 * LONGEST] for value in (values if isinstance(values, list) else [values]))


def _in_seven_bits(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _of_seven_bits(data: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(data, (21, 14, 7, 0), strict=False))
