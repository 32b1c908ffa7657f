"""A bounded cache on disk, for results that are costly to make."""

from __future__ import annotations

import contextlib
import hashlib
import os
import threading
from collections.abc import Callable
from pathlib import Path

from search.snapshots.single import replacing

SWEEP_EVERY = 64
"""How many files are written between two checks of the size."""
KEPT_SHARE = 0.8
"""A sweep deletes the oldest files down to this share of the bound, so that the next sweep is not due at once."""


class DiskCache:
    """Bytes by name, in a folder of at most about ``max_bytes``; the least recently used are deleted first.

    Threads and processes may share the folder. If it is lost, or the disk fails, `get` makes the bytes again.
    """

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._lock = threading.Lock()
        self._written = 0

    def get(self, name: str, make: Callable[[], bytes]) -> bytes:
        """The bytes called ``name``; ``make`` makes them if they are not cached. Raises what ``make`` raises."""
        path = self._path(name)
        with contextlib.suppress(OSError):
            found = path.read_bytes()
            os.utime(path)
            return found
        made = make()
        with contextlib.suppress(OSError):
            self._put(path, made)
        return made

    def has(self, name: str) -> bool:
        """Whether ``name`` is cached."""
        return self._path(name).is_file()

    def _path(self, name: str) -> Path:
        digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()
        return self._folder / digest[:2] / digest[2:]

    def _put(self, path: Path, content: bytes) -> None:
        if len(content) > self._max_bytes * KEPT_SHARE:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as file:
            file.write(content)
        with self._lock:
            self._written += 1
            due = self._written % SWEEP_EVERY == 1
        if due:
            self._sweep()

    def _sweep(self) -> None:
        found: list[tuple[float, int, Path]] = []
        for path in self._folder.glob("*/*"):
            with contextlib.suppress(OSError):  # another process swept it
                status = path.stat()
                found.append((status.st_mtime, status.st_size, path))
        total = sum(size for _, size, _ in found)
        if total <= self._max_bytes:
            return
        for _, size, path in sorted(found):
            path.unlink(missing_ok=True)
            total -= size
            if total <= self._max_bytes * KEPT_SHARE:
                return
