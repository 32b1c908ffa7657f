"""Tags read by FFmpeg: Matroska, WebM, QuickTime, AVI, Flash, Real, MXF and others."""

from __future__ import annotations

import io
from collections.abc import Iterator

from search.audio.metadata.fields import Field
from search.audio.metadata.tables import INFO_NAMES
from search.audio.track import UnknownFormat

_APPLE = "com.apple.quicktime."
_STREAMS_ARE_THE_FILE = frozenset({"ogg"})
"""Containers that have the tags of the file in a stream."""


def of_container(file: io.RawIOBase) -> Iterator[Field]:
    """The tags of a file and of its sound tracks, and the titles of its chapters, as bytes."""
    from search.audio.libav import opened  # it loads FFmpeg

    file.seek(0)
    try:
        container = opened(file, metadata_errors="surrogateescape")
    except UnknownFormat:
        return
    with container:
        for name, text in container.metadata.items():
            yield _plain(name), _bytes(text)
        whole = container.format.name in _STREAMS_ARE_THE_FILE
        for stream in container.streams.audio:
            for name, text in stream.metadata.items():
                if name != "language":
                    yield ("track names" if name == "title" and not whole else name), _bytes(text)
        for chapter in container.chapters():
            if title := chapter["metadata"].get("title"):
                yield "chapters", _bytes(title)


def _plain(name: str) -> str:
    """The plain name for ``com.apple.quicktime.title`` and the like, and for codes of INFO."""
    name = name.removeprefix(_APPLE)
    return INFO_NAMES.get(name.encode("utf-8", "surrogateescape"), "title" if name == "displayname" else name)


def _bytes(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")
