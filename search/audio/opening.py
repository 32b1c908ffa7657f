"""A path becomes an open regular file, or one clear cause. Nothing here can hang or have an effect on a device."""

from __future__ import annotations

import errno
import io
import os
import stat

from search.errors import AudioError

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


def open_regular(path: str) -> io.FileIO:
    """Open a regular file that is not empty for reading, at its start.

    Raises AudioError with the cause: missing, a broken link, no permission, a folder, a pipe, empty, ...
    """
    try:
        _check_kind(path, os.stat(path))  # noqa: PTH116 - the path may hold bytes that are no UTF-8; it stays a str
        # O_NONBLOCK: should a pipe take the file's place after the check, opening it still does not wait for a writer
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
    except OSError as error:
        raise AudioError(path, _cause(path, error)) from error
    except ValueError as error:  # a NUL, or a surrogate that stands for no byte
        raise AudioError(path, "no file can have this name") from error
    return io.FileIO(descriptor, "r")  # without its name, by whose suffix decoders would guess what is in it


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
