"""Authors and licences of files, by their metadata, as a table to keep beside the files."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Final

from search.exporting.items import ExportItem

NAME: Final = "licences.csv"
_COLUMNS: Final = {
    "licence": ("license", "licence", "license url", "license uri", "usage terms", "rights"),
    "copyright": ("copyright", "copyright url"),
    "author": ("artist", "author", "originator", "composer", "performer", "creator"),
    "source": ("source", "url", "website", "contact", "publisher", "organization"),
}
"""Column -> the metadata fields that may have it, the likeliest first."""


def licence_list(items: Iterable[tuple[str, ExportItem]]) -> str:
    """A CSV table (RFC 4180) with a line for each file: its ``name`` in the export, and its stated rights.

    ``name`` is empty for a file that could not be read. Empty cells mean that a file states nothing: it may still be
    protected.
    """
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(["file", "title", "path", *_COLUMNS])
    for name, item in items:
        clip = item.clip
        said = [_first(clip.metadata.get(field, "") for field in fields) for fields in _COLUMNS.values()]
        writer.writerow([_text(one) for one in (name, clip.title, clip.path, *said)])
    return out.getvalue()


def _first(values: Iterable[str]) -> str:
    return next((value for value in values if value), "")


def _text(value: str) -> str:
    return value.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
