"""Paths that are addresses of an object store: ``s3://bucket/sounds/rain.wav``."""

from __future__ import annotations

import os
from typing import Final

STORE: Final = "s3://"
"""How the address of an object begins, and that of a root in a store."""
FOLDER: Final = "file://"
"""How the address of a folder begins that is used as a store."""


def is_in_store(path: str) -> bool:
    """Whether ``path`` is an address in an object store, and not a place of this machine.

    >>> is_in_store("s3://bucket/rain.wav"), is_in_store("/sounds/rain.wav")
    (True, False)
    """
    return path.startswith(STORE)


def bucket_and_key(url: str) -> tuple[str, str]:
    """The bucket that an address names, and the key in it ('' for the whole bucket).

    >>> bucket_and_key("s3://bucket/sounds/rain.wav")
    ('bucket', 'sounds/rain.wav')
    """
    bucket, _, key = url.removeprefix(STORE).partition("/")
    return bucket, key


def absolute(path: str) -> str:
    """A path from here, by which it can be found from anywhere; links stay. An address is one as it is."""
    return path.rstrip("/") if is_in_store(path) else os.path.abspath(path)  # noqa: PTH100 - resolve() follows links
