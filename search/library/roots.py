"""The roots of a library: which it has, and whether each can be read now."""

from __future__ import annotations

import os
import statistics
import time
from typing import Final

from search.catalog.diagnosing import Finding
from search.errors import StoreAway, UsageError
from search.ground.urls import STORE, bucket_and_key, is_in_store
from search.library.description import roots_of
from search.library.library import Library
from search.ports import Source
from search.sources.finding import source_of

_LOOKS: Final = 5
_SLOW_MS: Final = 200.0


def diagnose(library: Library) -> list[Finding]:
    """What there is to say of each root of a library, and of those that its ``library.toml`` names."""
    paths = dict.fromkeys([root.path for root in library.roots()] + list(roots_of(library.path)))
    return [_in_store(path) if is_in_store(path) else _folder(path) for path in paths]


def _folder(path: str) -> Finding:
    if not os.path.isdir(path):  # noqa: PTH112 - any bytes may be in it
        return Finding("root", path, "is not there; mount its disk, or say where it is now: soundalike relocate")
    if not os.access(path, os.R_OK | os.X_OK):
        return Finding("root", path, "may not be read; ask its owner")
    return Finding("root", path)


def _in_store(url: str) -> Finding:
    try:
        source, key = source_of(url)
        first = next(source.objects(key), None)
        if first is None:
            return Finding("root", url, "nothing is there; check the prefix")
        took_ms = _round_trip_ms(source, first.key)
    except FileNotFoundError:
        return Finding("root", url, f"there is no such bucket as {bucket_and_key(url)[0]}")
    except PermissionError:
        return Finding("root", url, "the store refuses; check AWS_ACCESS_KEY_ID or AWS_PROFILE, and what it may do")
    except (StoreAway, UsageError) as error:
        return Finding("root", url, str(error).removeprefix(f"{STORE}{bucket_and_key(url)[0]}: "))
    slow = "each object costs a turn: let the job run nearer to the store" if took_ms > _SLOW_MS else ""
    return Finding("root", f"{url} ({took_ms:.1f} ms to the first byte)", slow)


def _round_trip_ms(source: Source, key: str) -> float:
    """The median time that the first byte of an object takes."""
    took = []
    for _ in range(_LOOKS):
        began = time.perf_counter()
        source.look(key)
        took.append(1e3 * (time.perf_counter() - began))
    source.read(key)  # a right of its own
    return statistics.median(took)
