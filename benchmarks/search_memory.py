"""What a process holds of its mapped files, as Linux counts it: resident bytes, and pages touched by one call."""

from __future__ import annotations

import mmap
from collections.abc import Callable
from pathlib import Path

_SMAPS = Path("/proc/self/smaps")
_CLEAR_REFERENCES = Path("/proc/self/clear_refs")


def resident_bytes(excluding: str) -> int | None:
    """The proportional set size of this process without the files whose name ends in ``excluding``; None elsewhere."""
    sizes = _sizes("Pss:")
    return None if sizes is None else sum(size for name, size in sizes if not name.endswith(excluding))


def resident_of(ending: str) -> int | None:
    """Resident bytes of the mapped files whose name ends in ``ending``; None elsewhere than on Linux."""
    sizes = _sizes("Rss:")
    return None if sizes is None else sum(size for name, size in sizes if name.endswith(ending))


def touched_pages(ending: str, call: Callable[[], object]) -> int | None:
    """How many pages of the files whose name ends in ``ending`` a call reads: those the processor marked as accessed.

    The call runs once before, so that no page fault maps neighbours and marks them. None where Linux does not tell.
    """
    call()
    try:
        _CLEAR_REFERENCES.write_text("1")
    except OSError:
        return None
    call()
    sizes = _sizes("Referenced:")
    return None if sizes is None else sum(size for name, size in sizes if name.endswith(ending)) // mmap.PAGESIZE


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
