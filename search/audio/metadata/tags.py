"""Vorbis comments, MP4, ASF and other native tags, by mutagen; ID3 and APE tags in any file."""

from __future__ import annotations

import io
import re
import struct
from collections.abc import Iterator
from typing import Any

from search.audio.containers import tag_bytes
from search.audio.metadata import id3
from search.audio.metadata.fields import LONGEST, Field, is_wanted, joined, plain_name
from search.audio.signatures import frame_bytes

_LARGEST_READ_BYTES = 64 << 20
"""How much of one tag is read into memory, including pictures."""

_APE_FOOTER_BYTES = 32
_APE_KIND = 6
"""The bits of an item's flags for its type, 0 for text."""

_MP4_NAMES = {
    "\xa9nam": "title",
    "\xa9ART": "artist",
    "aART": "album artist",
    "\xa9alb": "album",
    "\xa9gen": "genre",
    "\xa9cmt": "comment",
    "\xa9day": "date",
    "\xa9wrt": "composer",
    "\xa9grp": "grouping",
    "\xa9lyr": "lyrics",
    "\xa9too": "encoder",
    "desc": "description",
    "ldes": "description",
    "keyw": "keywords",
    "cprt": "copyright",
    "catg": "category",
}


_READ_ELSEWHERE = re.compile(rb"ID3|(?:RIFF|RF64|BW64|RIFX)....WAVE|FORM....AIF[FC]", re.DOTALL)
"""First bytes of files whose tags are ID3, at the start or in a chunk."""

_ADTS = 0xF6
"""The bits of a second byte that are the same in all frames of AAC, and in none of MPEG audio: layer 0."""


def is_read_elsewhere(file: io.RawIOBase) -> bool:
    """Whether mutagen would only find the ID3 tags of a file, which are read elsewhere."""
    file.seek(0)
    first = file.read(12) or b""
    return bool(_READ_ELSEWHERE.match(first)) or (frame_bytes(first) > 0 and first[1] & _ADTS != 0xF0)


def opened(file: io.RawIOBase) -> Any | None:  # noqa: ANN401 - mutagen ships no types
    """Open a file with mutagen; None if it does not know the format. May raise MutagenError and any other error."""
    import mutagen
    import mutagen.flac

    if is_read_elsewhere(file):
        return mutagen.flac.FLAC(_whole(file)) if _behind_id3(file) == b"fLaC" else None
    return mutagen.File(_whole(file))


def of_its_kind(mutagen_file: Any) -> Iterator[Field]:  # noqa: ANN401 - as above
    """The native tags of the file's format."""
    if mutagen_file is not None and mutagen_file.tags is not None:
        yield from _fields(mutagen_file.tags)


def in_front_or_behind(file: io.RawIOBase) -> Iterator[Field]:
    """The fields of ID3 and APE tags at the start or end of a file of any format."""
    yield from id3.of_tag(file)
    yield from _ape_fields(file)
    yield from id3.of_id3v1(_end(file, id3.ID3V1_BYTES))


def _ape_fields(file: io.RawIOBase) -> Iterator[Field]:
    """The fields of an APE tag at the end. mutagen refuses a tag that is not entirely UTF-8.

    A footer has the version, the size of the items and the footer, the number of items, and flags. An item has its
    size, flags, its name up to a NUL, and its text (wiki.hydrogenaudio.org, "APE Tags Header", "APE Tag Item").
    """
    end = _end(file, _APE_FOOTER_BYTES + id3.ID3V1_BYTES)
    place = end.rfind(b"APETAGEX")
    if place < 0:
        return
    size, count = struct.unpack_from("<II", end, place + 12)
    footer = file.tell() - len(end) + place
    file.seek(max(0, footer + _APE_FOOTER_BYTES - size))
    items = file.read(min(size, _LARGEST_READ_BYTES)) or b""
    at = 0
    for _ in range(count):
        length, flags = struct.unpack_from("<II", items, at)
        name_end = items.index(b"\0", at + 8)
        name = items[at + 8 : name_end].decode("ascii")
        at = name_end + 1 + length
        if flags & _APE_KIND == 0:  # neither a picture nor a link
            values = items[name_end + 1 : at].split(b"\0")
            yield name, b"; ".join(values)


class _Whole(io.BufferedReader):
    """Buffers small reads, and leaves the file open when it is closed.

    A damaged header may request gigabytes, which would be allocated before the file turns out to be short.
    """

    def __init__(self, file: io.RawIOBase) -> None:
        self._length = file.seek(0, io.SEEK_END)
        file.seek(0)
        super().__init__(file)

    def read(self, size: int | None = -1, /) -> bytes:
        """Read at most what is left. Raises ValueError for more than any text or picture has."""
        left = max(0, self._length - self.tell())
        size = left if size is None or size < 0 else min(size, left)
        if size > _LARGEST_READ_BYTES:
            raise ValueError("a tag too large to be read")
        return super().read(size)

    def close(self) -> None:
        """Leave the file open for its owner."""


def _whole(file: io.RawIOBase) -> _Whole:
    return _Whole(file)


def _behind_id3(file: io.RawIOBase) -> bytes:
    """The four bytes after an ID3 tag at the start of a file."""
    file.seek(0)
    file.seek(tag_bytes(file.read(10) or b""))
    return file.read(4) or b""


def _end(file: io.RawIOBase, length: int) -> bytes:
    file.seek(max(0, file.seek(0, io.SEEK_END) - length))
    return file.read(length) or b""


def _fields(tags: Any) -> Iterator[Field]:  # noqa: ANN401 - mutagen ships no types
    """Every text field, of any kind of tags."""
    from mutagen.id3 import ID3
    from mutagen.mp4 import MP4Tags

    if isinstance(tags, ID3):
        yield from id3.of_frames(tags)
        return
    mp4 = isinstance(tags, MP4Tags)
    for key in tags.keys():  # noqa: SIM118 - some of mutagen's tags are lists of pairs when iterated
        name = _mp4_name(key) if mp4 else key
        if is_wanted(plain_name(name)):
            values = tags[key]
            yield name, joined(_text_of(value) for value in (values if isinstance(values, list) else [values]))


def _mp4_name(key: str) -> str:
    """The name of an MP4 field, empty if it has no text. Programs add fields like ``----:com.apple.iTunes:MIC``."""
    return _MP4_NAMES.get(key) or (key.rpartition(":")[2] if key.startswith("----:") else "")


def _text_of(value: object) -> str:
    """The text of one value; empty for pictures, other binary values, and pairs of numbers."""
    if isinstance(value, bytes):
        try:
            return value[: 4 * LONGEST].decode("utf-8")
        except UnicodeDecodeError:
            return ""
    if isinstance(value, (str, int, float)):
        return str(value)[: 4 * LONGEST]
    inner = getattr(value, "value", None)  # ASF and APE wrap theirs
    return inner[: 4 * LONGEST] if isinstance(inner, str) else ""
