"""Local copies of objects while they are processed: fetched once, and hashed on the way.

A job reads a sound several times: its bytes for the digest, its tags, its header, its samples. Each would need one or
more requests, and decoders read local files fastest.
"""

from __future__ import annotations

import errno
import hashlib
import io
import os
import shutil
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import IO, Final

from search.audio.stores.finding import source_of
from search.audio.stores.ranges import SMALL_BYTES, RangedFile
from search.errors import FULL, AudioError, JobError
from search.model import FileFacts
from search.ports import Source

RANGE_BYTES: Final = 1 << 20
_ROOM: Final = 4
"""A copy takes at most one part in this many of the free disk space, because other workers need some too."""

_copies: dict[str, str] = {}
_lock = threading.Lock()


@contextmanager
def fetched(url: str, facts: FileFacts, rest: Callable[[], None] = lambda: None) -> Iterator[str]:
    """The SHA-256 of an object's bytes, in hex; within the block, opening the object reads a local copy.

    Calls ``rest`` before each MB. If the object does not fit on the disk for temporary files, no copy is made, and it
    is read from the store again. Raises AudioError if it differs from ``facts`` by now, OSError if it is gone or
    refused, StoreAway, JobError.
    """
    source, key = source_of(url)
    if facts.size_bytes > shutil.disk_usage(tempfile.gettempdir()).free // _ROOM:
        yield _hashed(url, source, key, None, facts, rest=rest)
        return
    try:
        descriptor, path = tempfile.mkstemp(prefix="soundalike-")
    except OSError as error:
        raise _no_room(error) from error
    try:
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            digest = _hashed(url, source, key, file, facts, rest=rest)
        with _lock:
            _copies[url] = path
        yield digest
    finally:
        with _lock:
            _copies.pop(url, None)
        with suppress(OSError):
            os.unlink(path)  # noqa: PTH108 - as mkstemp gave it


def has_copy(url: str) -> bool:
    """Whether there is a copy of an object now (`fetched`)."""
    return url in _copies


def open_object(url: str) -> io.RawIOBase:
    """Open an object for reading: its local copy if there is one, else by ranges.

    Raises OSError if it does not exist or access is refused, StoreAway.
    """
    copy = _copies.get(url)
    if copy is not None:
        return io.FileIO(os.open(copy, os.O_RDONLY | getattr(os, "O_BINARY", 0)), "r")
    return RangedFile(url, *source_of(url))


def version_of(etag: str) -> int:
    """A number for an ETag, used like the modification time of a file: 63 bits of its digest."""
    return int.from_bytes(hashlib.blake2b(etag.encode(), digest_size=8).digest()) >> 1


def _hashed(
    url: str, source: Source, key: str, file: IO[bytes] | None, facts: FileFacts, *, rest: Callable[[], None]
) -> str:
    """Fetch an object, into ``file`` unless that is None; returns the digest of its bytes."""
    digest, at, etag = hashlib.sha256(), 0, ""
    size = facts.size_bytes
    step = size if size <= SMALL_BYTES else RANGE_BYTES
    while at < size or not etag:
        rest()
        found, data = source.read(key, at, min(at + step, size), etag) if size > step else source.read(key)
        if found.size_bytes != size or version_of(found.etag) != facts.mtime_ns:
            raise AudioError(url, "changed after it was listed; the next run will index it")
        etag = found.etag or "*"
        digest.update(data)
        at += len(data)
        if file is not None:
            try:
                file.write(data)
            except OSError as error:
                raise _no_room(error) from error
    return digest.hexdigest()


def _no_room(error: OSError) -> OSError | JobError:
    if error.errno in FULL or error.errno == errno.EROFS:
        return JobError(
            f"no space for temporary files in {tempfile.gettempdir()}: free some, or set TMPDIR; then run it again"
        )
    return error
