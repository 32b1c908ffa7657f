"""A process's memory for mapped files, as Linux counts it: resident bytes, and the pages that one call reads."""

from __future__ import annotations

import ctypes
import mmap
import os
from collections.abc import Callable, Iterator
from pathlib import Path

_SMAPS, _MAPS = Path("/proc/self/smaps"), Path("/proc/self/maps")


def resident_bytes(excluding: str) -> int | None:
    """Return this process's proportional set size without files whose name ends in ``excluding``; None without
    /proc.
    """
    sizes = _sizes("Pss:")
    return None if sizes is None else sum(size for name, size in sizes if not name.endswith(excluding))


def resident_of(ending: str) -> int | None:
    """Return the resident bytes of mapped files whose name ends in ``ending``; None on systems other than Linux."""
    sizes = _sizes("Rss:")
    return None if sizes is None else sum(size for name, size in sizes if name.endswith(ending))


def touched_pages(ending: str, call: Callable[[], object]) -> int | None:
    """Return how many pages of the mapped files with this name ending a call reads from disk if none is cached.

    The pages are dropped, read-ahead is switched off, and mincore(2) counts the cached pages after the call. The figure
    is only correct while no other process maps these files. None if pages stay cached, or on systems other than Linux.
    """
    if not _MAPS.exists():
        return None
    libc = ctypes.CDLL(None, use_errno=True)
    mappings = list(_mappings(ending))
    for start, length, file in mappings:
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.MADV_DONTNEED)
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.MADV_RANDOM)
        handle = os.open(file, os.O_RDONLY)
        os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(handle)
    before = sum(_cached(libc, start, length) for start, length, _ in mappings)
    call()
    after = sum(_cached(libc, start, length) for start, length, _ in mappings)
    for start, length, _ in mappings:
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), mmap.MADV_NORMAL)
    return None if before else after


def _mappings(ending: str) -> Iterator[tuple[int, int, str]]:
    """Address, length and file of each mapping of a file with this name ending."""
    for line in _MAPS.read_text("utf-8", "surrogateescape").splitlines():
        fields = line.split(maxsplit=5)
        if len(fields) == 6 and fields[5].endswith(ending):
            start, _, stop = fields[0].partition("-")
            yield int(start, 16), int(stop, 16) - int(start, 16), fields[5]


def _cached(libc: ctypes.CDLL, start: int, length: int) -> int:
    pages = (ctypes.c_ubyte * -(-length // mmap.PAGESIZE))()
    if libc.mincore(ctypes.c_void_p(start), ctypes.c_size_t(length), pages):
        raise OSError(ctypes.get_errno(), "mincore")
    return sum(page & 1 for page in pages)


def _sizes(field: str) -> list[tuple[str, int]] | None:
    """Name and size in bytes of every mapping, by one field of smaps."""
    try:
        lines = _SMAPS.read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    found, name = [], ""
    for line in lines:
        first, _, rest = line.partition(" ")
        if not first.endswith(":"):  # "7f00-7f01 r--p 00000000 fe:00 123   /path"
            name = rest.split(maxsplit=4)[4] if len(rest.split(maxsplit=4)) > 4 else ""
        elif first == field:
            found.append((name, int(rest.split()[0]) * 1024))
    return found
