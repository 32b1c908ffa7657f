"""Cue sheets: what the tracks of a file are called, in a tag or in a ``.cue`` beside the file."""

from __future__ import annotations

import codecs
import os
import re
from collections.abc import Iterator
from contextlib import suppress

from search.audio.metadata.fields import Field
from search.audio.opening import open_regular
from search.errors import AudioError

_LARGEST_BYTES = 1 << 20

_LINE = re.compile(
    rb"\s*(?:REM[ \t]+)?(TITLE|PERFORMER|SONGWRITER|COMPOSER|FILE|TRACK|GENRE|DATE|COMMENT)[ \t]+(.+)", re.I
)

_OF_THE_SHEET = {b"TITLE": "album", b"PERFORMER": "artist"}
_OF_A_TRACK = {b"TITLE": "tracks", b"PERFORMER": "performers"}


def beside(path: str) -> Iterator[Field]:
    """The fields of the sheet that lies beside a file: ``album.cue`` or ``album.flac.cue`` for ``album.flac``."""
    stem, _ = os.path.splitext(path)  # noqa: PTH122 - the path may hold bytes that are no UTF-8; it stays a str
    for candidate in (f"{stem}.cue", f"{stem}.CUE", f"{path}.cue"):
        with suppress(AudioError, OSError), open_regular(candidate) as file:
            yield from of_sheet(file.read(_LARGEST_BYTES) or b"", path)
            return


def of_sheet(sheet: str | bytes, path: str) -> Iterator[Field]:
    """The fields of a cue sheet, of whose files only the one called as ``path`` counts where there are several.

    What a whole file of tracks is called is the sheet's title.
    """
    data = sheet.encode("utf-8", "replace") if isinstance(sheet, str) else sheet
    if data[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    data = data.removeprefix(codecs.BOM_UTF8)
    lines = [(match[1].upper(), match[2].strip()) for line in data.splitlines() if (match := _LINE.match(line))]
    several = sum(word == b"FILE" for word, _ in lines) > 1
    stem = _stem_of(b'"%s"' % os.fsencode(path))
    ours, in_track = True, False
    for word, value in lines:
        if word == b"FILE":
            ours = not several or _stem_of(value) == stem
        elif word == b"TRACK":
            in_track = True
        elif in_track and ours:
            yield _OF_A_TRACK.get(word, word.decode().lower()), _unquoted(value)
        elif not in_track:
            text = _unquoted(value)
            yield _OF_THE_SHEET.get(word, word.decode().lower()), text
            if word == b"TITLE" and not several:
                yield "title", text


def _stem_of(value: bytes) -> bytes:
    r"""The name without its suffix in ``"C:\sounds\one.wav" WAVE``, in lower case."""
    name = value[1:].partition(b'"')[0] if value[:1] == b'"' else value.rpartition(b" ")[0]
    return re.split(rb"[/\\]", name)[-1].rpartition(b".")[0].lower()


def _unquoted(value: bytes) -> bytes:
    return value[1:].partition(b'"')[0] if value[:1] == b'"' else value
