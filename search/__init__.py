"""Soundalike's engine, and its public Python API::

    import search

    with search.open_library("~/sounds.library") as library:
        answer = library.search(search.Query((search.TextPart("horn"),), k=5))
        for hit in answer.hits:
            print(hit.path, hit.start_s, hit.score)

`Library` and `open_library` bring the database in with them, so they are loaded when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from search.errors import SoundalikeError
from search.model import Answer, AudioPart, Clip, ClipPart, Hit, Query, SegmentPart, Tag, TextPart

if TYPE_CHECKING:
    from search.api import open_library
    from search.library.library import Library

__all__ = [
    "Answer",
    "AudioPart",
    "Clip",
    "ClipPart",
    "Hit",
    "Library",
    "Query",
    "SegmentPart",
    "SoundalikeError",
    "Tag",
    "TextPart",
    "open_library",
]

_LATER = {"Library": "search.library.library", "open_library": "search.api"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - the names of _LATER, typed above
    if name in _LATER:
        from importlib import import_module

        return getattr(import_module(_LATER[name]), name)
    raise AttributeError(f"module 'search' has no attribute {name!r}")
