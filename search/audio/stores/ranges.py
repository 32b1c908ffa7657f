"""An object as a file that is read by ranges, for readers of a part of it."""

from __future__ import annotations

import errno
import io
from collections import OrderedDict
from types import TracebackType
from typing import Final

from search.errors import AudioError, StoreAway
from search.model import StoredObject
from search.ports import Source

SMALL_BYTES: Final = 8 << 20
"""Objects up to this size are not fetched in parts."""
_JUMP_BYTES: Final = 256 << 10
"""How much is fetched around a position to which a reader jumps, including start and end. Mostly only a header is read,
and seeking in a FLAC file tries four or five positions."""
_MOST_BYTES: Final = 2 << 20
"""How much is fetched when a reader continues: ten seconds of lossless music."""
_KEPT_BYTES: Final = 8 << 20


class RangedFile(io.RawIOBase):
    """An object of a store as a file for reading. Not thread-safe.

    Decoders treat an error as the end of the file. So an error is kept, and raised when the ``with`` block of the file
    ends: StoreAway, or AudioError if the object is gone, refused or changed.
    """

    def __init__(self, url: str, source: Source, key: str) -> None:
        """Raises OSError if there is no such object or access is refused, StoreAway."""
        super().__init__()
        self._url = url
        self._source = source
        self._key = key
        self._at = 0
        self._parts: OrderedDict[int, memoryview] = OrderedDict()
        self._failure: StoreAway | AudioError | None = None
        self.object = self._first()

    def _first(self) -> StoredObject:
        try:
            found, self._parts[0] = self._source.read(self._key, 0, _JUMP_BYTES)
        except OSError as error:
            if error.errno != errno.ESTALE:
                raise
            found = self._source.look(self._key)
            if found.size_bytes:
                raise
        return found

    def readable(self) -> bool:
        """See `io.RawIOBase.readable`."""
        return True

    def seekable(self) -> bool:
        """See `io.RawIOBase.seekable`."""
        return True

    def tell(self) -> int:
        """See `io.RawIOBase.tell`."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """See `io.RawIOBase.seek`."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self.object.size_bytes}[whence]
        if base + offset < 0:
            raise OSError(errno.EINVAL, "a file has no position before its start")
        self._at = base + offset
        return self._at

    def read(self, size: int = -1, /) -> bytes:
        """See `io.RawIOBase.read`; returns less than ``size`` only at the end."""
        left = max(0, self.object.size_bytes - self._at)
        size = left if size < 0 else min(size, left)
        parts = []
        while size and (part := self._part(size)):
            parts.append(part)
            self._at += len(part)
            size -= len(part)
        return bytes(parts[0]) if len(parts) == 1 else b"".join(parts)

    def read1(self, size: int, /) -> bytes:
        """Up to ``size`` bytes, by one request at most."""
        left = max(0, self.object.size_bytes - self._at)
        part = self._part(min(size, left)) if left and size else memoryview(b"")
        self._at += len(part)
        return bytes(part)

    def readinto(self, buffer: bytearray, /) -> int:  # type: ignore[override]  # any writable buffer, as libsndfile's
        """See `io.RawIOBase.readinto`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Raise an error that was kept."""
        self.close()
        if self._failure is not None and (error is None or isinstance(error, AudioError)):
            raise self._failure from error

    def check(self) -> None:
        """Raise an error that was kept, for readers without a ``with`` block."""
        if self._failure is not None:
            raise self._failure

    def _part(self, size: int) -> memoryview:
        """The next bytes, ``size`` at most; none if they cannot be fetched."""
        at = self._at
        for start, data in self._parts.items():
            if start <= at < start + len(data):
                self._parts.move_to_end(start)
                return data[at - start : at - start + size]
        start, end = self._range(size)
        try:
            _, data = self._source.read(self._key, start, end, self.object.etag)
        except StoreAway as error:
            self._failure = error
            return memoryview(b"")
        except OSError as error:
            self._failure = AudioError(self._url, error.strerror or str(error))
            return memoryview(b"")
        self._parts[start] = data
        while sum(len(part) for part in self._parts.values()) > _KEPT_BYTES and len(self._parts) > 1:
            self._parts.popitem(last=False)
        return data[at - start : at - start + size]

    def _range(self, size: int) -> tuple[int, int]:
        """The range to fetch for a reader that needs ``size`` bytes from here."""
        at, whole = self._at, self.object.size_bytes
        if whole <= SMALL_BYTES:
            return at, whole
        goes_on = any(start + len(data) == at for start, data in self._parts.items())
        if goes_on or size > _JUMP_BYTES:
            return at, min(at + max(size, _MOST_BYTES), whole)
        start = max(0, min(at - _JUMP_BYTES // 2, whole - _JUMP_BYTES))  # a reader steps back a little
        return start, min(at + _JUMP_BYTES, whole)
