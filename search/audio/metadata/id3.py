"""ID3 tags at the start or end of a file, or in a chunk.

mutagen reads the frames, in time that is quadratic in their number. For a large tag it gets only the text frames.
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
"""Versions of ID3 (2.2, 2.4) with other frames than 2.3."""

_UNSYNCHRONISED, _EXTENDED = 0x80, 0x40
"""Bits of a tag's flags."""

_LARGEST_BYTES = 64 << 20
_LONGEST_FRAME_BYTES = 16 << 10
_SMALL_BYTES = 256 << 10
"""Largest tag that mutagen gets whole."""

_MOST_FRAMES = 10_000
"""Most frames to read of a large tag, including pictures and private frames of programs."""

_LATIN_1 = 0
"""The encoding that frames claim if they were written in the code page of a system."""

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
    """The fields of the tag that begins at ``start``. Raises as mutagen does."""
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
    """The fields of an ID3v1 tag, if the last 128 bytes of a file are one."""
    import mutagen.id3

    for frame in (mutagen.id3.ParseID3v1(last) or {}).values() if last[:3] == b"TAG" else ():
        yield from _of_frame(frame)


def of_frames(tags: Any) -> Iterator[Field]:  # noqa: ANN401 - mutagen ships no types
    """The fields of a tag that mutagen has read."""
    for frame in tags.values():
        yield from _of_frame(frame)


def _body(file: io.RawIOBase, header: bytes, length: int) -> tuple[_Bytes, int]:
    """A reader at the first frame of a tag, and the position where frames end.

    Before version 2.4 a whole tag could be written with a zero after each byte 0xFF; these zeros are removed.
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
    """The text frames of a large tag, each shortened to what is kept; pictures are not read."""
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
            size = _of_seven_bits(number)  # as in the standard; iTunes once used all eight bits
        if _TEXT_FRAME.fullmatch(name) and left > 0:
            body.seek(at + header_bytes)
            text = _beginning(name, body.read(min(size, 2 * _LONGEST_FRAME_BYTES)) or b"")
            left -= len(text)
            length = _in_seven_bits(len(text)) if version == _FOUR else len(text).to_bytes(len(number), "big")
            yield name + length + begins[2 * name_bytes :] + text
        at += header_bytes + size


def _beginning(name: bytes, text: bytes) -> bytes:
    """The start of a frame's data, without a cut character: in text frames, those of UTF-16 begin at odd positions."""
    most = _LONGEST_FRAME_BYTES + (name[:1] == b"T")
    return text if len(text) <= most else whole_letters(text[:most])


def _is_place(body: _Bytes, at: int, end: int) -> bool:
    """Whether a frame, padding or the end is at this position."""
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
    """The text of a frame, or its bytes if it claims to be Latin-1."""
    text = joined(_values(frame.text))
    try:
        return text.encode("latin-1") if getattr(frame, "encoding", None) == _LATIN_1 else text
    except UnicodeEncodeError:  # mutagen has translated it: a genre by number, a date
        return text


def _values(values: object) -> Iterable[str]:
    return (str(value)[: 4 * LONGEST] for value in (values if isinstance(values, list) else [values]))


def _in_seven_bits(number: int) -> bytes:
    return bytes(number >> shift & 0x7F for shift in (21, 14, 7, 0))


def _of_seven_bits(data: bytes) -> int:
    return sum((byte & 0x7F) << shift for byte, shift in zip(data, (21, 14, 7, 0), strict=False))
