"""The texts of 3GP files, which neither mutagen nor FFmpeg reads (3GPP TS 26.244, section 8)."""

from __future__ import annotations

import codecs
import io
from collections.abc import Iterator

from search.audio.metadata.fields import Field

_NAMES = {
    b"titl": "title",
    b"dscp": "description",
    b"perf": "artist",
    b"auth": "author",
    b"albm": "album",
    b"gnre": "genre",
    b"cprt": "copyright",
}
_LARGEST_TEXT_BYTES = 1 << 16
_MOST_ATOMS = 1_000
_BEFORE_TEXT_BYTES = 6
"""The size of version, flags and language."""


def of_user_data(file: io.RawIOBase) -> Iterator[Field]:
    """The texts of the atom ``moov/udta``."""
    whole = (0, file.seek(0, io.SEEK_END))
    file.seek(0)
    if (file.read(12) or b"")[4:8] != b"ftyp":
        return
    for moov, *movie in _atoms(file, *whole):
        for udta, *user in _atoms(file, *movie) if moov == b"moov" else ():
            for name, start, end in _atoms(file, *user) if udta == b"udta" else ():
                if name in _NAMES:
                    file.seek(start + _BEFORE_TEXT_BYTES)
                    yield _NAMES[name], _text(file.read(min(max(0, end - file.tell()), _LARGEST_TEXT_BYTES)) or b"")


def _text(data: bytes) -> bytes:
    if data[:2] in (codecs.BOM_UTF16_BE, codecs.BOM_UTF16_LE):
        return data.decode("utf-16", "replace").partition("\0")[0].encode()
    return data.partition(b"\0")[0]


def _atoms(file: io.RawIOBase, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """(name, start and end of its data) of the atoms between two positions of the file."""
    for _ in range(_MOST_ATOMS):
        if start + 8 > end:
            return
        file.seek(start)
        header = file.read(16) or b""
        size, name, begins = int.from_bytes(header[:4], "big"), header[4:8], start + 8
        if size == 1:  # the size is in the next eight bytes
            size, begins = int.from_bytes(header[8:16], "big"), start + 16
        ends = end if size == 0 else min(end, start + size)
        if ends < begins:
            return
        yield name, begins, ends
        start = ends
