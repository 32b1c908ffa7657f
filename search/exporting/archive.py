"""A ZIP file, generated as it is read, so that it is never held in memory or on disk.

Sounds are stored uncompressed: most formats are compressed already, and so entries can be read in place.
"""

from __future__ import annotations

import time
import zipfile
from collections.abc import Iterable, Iterator
from typing import Final

_EARLIEST: Final = (1980, 1, 1, 0, 0, 0)
_LATEST: Final = (2107, 12, 31, 23, 59, 58)
BLOCK_BYTES: Final = 1 << 18


def zip_blocks(entries: Iterable[tuple[str, float, Iterable[bytes]]]) -> Iterator[bytes]:
    """The bytes of a ZIP file with these ``entries``: name, time (seconds since 1970), and content in blocks.

    An entry is requested from ``entries`` after those before it have been read.

    Examples:
        >>> archive = b"".join(zip_blocks([("a.txt", 0.0, [b"rain"])]))
        >>> zipfile.ZipFile(io.BytesIO(archive)).read("a.txt")
        b'rain'
    """
    sink = _Sink()
    with zipfile.ZipFile(sink, "w") as archive:
        for name, modified_s, blocks in entries:
            with archive.open(zipfile.ZipInfo(name, _moment(modified_s)), "w", force_zip64=True) as entry:
                for block in blocks:
                    entry.write(block)
                    yield sink.take()
    yield sink.take()


def _moment(modified_s: float) -> tuple[int, int, int, int, int, int]:
    """A time for a ZIP file: in this system's time zone, clamped to the years that the format supports."""
    try:
        moment = time.localtime(modified_s)[:6]
    except (OverflowError, ValueError, OSError):
        return _EARLIEST
    return min(max(moment, _EARLIEST), _LATEST)


class _Sink:
    """Collects written bytes until they are taken."""

    def __init__(self) -> None:
        self._written: list[bytes] = []

    def write(self, data: bytes, /) -> int:
        """Collect ``data``."""
        self._written.append(bytes(data))
        return len(data)

    def flush(self) -> None:
        """Do nothing."""

    def close(self) -> None:
        """Do nothing: collected bytes can still be taken."""

    def take(self) -> bytes:
        """All bytes written after the last call."""
        taken, self._written = b"".join(self._written), []
        return taken
