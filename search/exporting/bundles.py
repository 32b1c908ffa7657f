"""Many sounds at once: their files, or their passages as WAV files, with a list of their licences.

A bundle is an iterable of entries, generated one by one for an archive or a folder. A file that cannot be read is left
out; the list of licences names it without a file.
"""

from __future__ import annotations

import io
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import soundfile

from search import audio
from search.analysis.melody.playing import played
from search.analysis.melody.rendering import SAMPLE_RATE_HZ
from search.audio.opening import changed_s, open_regular
from search.errors import AudioError
from search.exporting import edl, licences, reaper
from search.exporting.archive import BLOCK_BYTES
from search.exporting.items import ExportItem, passage_name, unique_names

ZipEntry: TypeAlias = tuple[str, float, Iterable[bytes]]
"""A file of a bundle: its name, its time in seconds since 1970, and its content in blocks."""
PROJECT = "selection.rpp"
EDIT_LIST = "selection.edl"


def passage_wav(item: ExportItem) -> audio.WavPassage:
    """The item's passage as a WAV file: the original samples of a recording, or the tune of notes, played.

    Raises AudioError if its file is missing or damaged, or the passage is too long for a WAV file.
    """
    clip = item.clip
    if not clip.notes:
        return audio.wav_passage(clip.absolute_path, item.start_s, item.end_s, clip.track)
    wave = played(clip.absolute_path, SAMPLE_RATE_HZ)
    part = wave[round(item.start_s * SAMPLE_RATE_HZ) : round(item.end_s * SAMPLE_RATE_HZ)]
    out = io.BytesIO()
    soundfile.write(out, part, SAMPLE_RATE_HZ, format="WAV", subtype="PCM_16")
    return audio.WavPassage(len(out.getvalue()), iter([out.getvalue()]))


def files(items: Sequence[ExportItem]) -> Iterator[ZipEntry]:
    """The files of the items' clips, each once, then an edit list, a project and a list of licences."""
    by_path = {item.clip.absolute_path: item for item in items}
    alone = list(by_path.values())
    names = dict(zip(by_path, unique_names(alone), strict=True))
    for path, name in list(names.items()):
        try:
            file = open_regular(path)
        except AudioError:
            names[path] = ""
            continue
        with file:
            yield name, changed_s(file), _blocks(file)
    there = [(name, item) for item in items if (name := names[item.clip.absolute_path])]
    yield _text(EDIT_LIST, edl.edit_list(there))
    yield _text(PROJECT, reaper.project(there))
    yield _text(licences.NAME, licences.licence_list((names[item.clip.absolute_path], item) for item in alone))


def passages(items: Sequence[ExportItem]) -> Iterator[ZipEntry]:
    """The items' passages as WAV files, then a list of licences."""
    written = []
    for name, item in zip(unique_names(items, passage_name), items, strict=True):
        try:
            wav = passage_wav(item)
        except AudioError:
            written.append(("", item))
            continue
        written.append((name, item))
        yield name, time.time(), wav.blocks
    yield _text(licences.NAME, licences.licence_list(written))


def _blocks(file: io.RawIOBase) -> Iterator[bytes]:
    while block := file.read(BLOCK_BYTES):
        yield block


def _text(name: str, text: str) -> ZipEntry:
    return name, time.time(), [text.encode()]
