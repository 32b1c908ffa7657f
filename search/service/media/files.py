"""The file of a clip, if it exists now."""

from __future__ import annotations

import os
from typing import NamedTuple

from werkzeug.exceptions import NotFound

from search.audio.opening import open_regular
from search.audio.stores.copies import version_of
from search.audio.stores.finding import source_of
from search.errors import AudioError
from search.ground.urls import is_in_store
from search.model import Clip

_LAST_S = 253_402_300_799.0
"""The last second of 9999."""


class ClipFile(NamedTuple):
    """A readable regular file, or an object of a store, with its size and version."""

    path: str
    size_bytes: int
    version: int
    """Changes when the file does: its modification time in nanoseconds, or a number for an object's ETag."""
    modified: float

    @property
    def modified_s(self) -> float:
        """When it was last modified, in seconds since 1970, clamped to the years 1970 to 9999 for HTTP."""
        return min(max(self.modified, 0.0), _LAST_S)


def file_of(clip: Clip) -> ClipFile:
    """The clip's file. Raises NotFound (404) if it is missing, StoreAway."""
    path = clip.absolute_path
    if is_in_store(path):
        return _object_of(clip, path)
    try:
        with open_regular(path) as file:
            status = os.fstat(file.fileno())
            return ClipFile(path, status.st_size, status.st_mtime_ns, status.st_mtime)
    except AudioError as error:
        raise NotFound(f"the file of clip {clip.id} is not there now; a disk may be unmounted") from error


def signed_address(clip: Clip, valid_s: float) -> str | None:
    """A URL that lets anybody read a clip's object for ``valid_s``; None for a file, or if the store makes none."""
    if not is_in_store(clip.absolute_path):
        return None
    store, key = source_of(clip.absolute_path)
    return store.signed(key, valid_s)


def _object_of(clip: Clip, url: str) -> ClipFile:
    source, key = source_of(url)
    try:
        found = source.look(key)
    except OSError as error:
        raise NotFound(f"the object of clip {clip.id} is not there now, or the store refuses it") from error
    return ClipFile(url, found.size_bytes, version_of(found.etag), found.modified_s)
