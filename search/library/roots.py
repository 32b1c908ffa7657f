"""The roots of a library: checking whether each can be read, and removing one."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from search.audio.stores.finding import source_of
from search.catalog.diagnosing import Finding
from search.errors import StoreAway, UsageError
from search.ground.urls import STORE, bucket_and_key, is_in_store
from search.library.description import roots_of
from search.library.leasing import holder
from search.library.library import Library
from search.model import DropRoot, RemoveClip
from search.ports import Source

_LOOKS: Final = 5
_SLOW_MS: Final = 200.0
_REMOVED_AT_ONCE: Final = 500


def diagnose(library: Library) -> list[Finding]:
    """Check each root of a library, and those that its ``library.toml`` names."""
    return described(library.path, [root.path for root in library.roots()])


def described(folder: Path, catalogued: Sequence[str] = ()) -> list[Finding]:
    """Check the roots of the catalog, and those that a library's ``library.toml`` names."""
    paths = dict.fromkeys([*catalogued, *roots_of(folder)])
    return [_in_store(path) if is_in_store(path) else _folder(path) for path in paths]


def _folder(path: str) -> Finding:
    if not os.path.isdir(path):  # noqa: PTH112 - any bytes may be in it
        return Finding("root", path, "is not there; mount its disk, or say where it is now: soundalike relocate")
    if not os.access(path, os.R_OK | os.X_OK):
        return Finding("root", path, "no permission to read it; ask its owner")
    return Finding("root", path)


def _in_store(url: str) -> Finding:
    try:
        source, key = source_of(url)
        first = next(source.objects(key), None)
        if first is None:
            return Finding("root", url, "nothing is there; check the prefix")
        took_ms = _round_trip_ms(source, first.key)
    except FileNotFoundError:
        return Finding("root", url, f"there is no bucket called {bucket_and_key(url)[0]}")
    except PermissionError:
        return Finding("root", url, "the store denies access; check AWS_ACCESS_KEY_ID or AWS_PROFILE, and its rights")
    except (StoreAway, UsageError) as error:
        return Finding("root", url, str(error).removeprefix(f"{STORE}{bucket_and_key(url)[0]}: "))
    slow = "each object costs a round trip: run the job nearer to the store" if took_ms > _SLOW_MS else ""
    return Finding("root", f"{url} ({took_ms:.1f} ms to the first byte)", slow)


def _round_trip_ms(source: Source, key: str) -> float:
    """Measure the median time to the first byte of an object, in milliseconds."""
    took = []
    for _ in range(_LOOKS):
        began = time.perf_counter()
        source.look(key)
        took.append(1e3 * (time.perf_counter() - began))
    source.read(key)  # reading needs a permission of its own
    return statistics.median(took)


def remove_root(library: Library, path: str, progress: Callable[[int, int], None], wait_s: float) -> None:
    """Remove a root and all its clips from the library. Its files stay where they are.

    ``progress(done, total)`` counts removed clips, and may raise to stop; clips removed by then stay removed. An
    unknown root is no error. Raises LibraryBusy if another writer holds the lease for longer than ``wait_s``.
    """
    root = next((root for root in library.roots() if root.path == path), None)
    if root is None:
        return
    with library.writer.lease(holder("remove"), wait_s) as lease:
        ids = library.catalog.clips_of_root(root.id)
        for start in range(0, len(ids), _REMOVED_AT_ONCE):
            library.giving_way.rest()
            progress(start, len(ids))
            library.writer.apply(lease, [RemoveClip(one) for one in ids[start : start + _REMOVED_AT_ONCE]])
        library.writer.apply(lease, [DropRoot(root.id)])
        for space in library.reader.spaces():
            library.publisher.publish(space, lease)
    progress(len(ids), len(ids))
