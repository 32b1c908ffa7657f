"""A REAPER project: the passages as consecutive items of one track, each reading from its original file.

The format is the text that REAPER itself saves (https://github.com/ReaTeam/Doc, State Chunk Definitions); omitted
values get REAPER's defaults.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from search.exporting.items import ExportItem

GAP_S: Final = 1.0
"""The gap between two items."""
_SOURCES: Final = {
    ".mp3": "MP3", ".flac": "FLAC", ".ogg": "VORBIS", ".oga": "VORBIS", ".opus": "OPUS", ".wv": "WAVPACK",
    ".mid": "MIDI", ".midi": "MIDI", ".mp4": "VIDEO", ".m4a": "VIDEO", ".mov": "VIDEO", ".mkv": "VIDEO",
    ".webm": "VIDEO", ".avi": "VIDEO",
}  # fmt: skip
"""REAPER's source type by file suffix; ``WAVE`` for all others."""


def project(items: Sequence[tuple[str, ExportItem]], track: str = "Soundalike") -> str:
    """The project of these passages, each with the ``path`` of its file: absolute, or relative to the project."""
    lines = ['<REAPER_PROJECT 0.1 "7.0" 0', "  TEMPO 120 4 4", "  <TRACK", f"    NAME {quoted(track)}"]
    at_s = 0.0
    for path, item in items:
        lines += _item(path, item, at_s)
        at_s += item.duration_s + GAP_S
    return "\n".join([*lines, "  >", ">"]) + "\n"


def _item(path: str, item: ExportItem, at_s: float) -> Iterator[str]:
    yield "    <ITEM"
    yield f"      POSITION {at_s:.9f}"
    yield f"      LENGTH {item.duration_s:.9f}"
    yield "      LOOP 0"
    yield f"      NAME {quoted(item.clip.title)}"
    yield f"      SOFFS {item.start_s:.9f}"
    yield f"      <SOURCE {_SOURCES.get(PurePosixPath(path).suffix.lower(), 'WAVE')}"
    yield f"        FILE {quoted(path)}"
    yield "      >"
    yield "    >"


def quoted(text: str) -> str:
    """Quote a text for REAPER, with a quotation mark that it does not contain.

    Examples:
        >>> quoted("door")
        '"door"'
    """
    line = " ".join(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())
    for mark in "\"'`":
        if mark not in line:
            return f"{mark}{line}{mark}"
    return f"`{line.replace('`', chr(39))}`"
