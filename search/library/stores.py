"""Checks of a library's index, its store, and its folder of snapshots."""

from __future__ import annotations

import os
import secrets
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from search.audio.stores.finding import store_of
from search.catalog.diagnosing import Finding
from search.errors import LibraryError, StoreAway, UsageError
from search.ground.disks import why_unwritable
from search.library.description import cache_of, read
from search.library.library import Library
from search.library.publishing import IndexKind
from search.ports import ObjectStore, OnServer

_PROBE: Final = b"soundalike doctor"


def diagnose(library: Library) -> Iterator[Finding]:
    """Check a library's index, its store and its cache."""
    yield _index(library.index_kind)
    yield from described(library.path)


def described(folder: Path) -> Iterator[Finding]:
    """Check the store and the cache that a library's ``library.toml`` names."""
    said = read(folder)
    if said.store:
        yield _store(said.store)
    if said.cache or said.store:
        cache = cache_of(folder)
        yield Finding("cache", str(cache), _cache_trouble(cache))


def _index(kind: IndexKind) -> Finding:
    if not isinstance(kind.open, OnServer):
        return Finding("index", kind.name)
    try:
        return Finding("index", f"{kind.name} at {kind.open.server()}")
    except (LibraryError, UsageError) as error:
        return Finding("index", kind.name, str(error))


def _store(url: str) -> Finding:
    try:
        store, prefix = store_of(url)
        key = f"{prefix}/doctor-{secrets.token_hex(8)}".lstrip("/")
        return _with_rights(url, store, key)
    except FileNotFoundError:
        return Finding("store", url, "there is no such bucket")
    except PermissionError:
        return _read_only(url)
    except (LibraryError, StoreAway, UsageError) as error:
        return Finding("store", url, str(error))
    except OSError as error:
        return Finding("store", url, f"an object cannot be written there ({error.strerror or error})")


def _with_rights(url: str, store: ObjectStore, key: str) -> Finding:
    """Write an object, try to write another with the same key, read the object, and delete it."""
    began = time.perf_counter()
    store.write(key, _PROBE, new=True)
    try:
        was_replaced = store.write(key, b"another", new=True)
        _, data = store.read(key)
    finally:
        store.remove(key)
    took_ms = 1e3 * (time.perf_counter() - began) / 4
    if was_replaced:
        return Finding("store", url, "it replaces objects although If-None-Match forbids that; use another store")
    if bytes(data) != _PROBE:
        return Finding("store", url, "an object read back is not what was written; use another store")
    return Finding("store", f"{url} (reads, writes, removes; {took_ms:.1f} ms a request)")


def _read_only(url: str) -> Finding:
    store, prefix = store_of(url)
    try:
        next(store.objects(prefix), None)
    except OSError:
        return Finding("store", url, "the store denies access; check AWS_ACCESS_KEY_ID or AWS_PROFILE, and its rights")
    return Finding("store", f"{url} (reads; that is enough to search, not to publish)")


def _cache_trouble(cache: Path) -> str:
    """Return why the cache cannot be written, "" if it can. It may be absent: fetching or publishing creates it."""
    there = next(folder for folder in (cache, *cache.parents) if os.path.lexists(folder))
    try:
        Path(tempfile.mkdtemp(prefix=".doctor-", dir=there)).rmdir()
    except OSError as error:
        return f"{there} cannot be written ({error.strerror or error}); name another folder, or ask its owner"
    return why_unwritable(there) or ""
