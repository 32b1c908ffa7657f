"""The engines of the search benchmark by name."""

from __future__ import annotations

from collections.abc import Callable

from benchmarks.index.databases import LanceDb, Zvec
from benchmarks.index.engines import (
    Engine,
    Exact,
    Hnswlib,
    Soundalike,
    SoundalikeAsked,
    SoundalikeGpu,
    SoundalikeTuned,
    Usearch,
    Voyager,
)
from search.errors import UsageError

ENGINES: dict[str, Callable[[], Engine]] = {
    Soundalike.name: Soundalike,
    SoundalikeTuned.name: SoundalikeTuned,
    SoundalikeAsked.name: SoundalikeAsked,
    SoundalikeGpu.name: SoundalikeGpu,
    Exact.name: Exact,
    Hnswlib.name: Hnswlib,
    Usearch.name: Usearch,
    Voyager.name: Voyager,
    LanceDb.name: LanceDb,
    Zvec.name: Zvec,
}
PEERS = (Hnswlib.name, Usearch.name, Voyager.name)


def engine_of(name: str) -> Engine:
    """Return the engine of that name. Raises UsageError for an unknown one."""
    if name not in ENGINES:
        raise UsageError(f"no engine is called {name!r}; there are {', '.join(ENGINES)}")
    return ENGINES[name]()


def built_as(name: str) -> str:
    """Return the engine whose build the one called ``name`` opens: all of ours are the same on disk."""
    return Soundalike.name if isinstance(engine_of(name), Soundalike) else name
