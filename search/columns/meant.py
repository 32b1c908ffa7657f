"""Hints for filters that cannot be parsed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection
from typing import Final

_CALLED: Final = {
    "duration_s": ("length", "duration", "len", "seconds", "secs", "dur"),
    "size_bytes": ("size", "bytes", "filesize", "file_size"),
    "title": ("name", "filename", "file_name", "file"),
    "path": ("fullpath", "full_path", "location"),
    "folder": ("dir", "directory"),
    "format": ("type", "ext", "extension", "suffix", "codec"),
    "tag": ("label", "class", "category", "kind"),
    "own_tag": ("keyword", "mine", "my_tag"),
    "remark": ("comment", "note", "notes", "description"),
    "added": ("date", "created", "modified", "time", "when"),
    "has": ("event", "contains"),
    "loudness": ("lufs", "volume", "level", "loud", "gain"),
    "true_peak_db": ("peak",),
    "tempo": ("bpm", "speed"),
    "pitch_hz": ("pitch", "frequency", "f0", "hz"),
    "root_note": ("note", "root"),
    "sample_rate_hz": ("rate", "samplerate", "sample_rate", "sr"),
    "bit_rate_kbps": ("bitrate", "bit_rate", "kbps"),
    "bits": ("depth", "bit_depth", "bitdepth"),
}
"""Other words that people use for columns."""
_COLUMN_OF: Final = {word: column for column, words in _CALLED.items() for word in words}


def column(word: str, columns: Collection[str]) -> str:
    """Return the column that ``word`` probably means, "" if none is similar."""
    word = word.lower()
    if _COLUMN_OF.get(word) in columns:
        return _COLUMN_OF[word]
    return next(iter(difflib.get_close_matches(word, columns, n=1)), "")


def unread(text: str) -> str:
    """Return why ``text``, the rest of a filter, cannot be parsed."""
    if text[0] in "'\"":
        return "this quote is not closed"
    if re.match(r"[+-]?[\d.]+[^\W\d]", text):
        return "a number is written without its unit"
    said = {"&": "and", "|": "or", "!": "not"}.get(text[0])
    return f"cannot be read; write {said}" if said else "cannot be read"
