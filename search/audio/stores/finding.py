"""Resolve a URL to a store and a key in it. Each process connects separately, on its first request."""

from __future__ import annotations

import os
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from search.errors import UsageError, printable
from search.ground.extras import is_installed, why_missing
from search.ground.urls import FOLDER, bucket_and_key, is_in_store

if TYPE_CHECKING:
    from search.ports import ObjectStore

_CLIENT = "obstore"


def source_of(url: str) -> tuple[ObjectStore, str]:
    """The store that has the object at ``url``, and its key there. Raises UsageError: no bucket, no client."""
    bucket, key = bucket_and_key(url)
    if "@" in bucket or ":" in bucket:
        raise UsageError(
            "s3: an address must not contain keys; write s3://bucket/prefix, and set AWS_ACCESS_KEY_ID and "
            "AWS_SECRET_ACCESS_KEY"
        )
    if not bucket:
        raise UsageError(f"{printable(url)}: names no bucket; write s3://bucket or s3://bucket/prefix")
    return _bucket(bucket, os.getpid()), key


def store_of(url: str) -> tuple[ObjectStore, str]:
    """A store to write to (``s3://bucket/prefix``, or ``file:///folder``), and the prefix of keys there.

    Raises UsageError for any other URL, or if no client is installed.
    """
    if is_in_store(url):
        return source_of(url)
    path = url.removeprefix(FOLDER)
    if not url.startswith(FOLDER) or not Path(path).is_absolute():
        raise UsageError(f"{printable(url)}: is not a store; write s3://bucket/prefix, or file:///folder")
    return _folder(path, os.getpid()), ""


def make_store(url: str) -> None:
    """Create the folder of a store if it is missing; buckets must exist. Raises as `store_of`, LibraryUnwritable."""
    store_of(url)
    if not is_in_store(url):
        from search.audio.stores.folders import make_folder

        make_folder(url.removeprefix(FOLDER))


@lru_cache(maxsize=64)
def _folder(path: str, _process: int) -> ObjectStore:
    _require_client()
    from search.audio.stores.folders import FolderStore

    return FolderStore(path)


def _require_client() -> None:
    if not is_installed(_CLIENT):
        raise UsageError(why_missing("an object store", _CLIENT) or f"install {_CLIENT}")


@lru_cache(maxsize=64)
def _bucket(name: str, _process: int) -> ObjectStore:
    _require_client()
    from search.audio.stores.buckets import Bucket  # without a store, no client is needed

    return Bucket(name)


def forget() -> None:
    """Forget all connections, after the environment has changed to another store."""
    _bucket.cache_clear()
    _folder.cache_clear()
