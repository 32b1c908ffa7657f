"""An address becomes a source and a key in it. Each process connects for itself, when it is first asked."""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

from search.errors import UsageError, printable
from search.ground.extras import is_installed, why_missing
from search.ground.urls import bucket_and_key

if TYPE_CHECKING:
    from search.ports import Source

_CLIENT = "obstore"


def source_of(url: str) -> tuple[Source, str]:
    """The source that has the object at ``url``, and its key there. Raises UsageError: no bucket, no client."""
    bucket, key = bucket_and_key(url)
    if not bucket:
        raise UsageError(f"{printable(url)}: names no bucket; write s3://bucket or s3://bucket/prefix")
    return _bucket(bucket, os.getpid()), key


@lru_cache(maxsize=64)
def _bucket(name: str, _process: int) -> Source:
    if not is_installed(_CLIENT):
        raise UsageError(why_missing("sound in an object store", _CLIENT) or f"install {_CLIENT}")
    from search.sources.buckets import Bucket  # who has no store needs no client

    return Bucket(name)


def forget() -> None:
    """Let the next address be looked for anew: the environment names another store by now."""
    _bucket.cache_clear()
