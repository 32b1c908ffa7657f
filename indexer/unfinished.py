"""What is encoded of long recordings that are not finished: in files, so that memory stays small, and a job that was
killed goes on inside a recording.

A file belongs to one sound track of one content. Its first line says what its windows were made by; behind it come
records: length and CRC-32 of what follows, then the number of a block of windows and the block's arrays. A killed job
leaves at most one torn record, the last: it counts as not there, and its windows are encoded again. So are those of a
damaged record, and of all behind it.
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
"""A file that nobody wrote to for so long is of a recording to which no job came back."""
_HEAD: Final = struct.Struct("<II")
_NUMBER: Final = struct.Struct("<I")

Arrays = tuple[NDArray[Any], ...]


class BlockFile:
    """The blocks of one track by their numbers. Threads share it."""

    def __init__(self, path: Path, maker: str) -> None:
        """What an earlier job kept in it is there, where the same ``maker`` made it."""
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
        """Append a block; whether it could be: the disk may be full, and one that was removed takes nothing more."""
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
                else:  # what is there is of no use, and gone before anything is written
                    self._path.parent.mkdir(parents=True, exist_ok=True)
                    with self._path.open("wb") as file:
                        file.write(self._first + record)
            except OSError:
                return False
            self._places[number] = (self._end + _HEAD.size, len(body))
            self._end += len(record)
        return True

    def read(self, number: int) -> Arrays:
        """The arrays of a block that is in it. Raises OSError."""
        at, length = self._places[number]
        with self._path.open("rb") as file:
            file.seek(at)
            return _arrays(file.read(length))

    def remove(self) -> None:
        """Take the file away, and write no other. One that cannot be taken away is found out by the next job again."""
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
    """The files of a library's recordings that are being encoded by ``maker``. The holder of its lease writes them."""

    def __init__(self, library: Path, maker: str) -> None:
        self._folder = library / FOLDER
        self._maker = maker

    def of(self, digest: str, track: int, speed: float) -> BlockFile:
        """That of a track, which is played at ``speed``."""
        return BlockFile(self._folder / f"{digest}-{track}", f"{self._maker}, speed {speed!r}")

    def done(self, digest: str) -> None:
        """Take away what there is of a file that is in the catalog by now; what cannot be stays for `clear`."""
        with suppress(OSError):
            for path in list(self._folder.iterdir()):
                if path.name.startswith(f"{digest}-"):
                    with suppress(OSError):
                        path.unlink(missing_ok=True)

    def is_empty(self) -> bool:
        """Whether there are none."""
        with suppress(OSError):
            return not any(self._folder.iterdir())
        return True

    def clear(self) -> None:
        """Take all of them away: nothing is unfinished. What cannot be taken away stays for the next job."""
        with suppress(OSError):
            discard(self._folder)


def take_away_old(library: Path, now_s: float) -> None:
    """Take away the files to which nobody wrote for `KEPT_S`. ``now_s`` is the time, in seconds since 1970."""
    with suppress(OSError):
        for path in list((library / FOLDER).iterdir()):
            with suppress(OSError):
                if now_s - path.stat().st_mtime > KEPT_S:
                    path.unlink()


def _records(file: io.BufferedReader) -> Iterator[tuple[int, bytes]]:
    """Where each whole record's body begins, and the body; up to the first that is none."""
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
