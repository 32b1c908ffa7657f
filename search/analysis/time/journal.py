"""Events that a job found on its way, from before their contents are in the catalog until they are published.

A file of records, one behind the other: length and CRC-32 of what follows, then JSON of digest, track and count, then
the arrays of `EventRows`. A content is named by its file's digest and its track, since it has no id yet. A killed job
leaves at most one torn record, the last: it and what follows it count as not found, and are listened to again.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from search.analysis.time.events import EventRows
from search.errors import LibraryUnwritable, printable

_HEAD: Final = struct.Struct("<II")
_TYPES: Final = {"classes": "<u2", "starts_ms": "<u4", "lengths_ms": "<u4", "probabilities": "|u1"}


@dataclass(frozen=True, slots=True)
class FoundEvents:
    """The events of a content: sound track ``track`` of the files whose bytes have this ``digest``."""

    digest: str
    track: int
    rows: EventRows


class Journal:
    """Such a file. Only the holder of the library's lease writes it. ``maker`` is what its events were made by."""

    def __init__(self, path: Path, maker: str) -> None:
        self._path = path
        self._first = f"events of {maker}\n".encode()

    def add(self, events: Iterable[FoundEvents]) -> None:
        """Append events; a killed process loses none of them. Raises LibraryUnwritable (disk full)."""
        records = b"".join(_record(one) for one in events)
        if not records:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(records if file.tell() else self._first + records)
        except OSError as error:
            raise self._unwritable(error) from error

    def read(self) -> list[FoundEvents]:
        """What was added since it was cleared; what another maker made is left out."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return []
        return list(_records(data, len(self._first))) if data.startswith(self._first) else []

    def clear(self) -> None:
        """Take it away: its events are published. Raises LibraryUnwritable."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> LibraryUnwritable:
        return LibraryUnwritable.because(f"{printable(str(self._path))}: events cannot be kept", error)


def _record(events: FoundEvents) -> bytes:
    name = json.dumps([events.digest, events.track, len(events.rows)]).encode() + b"\n"
    arrays = (np.asarray(getattr(events.rows, name), dtype).tobytes() for name, dtype in _TYPES.items())
    body = b"".join((name, *arrays))
    return _HEAD.pack(len(body), zlib.crc32(body)) + body


def _records(data: bytes, at: int) -> Iterator[FoundEvents]:
    while at + _HEAD.size <= len(data):
        length, digest = _HEAD.unpack_from(data, at)
        body = data[at + _HEAD.size : at + _HEAD.size + length]
        if len(body) < length or zlib.crc32(body) != digest:
            return
        yield _found(body)
        at += _HEAD.size + length


def _found(body: bytes) -> FoundEvents:
    name, _, rest = body.partition(b"\n")
    digest, track, count = json.loads(name)
    arrays, at = [], 0
    for one in fields(EventRows):
        dtype = np.dtype(_TYPES[one.name])
        arrays.append(np.frombuffer(rest, dtype, count, at))
        at += count * dtype.itemsize
    return FoundEvents(digest, track, EventRows(*arrays))
