"""Cue sheets: titles of the tracks of a file, in a tag or in a ``.cue`` beside the file."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from search.audio.metadata.fields import Field
from search.audio.opening import open_regular
from search.errors import AudioError
from search.ground.urls import is_in_store

_LARGEST_BYTES = 1 << 20
_MOST_SHEETS = 1000

_LINE = re.compile(
    rb"\s*(?:REM[ \t]+)?(TITLE|PERFORMER|SONGWRITER|COMPOSER|FILE|TRACK|GENRE|DATE|COMMENT)[ \t]+(.+)", re.I
)

_OF_THE_SHEET = {b"TITLE": "album", b"PERFORMER": "artist"}
_OF_A_TRACK = {b"TITLE": "tracks", b"PERFORMER": "performers"}


def beside(path: str) -> Iterator[Field]:
    """The fields of the sheet beside a file: ``album.cue`` or ``album.flac.cue`` for ``album.flac``.

    Without such a sheet, any sheet in the folder that names the file is used. In a store it looks for none: each look
    would cost a request, mostly in vain.
    """
    if is_in_store(path):
        return
    folder, name = os.path.split(path)  # the path may hold bytes that are no UTF-8; it stays a str
    folder = folder or "."
    stem, _ = os.path.splitext(name)  # noqa: PTH122 - as above
    with suppress(OSError):
        sheets = _sheets_in(folder, os.stat(folder).st_mtime_ns)  # noqa: PTH116 - as above
        for candidate in (f"{stem}.cue", f"{stem}.CUE", f"{name}.cue"):
            if candidate in sheets.names and (sheet := _read(os.path.join(folder, candidate))):  # noqa: PTH118 - as above
                yield from of_sheet(sheet, path)
                return
        if sheets.names and (other := sheets.of_files().get(_stem_of(_quoted(path)))):
            yield from of_sheet(_read(other), path)


def of_sheet(sheet: str | bytes, path: str) -> Iterator[Field]:
    """The fields of a cue sheet; if it has several files, only those of the file with the name of ``path``.

    The title of a file with all tracks is that of the sheet; the title of a file with one track of several is that of
    the track.
    """
    lines = _lines(sheet)
    several = sum(word == b"FILE" for word, _ in lines) > 1
    stem = _stem_of(_quoted(path))
    ours, in_track = True, False
    titles: list[bytes] = []
    for word, value in lines:
        if word == b"FILE":
            ours = not several or _stem_of(value) == stem
        elif word == b"TRACK":
            in_track = True
        elif in_track and ours:
            yield _OF_A_TRACK.get(word, word.decode().lower()), _unquoted(value)
            titles += [_unquoted(value)] if word == b"TITLE" else []
        elif not in_track:
            text = _unquoted(value)
            yield _OF_THE_SHEET.get(word, word.decode().lower()), text
            if word == b"TITLE" and not several:
                yield "title", text
    if several and len(titles) == 1:
        yield "title", titles[0]


@dataclass
class _Sheets:
    """The sheets in a folder, by their ``names``."""

    folder: str
    names: frozenset[str]
    _of_files: dict[bytes, str] | None = None

    def of_files(self) -> dict[bytes, str]:
        """The sheet of each file that a sheet names, by `_stem_of`; sheets are read once."""
        if self._of_files is None:
            found: dict[bytes, str] = {}
            for name in sorted(self.names)[:_MOST_SHEETS]:
                path = os.path.join(self.folder, name)  # noqa: PTH118 - as above
                for word, value in _lines(_read(path)):
                    if word == b"FILE":
                        found.setdefault(_stem_of(value), path)
            self._of_files = found
        return self._of_files


@lru_cache(maxsize=16)
def _sheets_in(folder: str, _changed_ns: int) -> _Sheets:
    """The sheets in a folder, cached until the folder changes."""
    with os.scandir(folder) as entries:
        return _Sheets(folder, frozenset(entry.name for entry in entries if entry.name.lower().endswith(".cue")))


def _read(path: str) -> bytes:
    """The text of a sheet; empty if there is none."""
    with suppress(AudioError, OSError), open_regular(path) as file:
        return file.read(_LARGEST_BYTES) or b""
    return b""


def _lines(sheet: str | bytes) -> list[tuple[bytes, bytes]]:
    """The relevant lines of a sheet, as (keyword, value)."""
    data = sheet.encode("utf-8", "replace") if isinstance(sheet, str) else sheet
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    data = data.removeprefix(codecs.BOM_UTF8)
    return [(match[1].upper(), match[2].strip()) for line in data.splitlines() if (match := _LINE.match(line))]


def _quoted(path: str) -> bytes:
    return b'"%s"' % os.fsencode(path)


def _stem_of(value: bytes) -> bytes:
    r"""The file name without suffix of ``"C:\sounds\one.wav" WAVE``, in lower case."""
    name = value[1:].partition(b'"')[0] if value[:1] == b'"' else value.rpartition(b" ")[0]
    return re.split(rb"[/\\]", name)[-1].rpartition(b".")[0].lower()


def _unquoted(value: bytes) -> bytes:
    return value[1:].partition(b'"')[0] if value[:1] == b'"' else value
