"""What the bytes of a file are known by."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable
from typing import Final

PIECE_BYTES: Final = 1 << 20


def digest_of(file: io.RawIOBase, rest: Callable[[], None] = lambda: None) -> str:
    """The SHA-256 of the bytes of a file from where it stands, hex, with a ``rest`` before each MB of them.

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
