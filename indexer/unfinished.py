"""Encoded blocks of long recordings that are not finished, kept in files.

This keeps memory small, and lets the next job continue inside a recording if a job is killed.

A file belongs to one sound track of one content. Its first line identifies what made its windows. Records follow: the
length and CRC-32 of the body, then the body: the number of a block of windows, and the block's arrays. A killed job
leaves at most one torn record, at the end. A torn or damaged record and all records after it are ignored, and their
windows are encoded again.
"""

from __future__ import annotations

import io
import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.snapshots.folders import discard

FOLDER: Final = "unfinished"
"""In a library's folder."""
KEPT_S: Final = 30 * 24 * 3600.0
"""A file that was not written to for this long is deleted: no job has resumed its recording."""
_HEAD: Final = struct.Struct("<II")
_NUMBER: Final = struct.Struct("<I")

Arrays = tuple[NDArray[Any], ...]


class BlockFile:
    """The blocks of one track by their numbers. Threads share it."""

    def __init__(self, path: Path, maker: str) -> None:
        """Blocks that an earlier job kept are used if the same ``maker`` made them."""
        self._path = path
        self._first = maker.encode() + b"\n"
        self._lock = threading.Lock()
        self._places: dict[int, tuple[int, int]] = {}
        self._end = len(self._first)
        self._is_removed = False
        self._open()

    def __contains__(self, number: int) -> bool:
        """Whether a block is in it."""
        return number in self._places

    def add(self, number: int, arrays: Sequence[NDArray[Any]]) -> bool:
        """Append a block. Return False if it could not be written (the disk is full) or the file was removed."""
        out = io.BytesIO()
        out.write(_NUMBER.pack(number))
        for array in arrays:
            np.lib.format.write_array(out, array, allow_pickle=False)
        body = out.getvalue()
        record = _HEAD.pack(len(body), zlib.crc32(body)) + body
        with self._lock:
            if self._is_removed:
                return False
            try:
                if self._places:
                    with self._path.open("r+b") as file:
                        file.truncate(self._end)
                        file.seek(self._end)
                        file.write(record)
                else:  # an existing file is of another maker or damaged: overwrite it
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    with self._path.open("wb") as file:
                        file.write(self._first + record)
            except OSError:
                return False
            self._places[number] = (self._end + _HEAD.size, len(body))
            self._end += len(record)
        return True

    def read(self, number: int) -> Arrays:
        """The arrays of a block that the file has. Raises OSError."""
        at, length = self._places[number]
        with self._path.open("rb") as file:
            file.seek(at)
            return _arrays(file.read(length))

    def remove(self) -> None:
        """Delete the file, and write no more. If it cannot be deleted, the next job detects the mismatch again."""
        with self._lock:
            self._is_removed = True
            with suppress(OSError):
                self._path.unlink(missing_ok=True)

    def _open(self) -> None:
        try:
            with self._path.open("rb") as file:
                if file.read(len(self._first)) != self._first:
                    return
                for at, body in _records(file):
                    self._places[_NUMBER.unpack_from(body)[0]] = (at, len(body))
                    self._end = at + len(body)
        except OSError:
            return


class Unfinished:
    """The block files of a library for recordings encoded by ``maker``. Only the holder of the lease writes them."""

    def __init__(self, library: Path, maker: str) -> None:
        self._folder = library / FOLDER
        self._maker = maker

    def of(self, digest: str, track: int, speed: float) -> BlockFile:
        """The block file of a track that is played at ``speed``."""
        return BlockFile(self._folder / f"{digest}-{track}", f"{self._maker}, speed {speed!r}")

    def done(self, digest: str) -> None:
        """Delete the block files of a content that is in the catalog now; what cannot be deleted is left to `clear`."""
        with suppress(OSError):
            for path in list(self._folder.iterdir()):
                if path.name.startswith(f"{digest}-"):
                    with suppress(OSError):
                        path.unlink(missing_ok=True)

    def is_empty(self) -> bool:
        """Whether there are no block files."""
        with suppress(OSError):
            return not any(self._folder.iterdir())
        return True

    def clear(self) -> None:
        """Delete all block files, because nothing is unfinished. What cannot be deleted is left to the next job."""
        with suppress(OSError):
            discard(self._folder)


def take_away_old(library: Path, now_s: float) -> None:
    """Delete block files that were not written to for `KEPT_S`. ``now_s`` is the time in seconds since 1970."""
    with suppress(OSError):
        for path in list((library / FOLDER).iterdir()):
            with suppress(OSError):
                if now_s - path.stat().st_mtime > KEPT_S:
                    path.unlink()


def _records(file: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    """The offset of each valid record's body, and the body; stops at the first invalid record."""
    size = os.fstat(file.fileno()).st_size
    while len(head := file.read(_HEAD.size)) == _HEAD.size:
        length, digest = _HEAD.unpack(head)
        at = file.tell()
        if not _NUMBER.size <= length <= size - at:
            return
        body = file.read(length)
        if len(body) < length or zlib.crc32(body) != digest:
            return
        yield at, body


def _arrays(body: bytes) -> Arrays:
    source = io.BytesIO(body[_NUMBER.size :])
    found: list[NDArray[Any]] = []
    while source.tell() < len(body) - _NUMBER.size:
        found.append(np.lib.format.read_array(source, allow_pickle=False))
    return tuple(found)
