"""What a file's tags say: ID3, Vorbis comments, MP4 and APE by mutagen; BWF, iXML, INFO and AIFF text chunks here.

mutagen reads no such chunks. wavinfo (4.0) reads nothing at all of a file whose bext chunk is cut or not ASCII, takes
UTF-8 in INFO for Latin-1, and stops at a file's size that was not brought up to date (tests/search/test_metadata.py).

Tags are an extra: a damaged one is left out and never keeps a file from being indexed.
"""

from __future__ import annotations

import io
import os
import re
import struct
from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import Any
from xml.etree import ElementTree

from search.audio.containers import chunks, head, is_padded
from search.audio.opening import open_regular
from search.errors import AudioError

_LONGEST = 4000
"""Characters kept of one field; lyrics and coding histories go on for pages."""

_LARGEST_CHUNK_BYTES = 1 << 20

_UNREADABLE = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    EOFError,
    LookupError,
    OSError,
    RecursionError,
    TypeError,
    ValueError,
    ElementTree.ParseError,
    struct.error,
)
"""What damaged tags make mutagen and the readers here raise, beside mutagen's own error."""

_ID3_NAMES = {
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
_INFO_NAMES = {
    b"INAM": "title",
    b"IART": "artist",
    b"ICMT": "comment",
    b"IGNR": "genre",
    b"IKEY": "keywords",
    b"ISBJ": "subject",
    b"IPRD": "album",
    b"ICRD": "date",
    b"ICOP": "copyright",
    b"IENG": "engineer",
    b"ISRC": "source",
    b"ISFT": "encoder",
}
_ABOUT_THE_FILE = frozenset(
    {"encoder", "encoded by", "encoder settings", "coding history", "metadata_block_picture", "coverart"}
)
"""Fields that say how the file was made, or hold a picture as text; as words to search for they are noise."""

_IXML_TECHNICAL = frozenset({"speed", "sync point list", "file set", "history", "loudness", "bext", "ixml version"})
"""Elements of numbers and identifiers, in which nobody looks for a sound."""

_BARE_AMPERSAND = re.compile(r"<!\[CDATA\[.*?\]\]>|&(?!(?:amp|lt|gt|quot|apos|#\d+|#x[\da-fA-F]+);)", re.DOTALL)
"""An ampersand that stands for itself, or, to be passed over, a passage in which each of them does."""

_AIFF_NAMES = {b"NAME": "title", b"AUTH": "artist", b"ANNO": "comment", b"(c) ": "copyright"}


def read(path: str) -> tuple[str, dict[str, str]]:
    """The title and all fields of a file's tags: lower-case names, each with its text on one line.

    The title is that of the tags, else the file's name without its suffix. Several values of a field are joined
    with "; ". Pictures and other binary fields are left out. A field that two kinds of tags have is taken from the
    first: mutagen's, then those of the chunks in the file's order. Never raises: of a damaged tag, or of a file that
    cannot be opened, what can be read comes back.
    """
    fields: dict[str, str] = {}
    try:
        with open_regular(path) as file:
            for key, text in (*_from_tags(file), *_from_chunks(file)):
                name, value = _one_line(key).lower(), _one_line(text)
                if name and value and name not in _ABOUT_THE_FILE:
                    fields.setdefault(name, value)
    except (AudioError, OSError):
        pass  # whoever decodes the file says why
    name = os.path.basename(path)  # noqa: PTH119 - the path may hold bytes that are no UTF-8; it stays a str
    return fields.get("title") or os.path.splitext(name)[0], fields  # noqa: PTH122 - as above


def _one_line(text: str) -> str:
    """``text`` as any store and terminal takes it: no control characters, no half characters, not without end."""
    text = text[: 2 * _LONGEST].encode("utf-8", "replace").decode("utf-8")
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:_LONGEST]


def _joined(values: Iterable[object]) -> str:
    return "; ".join(dict.fromkeys(text for value in values if (text := str(value).strip())))


# --- tags that mutagen reads --------------------------------------------------------------------------------


def _from_tags(file: io.FileIO) -> list[tuple[str, str]]:
    import mutagen

    file.seek(0)
    fields: list[tuple[str, str]] = []
    try:
        opened = mutagen.File(_Buffered(file))
        if opened is not None and opened.tags is not None:
            fields.extend(_tag_fields(opened.tags))
    except (mutagen.MutagenError, *_UNREADABLE):
        pass  # what was read before the damage stays
    return fields


class _Buffered(io.BufferedReader):
    """Many small reads, without a system call for each; the file below stays open when this one goes."""

    def close(self) -> None:
        """Leave the file open: who opened it closes it."""


