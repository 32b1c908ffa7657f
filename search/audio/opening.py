"""Open a path as a regular file, or raise one clear cause. Nothing here can hang or affect a device.

The URL of an object in a store is a path too; the object is a file that is read by ranges (`search.audio.stores`).
"""

from __future__ import annotations

import errno
import io
import os
import stat
import time

from search.errors import AudioError
from search.ground.urls import is_in_store
from search.model import StoredObject

_KINDS = (
    (stat.S_ISDIR, "a folder, not a file"),
    (stat.S_ISFIFO, "a named pipe, not a file"),
    (stat.S_ISSOCK, "a socket, not a file"),
    (stat.S_ISCHR, "a device, not a file"),
    (stat.S_ISBLK, "a device, not a file"),
)

_CAUSES = {
    errno.ENOENT: "no such file",
    errno.ENOTDIR: "no such file",
    errno.EACCES: "no permission to read it",
    errno.EPERM: "no permission to read it",
    errno.ELOOP: "a link that leads to itself",
    errno.ENAMETOOLONG: "the name is too long",
    errno.EMFILE: "too many files are open in this process",
    errno.ENFILE: "too many files are open on this machine",
}


def open_regular(path: str) -> io.RawIOBase:
    """Open a regular file that is not empty for reading, at its start.

    Raises AudioError with the cause: missing, a broken link, no permission, a folder, a pipe, empty, ...; StoreAway.
    """
    if is_in_store(path):
        return _open_object(path)
    try:
        _check_kind(path, os.stat(path))  # noqa: PTH116 - the path may hold bytes that are no UTF-8; it stays a str
        # O_NONBLOCK: if a pipe replaces the file after the check, opening it does not wait for a writer
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise AudioError(path, _cause(path, error)) from error
    except ValueError as error:  # a NUL, or a surrogate that is no byte
        raise AudioError(path, "no file can have this name") from error
    return io.FileIO(descriptor, "r")  # without its name: decoders would guess the format from the suffix


def size_bytes(file: io.RawIOBase) -> int:
    """The size of an open file; its position stays."""
    at = file.tell()
    size = file.seek(0, io.SEEK_END)
    file.seek(at)
    return size


def changed_s(file: io.RawIOBase) -> float:
    """When an open file was last modified, in seconds since 1970; the current time if that is unknown."""
    if isinstance(file, io.FileIO):
        return os.fstat(file.fileno()).st_mtime
    found = getattr(file, "object", None)
    return found.modified_s if isinstance(found, StoredObject) else time.time()


def _open_object(url: str) -> io.RawIOBase:
    from search.audio.stores.copies import open_object

    try:
        file = open_object(url)
    except OSError as error:
        raise AudioError(url, _CAUSES.get(error.errno or 0) or error.strerror or str(error)) from error
    if not size_bytes(file):
        file.close()
        raise AudioError(url, "the file is empty")
    return file


def _check_kind(path: str, status: os.stat_result) -> None:
    for is_kind, cause in _KINDS:
        if is_kind(status.st_mode):
            raise AudioError(path, cause)
    if status.st_size == 0:
        raise AudioError(path, "the file is empty")


def _cause(path: str, error: OSError) -> str:
    if error.errno == errno.ENOENT and os.path.islink(path):  # noqa: PTH114 - as above
        return "a broken link"
    return _CAUSES.get(error.errno or 0) or f"cannot be opened: {error.strerror or error}"
