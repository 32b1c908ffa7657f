"""Objects that are at hand as files while somebody works on them: fetched once, hashed on the way.

A job looks at a sound several times: its bytes for the digest, its tags, its header, its samples. Each look would be a
request of its own, or more; and decoders read files of the system faster than anything else.
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
"""A copy takes at most one part in so many of what is free: others work beside."""

_copies: dict[str, str] = {}
_lock = threading.Lock()


@contextmanager
def fetched(url: str, facts: FileFacts, rest: Callable[[], None] = lambda: None) -> Iterator[str]:
    """The SHA-256 of an object's bytes, hex; within the block whoever opens it reads the copy that was made of it.

    With a ``rest`` before each MB. Of what does not fit on the disk for temporary files no copy is made: it is read
    again by whoever opens it. Raises AudioError when it is not as ``facts`` says any more, OSError when it is gone or
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
    """Whether an object is `fetched` at this moment."""
    return url in _copies


def open_object(url: str) -> io.RawIOBase:
    """An object as a file to be read: its copy where it has one, else by ranges.

    Raises OSError where there is none or it may not be read, StoreAway.
    """
    copy = _copies.get(url)
    if copy is not None:
        return io.FileIO(os.open(copy, os.O_RDONLY | getattr(os, "O_BINARY", 0)), "r")
    return RangedFile(url, *source_of(url))


def version_of(etag: str) -> int:
    """A number that stands for an ETag where files have their times: 63 bits of its digest."""
    return int.from_bytes(hashlib.blake2b(etag.encode(), digest_size=8).digest()) >> 1


def _hashed(
    url: str, source: Source, key: str, file: IO[bytes] | None, facts: FileFacts, *, rest: Callable[[], None]
) -> str:
    """Fetch an object into ``file``, if there is one; the digest of its bytes."""
    digest, at, etag = hashlib.sha256(), 0, ""
    size = facts.size_bytes
    step = size if size <= SMALL_BYTES else RANGE_BYTES
    while at < size or not etag:
        rest()
        found, data = source.read(key, at, min(at + step, size), etag) if size > step else source.read(key)
        if found.size_bytes != size or version_of(found.etag) != facts.mtime_ns:
            raise AudioError(url, "changed after it was listed; the next run takes it")
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
            f"no room for temporary files in {tempfile.gettempdir()}: free some, or set TMPDIR; then run it again"
        )
    return error
