"""Results of a job that are kept in a file until they are published; their contents may not be in the catalog yet.

The file holds one record after another: the length and the CRC-32 of the rest, then JSON with the digest, the track
and the length of each array (a single number if all are equally long), then the arrays. A record names its content by
file digest and track, because the content may not have an id yet. A killed job leaves at most one incomplete record,
at the end. The reader ignores that record and anything after it; those contents are listened to again.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.errors import LibraryUnwritable, printable

_HEAD: Final = struct.Struct("<II")


@dataclass(frozen=True, slots=True)
class FoundArrays:
    """The result for one content: sound track ``track`` of the files whose bytes have this ``digest``."""

    digest: str
    track: int
    arrays: Mapping[str, NDArray[Any]]


class RecordFile:
    """A file of records. Only the holder of the library's lease writes it.

    ``what`` is its first line: what the file keeps and what made it. ``types`` are the dtypes of the arrays, in order.

    Examples:
        >>> import tempfile
        >>> folder = tempfile.TemporaryDirectory()
        >>> records = RecordFile(Path(folder.name) / "found", "numbers of an example", {"numbers": "<u4"})
        >>> records.add([FoundArrays("a1", 0, {"numbers": np.arange(3)})])
        >>> [found.arrays["numbers"].tolist() for found in records.read()]
        [[0, 1, 2]]
        >>> records.clear()
        >>> folder.cleanup()
    """

    def __init__(self, path: Path, what: str, types: Mapping[str, str]) -> None:
        self._path = path
        self._what = what.partition(" ")[0]
        self._first = f"{what}\n".encode()
        self._types = types

    def add(self, records: Iterable[FoundArrays]) -> None:
        """Append ``records``; they survive if the process is killed. Raises LibraryUnwritable (disk full)."""
        appended = b"".join(self._record(one) for one in records)
        if not appended:
            return
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(appended if file.tell() else self._first + appended)
        except OSError as error:
            raise self._unwritable(error) from error

    def read(self) -> list[FoundArrays]:
        """Return the records added since the last `clear`; none if the first line differs from ``what``."""
        try:
            data = self._path.read_bytes()
        except OSError:
            return []
        return list(self._records(data, len(self._first))) if data.startswith(self._first) else []

    def clear(self) -> None:
        """Delete the file, once its records are published. Raises LibraryUnwritable."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error

    def _unwritable(self, error: OSError) -> LibraryUnwritable:
        return LibraryUnwritable.because(f"{printable(str(self._path))}: {self._what} cannot be written", error)

    def _record(self, record: FoundArrays) -> bytes:
        arrays = [np.asarray(record.arrays[name], dtype) for name, dtype in self._types.items()]
        counts = [len(array) for array in arrays]
        count = counts[0] if len(set(counts)) == 1 else counts
        body = b"".join(
            (json.dumps([record.digest, record.track, count]).encode() + b"\n", *(array.tobytes() for array in arrays))
        )
        return _HEAD.pack(len(body), zlib.crc32(body)) + body

    def _records(self, data: bytes, at: int) -> Iterator[FoundArrays]:
        while at + _HEAD.size <= len(data):
            length, digest = _HEAD.unpack_from(data, at)
            body = data[at + _HEAD.size : at + _HEAD.size + length]
            if len(body) < length or zlib.crc32(body) != digest:
                return
            yield self._found(body)
            at += _HEAD.size + length

    def _found(self, body: bytes) -> FoundArrays:
        name, _, rest = body.partition(b"\n")
        digest, track, count = json.loads(name)
        counts = count if isinstance(count, list) else [count] * len(self._types)
        arrays, at = {}, 0
        for (array, type_), size in zip(self._types.items(), counts, strict=True):
            dtype = np.dtype(type_)
            arrays[array] = np.frombuffer(rest, dtype, size, at)
            at += size * dtype.itemsize
        return FoundArrays(digest, track, arrays)
