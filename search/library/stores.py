"""The store of a library and the folder of its snapshots on this machine: whether each does what is needed of it."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from typing import Final

from search.audio.stores.finding import store_of
from search.catalog.diagnosing import Finding
from search.errors import LibraryError, StoreAway, UsageError
from search.ground.disks import why_unwritable
from search.library.description import read
from search.library.library import Library
from search.ports import ObjectStore

_PROBE: Final = b"soundalike doctor"


def diagnose(library: Library) -> Iterator[Finding]:
    """What there is to say of a library's index, its store and its cache."""
    described = read(library.path)
    yield Finding("index", library.index_kind.name)
    if described.store:
        yield _store(described.store)
    if described.cache or described.store:
        yield Finding("cache", str(library.cache), _cache_trouble(library))


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
        return Finding("store", url, f"an object cannot be kept there ({error.strerror or error})")


def _with_rights(url: str, store: ObjectStore, key: str) -> Finding:
    """Keep an object, try to keep another in its place, read it and take it away."""
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
        return Finding("store", url, "an object came back otherwise than it was kept; use another store")
    return Finding("store", f"{url} (reads, writes, removes; {took_ms:.1f} ms a request)")


def _read_only(url: str) -> Finding:
    store, prefix = store_of(url)
    try:
        next(store.objects(prefix), None)
    except OSError:
        return Finding("store", url, "the store refuses; check AWS_ACCESS_KEY_ID or AWS_PROFILE, and what it may do")
    return Finding("store", f"{url} (reads; that is enough to search, not to publish)")


def _cache_trouble(library: Library) -> str:
    if not library.cache.is_dir():
        return ""  # it is made when something is fetched or published
    return why_unwritable(library.cache) or ""
