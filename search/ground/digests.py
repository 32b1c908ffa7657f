"""Digests of files."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Final

PIECE_BYTES: Final = 1 << 20


def digest_of(file: io.RawIOBase, rest: Callable[[], None] = lambda: None) -> str:
    """Return the SHA-256 (hex) of a file from its current position. ``rest`` is called before each MB.

    Raises OSError.

    Examples:
        >>> digest_of(io.BytesIO(b"rain"))[:8]
        '319b44c5'
    """
    digest, piece = hashlib.sha256(), memoryview(bytearray(PIECE_BYTES))
    while True:
        rest()
        size = file.readinto(piece)
        if not size:
            return digest.hexdigest()
        digest.update(piece[:size])
