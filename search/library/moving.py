"""Moving a library between a folder and a catalog on a server. Nothing is decoded or encoded.

The source library stays as it is. The target becomes a library only when it is complete: its ``library.toml``, or the
final name of its catalog's file, is written last. After an interruption, the same command resumes.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from search.audio.stores.finding import make_store
from search.catalog.opening import place_of
from search.catalog.store import Catalog
from search.errors import LibraryUnwritable, UsageError, printable
from search.library import leasing
from search.library.description import Description, describe, read, require_none
from search.library.library import Library
from search.library.ready import CATALOG_FILE, DESCRIPTION_FILE
from search.snapshots.shipping import OWN_FILES

_PARTIAL: Final = ".partial"
_UNFINISHED: Final = f"{CATALOG_FILE}.migrating"


def move(
    library: Library, folder: Path, url: str | None, progress: Callable[[int, int], None], store: str = ""
) -> None:
    """Copy ``library`` to ``folder``, with its catalog there or at ``url``. The copy ships snapshots to ``store``.

    The copy takes over the roots and the kind of index of ``library.toml``, but not store and cache (`left_behind`).
    ``progress(done, total)`` counts rows. Raises UsageError if the target has another library already, LibraryError if
    a library cannot be read, LibraryUnwritable, and LibraryBusy while somebody writes to either.
    """
    place = _place(folder, url)
    _require_outside(folder, library)
    if store:
        _require_own(store, library)
        make_store(store)
    _make(folder)
    holder = leasing.holder("migrate")
    with (
        library.catalog.lease(holder, leasing.WAIT_S),
        Catalog.open(place) as target,
        target.lease(holder, leasing.WAIT_S),
    ):
        library.catalog.copy_to(target, str(folder.resolve()), progress)
        for source in dict.fromkeys((library.path, library.cache)):
            _copy_files(source, folder)
    said = read(library.path)
    described = Description("" if url is None else url, store, said.index, roots=said.roots)
    if described != Description():
        describe(folder, described)
    if isinstance(place, Path):
        place.replace(folder / CATALOG_FILE)


def left_behind(library: Library, store: str = "") -> list[str]:
    """Return a line for each setting that a copy does not take over: two libraries would overwrite each other."""
    said = read(library.path)
    lines = []
    if said.store and not store:
        lines.append("it ships no snapshots: a store belongs to one library; name another with --store")
    if said.cache:
        lines.append("its snapshots are in its folder: a cache belongs to one library")
    return lines


def _require_own(store: str, library: Library) -> None:
    if store.rstrip("/") == read(library.path).store.rstrip("/"):
        raise UsageError("the store belongs to the library to copy; name another, or another prefix in it")


def _place(folder: Path, url: str | None) -> Path | str:
    """Return where the new catalog is while it is being made."""
    require_none(folder)
    if url is None:
        return folder / _UNFINISHED
    return place_of(url, folder)


def _require_outside(folder: Path, library: Library) -> None:
    """Refuse a target inside the source: it would be copied into itself. Raises UsageError."""
    for source in (library.path.resolve(), library.cache.resolve()):
        if folder.resolve().is_relative_to(source):
            raise UsageError(
                f"{printable(str(folder))}: is inside the library to copy ({printable(str(source))}); "
                "name a folder outside it"
            )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LibraryUnwritable.because(f"{printable(str(folder))}: cannot be made", error) from error


def _copy_files(source: Path, folder: Path) -> None:
    """Copy the files that are derived from a catalog: snapshots, maps, fingerprints. Skip those already copied."""
    for file in _files(source):
        target = folder / file.relative_to(source)
        facts = file.stat()
        if target.exists() and (target.stat().st_size, target.stat().st_mtime_ns) == (facts.st_size, facts.st_mtime_ns):
            continue
        partial = target.with_name(target.name + _PARTIAL)
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(file, partial)
            partial.replace(target)
        except OSError as error:
            raise LibraryUnwritable.because(f"{printable(str(target))}: cannot be written", error) from error


def _files(source: Path) -> Iterator[Path]:
    for folder, below, names in os.walk(source):
        below[:] = [one for one in below if one not in OWN_FILES and not _is_library(Path(folder, one))]
        for name in sorted(names):
            is_catalog = Path(folder) == source and (
                name.startswith(CATALOG_FILE) or name in (DESCRIPTION_FILE, *OWN_FILES)
            )
            if not is_catalog and not name.endswith(_PARTIAL):
                yield Path(folder) / name


def _is_library(folder: Path) -> bool:
    """Return whether ``folder`` has another library, or an unfinished copy of one."""
    return any((folder / name).exists() for name in (DESCRIPTION_FILE, CATALOG_FILE, _UNFINISHED))
