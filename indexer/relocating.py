"""Relocation of folders of a library: moved, mounted at another place, on another machine or system.

`relocation` gives the changes to write when a person reports a move; `moved_root` recognises a move. Clips keep their
ids, and so their titles, likes and other data that people attached.
"""

# Paths are str here, as in indexer.scan.
# ruff: noqa: PTH116, PTH118
from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final

from indexer.pipeline import digest_of_file
from indexer.scan import covers, is_absent, resolve
from search.errors import UsageError, printable
from search.model import CatalogChange, DropRoot, KnownFile, MoveClip, MoveRoot, Root
from search.ports import CatalogWriter, Lease

_WINDOWS: Final = re.compile(r"[A-Za-z]:[\\/]|\\\\")
"""The start of an absolute path of Windows: a drive, or a network name."""
_SAMPLE: Final = 50
_SHARE: Final = 0.8
"""Share of a sample that must exist with the same sizes; it is below 1 because some files may be gone."""
_READ: Final = 3
"""How many files are compared by their bytes."""
_PARENTS: Final = 3
_NO_SPACE: Final = 0
_BATCH: Final = 2_000


def relocate(catalog: CatalogWriter, lease: Lease, roots: Sequence[Root], old: str, new: str) -> int:
    """Write that what was at ``old`` is at ``new``. Return how many clips were relocated.

    Raises UsageError if nothing of the library was at ``old``.
    """
    changes = list(relocation(catalog, roots, old, new))
    if not changes:
        raise UsageError(
            f"no clip of this library is at {printable(old)}; its folders: "
            + (", ".join(printable(root.path) for root in roots) or "none")
        )
    for start in range(0, len(changes), _BATCH):
        catalog.apply(lease, changes[start : start + _BATCH])
    moved = {change.root_id for change in changes if isinstance(change, MoveRoot)}
    clips = sum(len(catalog.files(root_id, _NO_SPACE)) for root_id in moved)
    return clips + sum(isinstance(change, MoveClip) for change in changes)


def relocation(catalog: CatalogWriter, roots: Sequence[Root], old: str, new: str) -> Iterator[CatalogChange]:
    """The changes that relocate what was at ``old`` to ``new``: roots at or below ``old``, or a folder inside a root.

    If there is already a root at the new place (it was indexed there before the move was reported), the clips of the
    old root replace its clips, because people know the old ids. A root without clips is dropped.

    Raises UsageError if the two roots play their sounds at different speeds.
    """
    old, new = _plain(old), _plain(new)
    at_new = {root.path: root for root in roots}
    inside = [(root, rest) for root in roots if (rest := _below(root.path, old)) is not None]
    for root, rest in inside:
        target = os.path.join(new, *rest.split("/")) if rest else new
        if target == root.path:
            continue
        if target not in at_new:
            yield MoveRoot(root.id, target)
            continue
        there = at_new[target]
        if not catalog.files(there.id, _NO_SPACE):
            yield DropRoot(there.id)
            yield MoveRoot(root.id, target)
            continue
        _check_speeds(root, there)
        yield from _moves(catalog, root, "", there, "")
        yield DropRoot(root.id)
    if inside:
        return
    around = max((root for root in roots if _below(old, root.path)), key=lambda root: len(root.path), default=None)
    if around is not None:
        into = max((root for root in roots if _below(new, root.path) is not None), key=_length, default=None)
        into = into or catalog.root(new, around.speed)
        _check_speeds(around, into)
        yield from _moves(catalog, around, _below(old, around.path) or "", into, _below(new, into.path) or "")


def moved_root(catalog: CatalogWriter, roots: Sequence[Root], path: str) -> tuple[Root, str] | None:
    """A root that is missing and whose files are now at ``path``, with the folder that holds them; else None.

    The folder is ``path`` or one below it with the root's name. It is recognised by names and sizes of a sample of the
    files, and by the bytes of a few.
    """
    for root in roots:
        known_files = catalog.files(root.id, _NO_SPACE) if is_absent(root.path) else {}
        if not known_files:
            continue
        names = [name for name in re.split(r"[\\/]", root.path) if name][-_PARENTS:]
        for count in range(len(names) + 1):
            folder = os.path.join(path, *names[len(names) - count :])
            every = max(1, len(known_files) // _SAMPLE)
            if _lie_at(folder, [known_files[name] for name in list(known_files)[::every]]):
                return root, folder
    return None


def _lie_at(folder: str, sample: Sequence[KnownFile]) -> bool:
    same = [file for file in sample if _size_at(folder, file) == file.facts.size_bytes]
    return len(same) >= max(1, _SHARE * len(sample)) and all(
        digest_of_file(os.path.join(folder, file.facts.path)) == file.digest for file in same[:_READ]
    )


def _size_at(folder: str, file: KnownFile) -> int | None:
    try:
        return os.stat(os.path.join(folder, *file.facts.path.split("/"))).st_size
    except (OSError, ValueError):
        return None


def _moves(catalog: CatalogWriter, root: Root, part: str, target: Root, target_part: str) -> Iterator[MoveClip]:
    for path, file in catalog.files(root.id, _NO_SPACE).items():
        if covers(part, path):
            inside = path[len(part) + 1 :] if part else path
            moved = f"{target_part}/{inside}" if target_part else inside
            yield MoveClip(file.clip_id, target.id, replace(file.facts, path=moved))


def _check_speeds(root: Root, into: Root) -> None:
    if root.speed != into.speed:
        raise UsageError(
            f"the sounds of {printable(root.path)} are indexed as played at speed {root.speed:g}, those of "
            f"{printable(into.path)} at {into.speed:g}; first remove what is there: soundalike remove "
            f"{printable(into.path)}"
        )


def _plain(path: str) -> str:
    """A path as roots have it: absolute, without a separator at its end. A Windows path stays as given."""
    if _WINDOWS.match(path):
        return path.rstrip("\\/")
    return resolve(path)


def _below(path: str, folder: str) -> str | None:
    """``path`` relative to ``folder``, with '/' between its parts; '' if they are equal, None if it is elsewhere.

    Both are written as on the system where they were indexed. On Windows, case does not count.
    """
    if _WINDOWS.match(folder):
        path, folder = path.replace("\\", "/"), folder.replace("\\", "/")
        if path.casefold().startswith(folder.rstrip("/").casefold() + "/"):
            return path[len(folder.rstrip("/")) + 1 :]
        return "" if path.casefold() == folder.casefold() else None
    if path == folder:
        return ""
    start = folder.rstrip("/") + "/"
    return path[len(start) :] if path.startswith(start) else None


def _length(root: Root) -> int:
    return len(root.path)