def _tag_fields(tags: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - mutagen ships no types
    """(name, text) of every textual field, whichever kind of tags they are."""
    from mutagen.id3 import ID3
    from mutagen.mp4 import MP4Tags

    if isinstance(tags, ID3):
        yield from _id3_fields(tags)
        return
    mp4 = isinstance(tags, MP4Tags)
    for key in tags.keys():  # noqa: SIM118 - some of mutagen's tags are lists of pairs when iterated
        name = _mp4_name(key) if mp4 else key
        values = tags[key]
        values = values if isinstance(values, list) else [values]
        texts = [text for value in values if (text := _text_of(value))]
        if name and texts:
            yield name.removeprefix("WM/"), _joined(texts)


def _id3_fields(tags: Any) -> Iterator[tuple[str, str]]:  # noqa: ANN401 - as above
    for frame in tags.values():
        text = getattr(frame, "text", None)
        if not text or not isinstance(text, (list, str)):
            continue
        about = getattr(frame, "desc", "")
        if frame.FrameID == "TXXX":
            name = about or "text"
        elif frame.FrameID in ("COMM", "USLT"):
            name = about or ("comment" if frame.FrameID == "COMM" else "lyrics")
        else:
            name = _ID3_NAMES.get(frame.FrameID, frame.FrameID)
        yield name, _joined(text if isinstance(text, list) else [text])


def _mp4_name(key: str) -> str:
    """Empty for what holds no text; ``----:com.apple.iTunes:MIC`` is how programs add fields of their own."""
    return _MP4_NAMES.get(key) or (key.rpartition(":")[2] if key.startswith("----:") else "")


def _text_of(value: object) -> str:
    """The text of one value, empty when it is binary: pictures, but also numbers that stand in pairs."""
    if isinstance(value, bytes):
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            return ""
    if isinstance(value, (str, int, float)):
        return str(value)
    inner = getattr(value, "value", None)  # ASF and APE wrap theirs
    return inner if isinstance(inner, str) else ""


# --- chunks of WAV and AIFF ---------------------------------------------------------------------------------


def _from_chunks(file: io.FileIO) -> list[tuple[str, str]]:
    fields: list[tuple[str, str]] = []
    with suppress(*_UNREADABLE):  # what was read before the damage stays
        for chunk in chunks(file, head(file)):
            reader, name = _CHUNK_READERS.get(chunk.name), _AIFF_NAMES.get(chunk.name)
            if reader is None and name is None:
                continue
            file.seek(chunk.offset)
            data = file.read(min(chunk.size or 0, _LARGEST_CHUNK_BYTES)) or b""
            if name is not None:
                fields.append((name, _latin(data)))
            elif reader is not None:
                with suppress(*_UNREADABLE):  # the other chunks are whole
                    fields.extend(reader(data))
    return fields


def _latin(data: bytes) -> str:
    """Text up to a NUL. The formats say ASCII; UTF-8 and Windows code pages are what is there."""
    data = data.split(b"\0")[0]
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def _bext_fields(data: bytes) -> Iterator[tuple[str, str]]:
    """The broadcast extension (EBU Tech 3285): fields of fixed length, then a coding history."""
    yield "description", _latin(data[0:256])
    yield "originator", _latin(data[256:288])
    yield "originator reference", _latin(data[288:320])
    yield "date", _latin(data[320:330])
    yield "time", _latin(data[330:338])
    yield "coding history", _latin(data[602:])


def _info_fields(data: bytes) -> Iterator[tuple[str, str]]:
    """A LIST chunk of type INFO: chunks of text, each padded to an even length."""
    at = 4 if data[:4] == b"INFO" else len(data)
    while at + 8 <= len(data):
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        if name := _INFO_NAMES.get(data[at : at + 4]):
            yield name, _latin(data[at + 8 : at + 8 + size])
        at += 8 + size
        at += is_padded(size, data[at : at + 4])


def _ixml_fields(data: bytes) -> Iterator[tuple[str, str]]:
    """Every element with text but the technical ones, named for itself; equal names are joined (ixml.info)."""
    text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8", "replace").rstrip("\0 \r\n\t")
    if "<!DOCTYPE" in text:  # it could define entities that grow without end; iXML has none
        return
    fields: dict[str, list[str]] = {}
    waiting = [root] if (root := _root_of(text)) is not None else []
    while waiting:
        element = waiting.pop()
        name = str(element.tag).rpartition("}")[2].lower().replace("_", " ")
        if name not in _IXML_TECHNICAL:
            fields.setdefault(name, []).append(element.text or "")
            waiting.extend(reversed(element))
    for name, texts in fields.items():
        yield name, _joined(texts)


def _root_of(text: str) -> ElementTree.Element | None:
    """The outermost element, with what stands in it before the first damage."""
    # what was typed into a recorder is not always escaped
    escaped = _BARE_AMPERSAND.sub(lambda match: match[0] if len(match[0]) > 1 else "&amp;", text)
    parser: ElementTree.XMLPullParser[ElementTree.Element] = ElementTree.XMLPullParser(["start"])
    with suppress(ElementTree.ParseError):
        parser.feed(escaped)
    with suppress(ElementTree.ParseError):  # it comes after the events of what was read
        starts: Iterator[Any] = parser.read_events()
        return next((element for _, element in starts), None)
    return None


_CHUNK_READERS = {b"bext": _bext_fields, b"iXML": _ixml_fields, b"LIST": _info_fields}
