"""A file as a decoder should see it: a part of it, with some bytes replaced. The file on disk is not changed."""

from __future__ import annotations

import io
from collections.abc import Mapping


class View(io.RawIOBase):
    """``file`` from ``begin`` to ``end`` (None: its own end), with ``mends``: other bytes by their position in it.

    Examples:
        >>> view = View(io.BytesIO(b"tag, RIFF, noise"), begin=5, end=9, mends={1: b"i"})
        >>> view.read(), view.seek(-1, io.SEEK_END), view.read()
        (b'RiFF', 3, b'F')
    """

    def __init__(
        self,
        file: io.RawIOBase | io.BytesIO,
        *,
        begin: int = 0,
        end: int | None = None,
        mends: Mapping[int, bytes] | None = None,
    ) -> None:
        self._file = file
        self._begin = begin
        self._end = end
        self._mends = mends or {}

    def read(self, size: int = -1, /) -> bytes:
        """See `io.RawIOBase.read`."""
        begin = self.tell()
        if self._end is not None:
            left = max(0, self._end - self._begin - begin)
            size = left if size < 0 else min(size, left)
        data = bytearray(self._file.read(size) or b"")
        for at, mend in self._mends.items():
            for place, byte in enumerate(mend, at - begin):
                if 0 <= place < len(data):
                    data[place] = byte
        return bytes(data)

    def readinto(self, buffer: bytearray, /) -> int:  # type: ignore[override]  # any writable buffer, as libsndfile's
        """See `io.RawIOBase.readinto`."""
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        """See `io.RawIOBase.seek`."""
        if whence == io.SEEK_SET:
            offset += self._begin
        elif whence == io.SEEK_END and self._end is not None:
            offset, whence = self._end + offset, io.SEEK_SET
        return self._file.seek(offset, whence) - self._begin

    def tell(self) -> int:
        """See `io.RawIOBase.tell`."""
        return self._file.tell() - self._begin
