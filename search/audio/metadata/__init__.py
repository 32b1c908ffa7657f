"""Read the tags of a file, and the texts beside its sound.

===============  ===========================================================================================
``tags``         Vorbis comments, MP4, ASF and other native tags, by mutagen; APE tags
``id3``          ID3 tags at the start or end of a file, or in a chunk, by mutagen
``chunktexts``   BWF, iXML, INFO, cue labels and other chunks of WAV, RF64, W64, AIFF, CAF and RIFF MIDI
``atoms``        the texts of 3GP
``xml``          the elements of iXML and XMP
``by_ffmpeg``    everything else, by FFmpeg: Matroska, QuickTime, AVI, Flash, ...
``cuesheets``    cue sheets, in a tag or beside the file
``fields``       names of fields, which of them to ignore, how much to keep
===============  ===========================================================================================

Tags are optional: a damaged one is ignored, and never prevents a file from being indexed.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from search.audio.containers import head
from search.audio.metadata import cuesheets, tags
from search.audio.metadata.atoms import of_user_data
from search.audio.metadata.by_ffmpeg import of_container
from search.audio.metadata.chunktexts import of_chunks
from search.audio.metadata.fields import (
    LONGEST,
    MOST_CHARACTERS,
    MOST_FIELDS,
    MOST_READ,
    Field,
    as_text,
    joined,
    plain_name,
    shortened,
)
from search.audio.metadata.unreadable import UNREADABLE
from search.audio.sources import SoundSource, opened, path_of
from search.errors import AudioError
from search.ground.codepages import readable

_MOST_LOST = 3
"""A text in which more than one in this many characters is lost is dropped."""

_READERS = (of_chunks, of_user_data, tags.in_front_or_behind)


def read(source: SoundSource) -> tuple[str, dict[str, str]]:
    """The title and all fields of a file's tags: names in lower case, each with its text on one line.

    The title is that of the tags, else the file's name without its suffix. Several values of a field are joined with
    "; ". Pictures, other binary fields and what programs write about themselves are left out. If several kinds of tags
    have a field, the first one wins: native tags, chunks, tags at the start or end of the file, FFmpeg's, cue sheets.
    Never raises: for a damaged tag, or a file that cannot be opened, it returns what can be read.
    """
    path, fields = path_of(source), dict[str, str]()
    try:
        with opened(source) as sound:
            _gather(path, sound.file, fields)
    except (AudioError, OSError):
        pass  # decoding the file will report why
    return fields.get("title") or title_of_name(path), _limited(fields)


def title_of_name(path: str) -> str:
    """The title of a file without one: its name without the suffix, made readable if it has invalid bytes."""
    name = os.path.basename(path)  # noqa: PTH119 - the path may hold bytes that are no UTF-8; it stays a str
    return readable(os.path.splitext(name)[0])  # noqa: PTH122 - as above


def _gather(path: str, file: io.RawIOBase, fields_kept: dict[str, str]) -> None:
    sheets: list[Field] = []
    known = _opened(file)
    for reader in (tags.of_its_kind(known), *(reader(file) for reader in _READERS)):
        fields = _undamaged(reader)
        sheets += (field for field in fields if plain_name(field[0]) == "cuesheet")
        _add(fields_kept, (field for field in fields if plain_name(field[0]) != "cuesheet"))
    unread = known is None and not fields_kept and not tags.is_read_elsewhere(file)
    if unread or _has_atoms(file) or any("\ufffd" in text for text in fields_kept.values()):
        _add(fields_kept, _undamaged(of_container(file)))
    for name, text in list(fields_kept.items()):
        if text.count("\ufffd") > len(text) / _MOST_LOST:
            del fields_kept[name]
    for _, sheet in sheets:
        _add(fields_kept, _undamaged(cuesheets.of_sheet(sheet, path)))
    _add(fields_kept, _undamaged(cuesheets.beside(path)))


def _opened(file: io.RawIOBase) -> Any | None:  # noqa: ANN401 - mutagen ships no types
    import mutagen

    try:
        return tags.opened(file)
    except (mutagen.MutagenError, *UNREADABLE):
        return None


def _undamaged(fields: Iterator[Field]) -> list[Field]:
    """The fields before the first damage, at most `MOST_READ`, each shortened."""
    import mutagen

    read: list[Field] = []
    try:
        for name, value in islice(fields, MOST_READ):
            read.append((name, shortened(value)))
    except (mutagen.MutagenError, *UNREADABLE):
        pass
    return read


def _has_atoms(file: io.RawIOBase) -> bool:
    """Whether this is MP4 or QuickTime, which have texts in several places, and chapters in a track."""
    return head(file)[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip")


def _add(fields_kept: dict[str, str], fields: Iterable[Field]) -> None:
    """Add the fields of one kind of tags to those kept before, which stay unless they have lost characters."""
    texts: dict[str, list[str]] = {}
    for name, text in as_text(fields):
        texts.setdefault(name, []).append(text)
    before = set(fields_kept.values())
    for name, values in texts.items():
        text = values[0] if name == "title" else joined(values)[:LONGEST]
        old = fields_kept.get(name)
        if ("\ufffd" in old and "\ufffd" not in text) if old else name == "title" or text not in before:
            fields_kept[name] = text


def _limited(fields: dict[str, str]) -> dict[str, str]:
    """The fields, limited to what is kept for one file."""
    kept: dict[str, str] = {}
    left = MOST_CHARACTERS
    for name, text in list(fields.items())[:MOST_FIELDS]:
        if left <= len(name):
            break
        kept[name] = text[: left - len(name)]
        left -= len(name) + len(text)
    return kept
