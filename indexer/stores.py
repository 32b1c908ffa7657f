"""Roots in object stores, as a scan sees them.

A listing gives size and ETag of every object, a thousand at a time. A scan sends no request for a single object and
reads no object: its name decides its kind.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Collection, Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

from search.audio import FileKind, kind, suffix_of
from search.audio.stores.copies import version_of
from search.audio.stores.finding import source_of
from search.errors import StoreAway, UsageError
from search.ground.urls import is_in_store
from search.model import FileFacts, StoredObject

if TYPE_CHECKING:
    from indexer.rules import Rules


def exists(path: str) -> bool:
    """Whether there is a file, folder or link at ``path``, or an object at or below it. Raises StoreAway."""
    return file_exists(path) or (is_in_store(path) and not is_bare(path))


def file_exists(path: str) -> bool:
    """Whether there is a file or a link at ``path``, or an object. Raises StoreAway."""
    return is_object(path) if is_in_store(path) else os.path.lexists(path)


def is_folder(path: str) -> bool:
    """Whether ``path`` is a folder, or may be a part of a bucket: no object has exactly this name."""
    return not is_object(path) if is_in_store(path) else os.path.isdir(path)  # noqa: PTH112 - any bytes


def is_object(url: str) -> bool:
    """Whether there is an object at this address. Raises StoreAway."""
    source, key = source_of(url)
    try:
        return bool(key) and source.look(key) is not None
    except OSError:
        return False


def is_bare(url: str) -> bool:
    """Whether a part of a bucket has no objects or does not exist. Raises StoreAway."""
    source, key = source_of(url)
    try:
        return next(source.objects(key), None) is None
    except FileNotFoundError:
        return True
    except PermissionError:
        return False  # it exists, but access is denied: the listing reports that


def facts_in_store(url: str, relative: str) -> FileFacts:
    """Size and version of the object at ``url``. Raises OSError if there is none, StoreAway."""
    source, key = source_of(url)
    return _facts(relative, source.look(key))


class Listed:
    """The objects of one root that hold sound or notes; counts those that it skips, by reason."""

    def __init__(self, root: str, rules: Rules, stops: Collection[str]) -> None:
        self._root = root
        self._rules = rules
        self._stops = tuple(f"{stop}/" for stop in stops if is_in_store(stop))
        self._passes = lru_cache(maxsize=4096)(self._enters)
        self.suffixes: Counter[str] = Counter()
        self.by_rule = 0

    def below(self, part: str) -> Iterator[tuple[FileFacts, FileKind]]:
        """Facts and kind of every object at or under the relative ``part``. Raises OSError, StoreAway."""
        start = f"{self._root}/{part}" if part else self._root
        source, key = source_of(start)
        above = len(key) - len(part)  # length of the root's own key and the slash after it
        skipped = above + 1 if key and not part else above
        found = False
        for entry in source.objects(key):
            found = True
            relative = entry.key[skipped:]
            if self._is_wanted(relative):
                yield _facts(relative, entry), _kind_of(relative)
        if part and not found:  # the user named this object, so it is taken under any name
            yield facts_in_store(start, part), _kind_of(part)

    def _is_wanted(self, relative: str) -> bool:
        folder, _, name = relative.rpartition("/")
        if not name or name.startswith(".") or not self._passes(folder):
            return False
        if any(f"{self._root}/{relative}".startswith(stop) for stop in self._stops):
            return False
        if kind(name) not in ("sound", "notes"):
            self.suffixes[suffix_of(name)] += 1
            return False
        if self._rules.leave_out(folder, name, is_folder=False):
            self.by_rule += 1
            return False
        return True

    def _enters(self, folder: str) -> bool:
        """Whether objects in the relative ``folder`` are scanned. A folder that a rule leaves out is counted once."""
        if not folder:
            return True
        above, _, name = folder.rpartition("/")
        if not self._passes(above) or name.startswith("."):
            return False
        leaves_out = self._rules.leave_out(above, name, is_folder=True)
        self.by_rule += leaves_out
        return not leaves_out


def cause_of(error: OSError | StoreAway | UsageError) -> str:
    """Why a root cannot be listed, in words."""
    return (error.strerror or str(error)).lower() if isinstance(error, OSError) else str(error)


def _kind_of(name: str) -> FileKind:
    return "notes" if kind(name) == "notes" else "sound"


def _facts(relative: str, entry: StoredObject) -> FileFacts:
    return FileFacts(relative, entry.size_bytes, version_of(entry.etag))
