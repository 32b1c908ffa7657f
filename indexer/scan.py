"""Scan what is on disk: which root a path belongs to, and which files under it hold sound or notes.

Rules, in the order in which they apply:

* A PATH inside a root of the library belongs to that root, and only that part of the root is scanned.
* A PATH above roots of the library becomes a root of its own. The inner roots keep their folders (they are scanned
  as roots), so no file is ever a clip of two roots.
* A single file outside every root makes its folder a root (or a folder above it that the caller names). Only that
  file is scanned; it is taken under any name.
* Names that begin with a dot are skipped (hidden files and folders, and the ``._name`` files of macOS on foreign
  disks), and so is what a rule leaves out (`indexer.rules`).
* A file with a suffix of sound or notes is taken. Any other file is taken if its first bytes are those of sound or
  notes (`search.audio.signatures`).
* In an object store, only names decide (`indexer.stores`).
* Symbolic links are followed. Each folder is entered once, so loops end; a real folder comes before links to it.
"""

# Paths are str here, as the system gave them: any bytes are allowed, and a hundred thousand paths cost little.
# ruff: noqa: PTH100, PTH112, PTH114, PTH116, PTH118, PTH120
from __future__ import annotations

import os
import stat
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from indexer import stores
from indexer.handles import check_handles
from indexer.rules import Rules
from search.audio import FileKind, kind, kind_inside, suffix_of
from search.errors import StoreAway, UsageError
from search.ground.urls import is_in_store
from search.model import FileFacts, Root

_LEAST, _MOST = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class Place:
    """A PATH resolved: ``root`` is the absolute path of its root, ``part`` its relative path under that ('' = all)."""

    root: str
    part: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Something in the tree that cannot be read. ``facts.path`` is relative; ``folder``: nothing below it was scanned.

    ``kind`` is the kind that its name suggests.
    """

    facts: FileFacts
    cause: str
    folder: bool = False
    kind: FileKind = "sound"


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of the tree that may hold sound or notes. ``kind``: by its name, or else by its content."""

    facts: FileFacts
    kind: FileKind


def resolve(path: str) -> str:
    """``path`` made absolute, with links to folders resolved; a link to a file keeps its own name."""
    if is_in_store(path):
        return path.rstrip("/")
    if os.path.isdir(path):
        return os.path.realpath(path)
    head, name = os.path.split(os.path.abspath(path))
    return os.path.join(os.path.realpath(head), name)


def locate(paths: Sequence[str], roots: Iterable[str], new_roots: Sequence[str] = ()) -> tuple[list[Place], list[str]]:
    """The places of ``paths``, given the folders of the library's ``roots``; and the paths that are missing.

    If no root contains a file, the folder of ``new_roots`` (absolute, without links) that contains it becomes a root.

    Places are in order from the top down. A PATH inside another PATH is dropped; roots inside a PATH are places of
    their own. A path is missing if it neither exists nor lies in a root.
    """
    all_roots = set(roots)
    candidates: list[Place] = []
    missing: list[str] = []
    for path in sorted({resolve(p) for p in paths}, key=len):
        root = max((folder for folder in all_roots if _is_within(path, folder)), key=len, default=None)
        if root is None:
            if not stores.exists(path):
                missing.append(path)
                continue
            own_folder = path if stores.is_folder(path) else os.path.dirname(path)
            root = next((folder for folder in new_roots if _is_within(path, folder)), own_folder)
            all_roots.add(root)
        candidates.append(Place(root, _relative(path, root)))
        candidates.extend(Place(inner) for inner in sorted(all_roots) if inner != root and _is_within(inner, path))
    places: list[Place] = []
    for candidate in candidates:
        if not any(candidate.root == place.root and covers(place.part, candidate.part) for place in places):
            places.append(candidate)
    return places, missing


def covers(part: str, path: str) -> bool:
    """Whether the relative ``path`` is ``part`` or lies under it."""
    return not part or path == part or path.startswith(part + "/")


@dataclass(slots=True)
class Noticed:
    """What a walk noticed besides the files that it yields.

    ``suffixes``: how many files without sound were skipped, by suffix ('' without one). ``by_rule``: how many files and
    folders a rule left out. ``mounts``: the relative folders at which another disk begins ('' is the root).
    """

    suffixes: Counter[str] = field(default_factory=Counter)
    by_rule: int = 0
    mounts: list[str] = field(default_factory=list)


def walk(
    root: str,
    part: str,
    stops: Collection[str],
    *,
    rules: Rules | None = None,
    noticed: Noticed | None = None,
) -> Iterator[FoundFile | Unreadable]:
    """Every file of ``root`` at or under ``part`` that may hold sound or notes, folder by folder, names in order.

    ``stops`` are absolute folders that are not entered under any name (other roots). ``noticed`` collects what else
    the walk sees. Memory grows with the largest folder, not with the tree. Raises JobError if no folder can be opened
    any more.
    """
    start = os.path.join(root, *part.split("/")) if part else root
    noticed = noticed or Noticed()
    if is_in_store(root):
        yield from _listed(root, part, stops, rules or Rules(root, ()), noticed)
        return
    listed = _Lister(rules or Rules(root, ()), noticed)
    is_folder = os.path.isdir(start)
    if listed.leaves_out_path(part, is_folder=is_folder):
        return
    if not is_folder:
        named = kind(start) or kind_inside(start)
        # the user named this file, so it is taken under any name
        yield _look(start, part, named if named == "notes" else "sound")
        return
    entered = {identity for identity in map(_identity, stops) if identity is not None}
    above = _identity(os.path.dirname(start))
    waiting = [(start, part, None if above is None else above[0])]
    by_link: list[tuple[str, str, int | None]] = []
    while waiting or by_link:
        folder, relative, device = waiting.pop() if waiting else by_link.pop()
        try:
            identity = _identity(folder)
            if identity is None or identity in entered:
                continue
            entered.add(identity)
            if identity[0] != device:
                noticed.mounts.append(relative)
            listing = listed(folder, relative)
        except OSError as error:
            check_handles(error)
            yield Unreadable(FileFacts(relative, 0, 0), _cause(error), folder=True)
            continue
        prefix = relative + "/" if relative else ""
        device = identity[0]
        waiting.extend((os.path.join(folder, name), prefix + name, device) for name in reversed(listing.folders))
        by_link.extend((os.path.join(folder, name), prefix + name, device) for name in reversed(listing.links))
        for name, of_kind in listing.files:
            yield _look(os.path.join(folder, name), prefix + name, of_kind)


def _listed(
    root: str, part: str, stops: Collection[str], rules: Rules, noticed: Noticed
) -> Iterator[FoundFile | Unreadable]:
    """What `walk` yields for a root in a store."""
    listed = stores.Listed(root, rules, stops)
    try:
        for facts, of_kind in listed.below(part):
            yield FoundFile(facts, of_kind)
    except FileNotFoundError as error:
        yield Unreadable(FileFacts(part, 0, 0), stores.cause_of(error), folder=not part)
    except (OSError, StoreAway, UsageError) as error:
        yield Unreadable(FileFacts(part, 0, 0), stores.cause_of(error), folder=True)
    noticed.suffixes.update(listed.suffixes)
    noticed.by_rule += listed.by_rule


def is_absent(root: str) -> bool:
    """Whether a folder is missing or holds only hidden names (.DS_Store): what an unmounted disk leaves.

    For a part of a bucket: whether it has no objects; false if the store does not answer, which the walk reports.
    """
    if is_in_store(root):
        with suppress(StoreAway):
            return stores.is_bare(root)
        return False
    try:
        with os.scandir(root) as entries:
            return all(entry.name.startswith(".") for entry in entries)
    except (FileNotFoundError, NotADirectoryError):
        return True
    except OSError:
        return False  # it exists but cannot be read: the walk reports that


def absent_mounts(root: Root) -> tuple[str, ...]:
    """The folders below a root at which a disk was mounted (``root.mounts``) that is missing now.

    Such a folder is gone, or `is_absent` is true of it and no disk begins there.
    """
    return tuple(mount for mount in root.mounts if mount and _is_away(root.absolute(mount)))


def _is_away(mount: str) -> bool:
    own, above = _identity(mount), _identity(os.path.dirname(mount))
    return own is None or (is_absent(mount) and above is not None and own[0] == above[0])


def emptied_folder(root: Root, path: str) -> str | None:
    """The nearest existing folder above the missing file at ``path``, if it is empty (`is_absent`); else None.

    An empty folder may mean that a disk is not mounted. The path is relative; the root itself is never returned.
    """
    folder = path.rpartition("/")[0]
    while folder and not os.path.lexists(root.absolute(folder)):
        folder = folder.rpartition("/")[0]
    return folder if folder and is_absent(root.absolute(folder)) else None


@dataclass(frozen=True, slots=True)
class _Listing:
    files: list[tuple[str, FileKind]]
    folders: list[str]
    links: list[str]
    """Links to folders."""


class _Lister:
    """Lists folders: the names that matter."""

    def __init__(self, rules: Rules, noticed: Noticed) -> None:
        self._rules = rules
        self._noticed = noticed

    def __call__(self, folder: str, relative: str) -> _Listing:
        """The names in a folder that matter, sorted. Raises OSError."""
        listing = _Listing([], [], [])
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith("."):
                    continue
                if entry.is_dir(follow_symlinks=False):
                    into = listing.folders
                elif entry.is_symlink() and _leads_to_folder(entry):
                    into = listing.links
                else:
                    self._file(entry, relative, listing)
                    continue
                if self._rules.leave_out(relative, entry.name, is_folder=True):
                    self._noticed.by_rule += 1
                else:
                    into.append(entry.name)
        for names in (listing.files, listing.folders, listing.links):
            names.sort()
        return listing

    def leaves_out_path(self, part: str, *, is_folder: bool) -> bool:
        """Whether a rule leaves out the place where a walk starts. If so, it is counted."""
        leaves_out = self._rules.leave_out_path(part, is_folder=is_folder)
        self._noticed.by_rule += leaves_out
        return leaves_out

    def _file(self, entry: os.DirEntry[str], relative: str, listing: _Listing) -> None:
        of_kind = kind(entry.name) or kind_inside(entry.path)
        if of_kind == "other":
            self._noticed.suffixes[suffix_of(entry.name)] += 1
        elif self._rules.leave_out(relative, entry.name, is_folder=False):
            self._noticed.by_rule += 1
        else:
            listing.files.append((entry.name, of_kind))


def _leads_to_folder(link: os.DirEntry[str]) -> bool:
    try:
        return link.is_dir()
    except OSError:
        return False  # a link to itself; if it has the name of a sound, `_look` reports it


def _look(path: str, relative: str, of_kind: FileKind) -> FoundFile | Unreadable:
    try:
        facts = facts_of(path, relative)
    except FileNotFoundError:
        cause = "a broken link" if os.path.islink(path) else "no such file or folder"
    except OSError as error:
        cause = _cause(error)
    else:
        if facts is not None:
            return FoundFile(facts, of_kind)
        cause = "not a regular file"
    return Unreadable(FileFacts(relative, 0, 0), cause, kind=of_kind)


def facts_of(path: str, relative: str) -> FileFacts | None:
    """Size and times of the file at ``path``; None if it is not a regular file (reading a pipe would never end).

    For an object in a store: its size and version. Raises OSError, StoreAway.
    """
    if is_in_store(path):
        return stores.facts_in_store(path, relative)
    status = os.stat(path)
    if not stat.S_ISREG(status.st_mode):
        return None
    # on Windows, st_ctime is the time of creation
    changed_ns = None if os.name == "nt" else _clamped(status.st_ctime_ns)
    return FileFacts(relative, _clamped(status.st_size), _clamped(status.st_mtime_ns), changed_ns)


def _clamped(number: int) -> int:
    """``number`` clamped to 64 bits. File systems give times from 1601 to 30828; in nanoseconds, 1677 to 2262 fit."""
    return max(_LEAST, min(number, _MOST))


def _identity(folder: str) -> tuple[int, int] | None:
    """Device and inode of a folder; None if it is gone."""
    try:
        status = os.stat(folder)
    except FileNotFoundError:
        return None
    return status.st_dev, status.st_ino


def _cause(error: OSError) -> str:
    return (error.strerror or str(error)).lower()


def _is_within(path: str, folder: str) -> bool:
    return path == folder or path.startswith(folder.rstrip(os.sep) + os.sep)


def _relative(path: str, root: str) -> str:
    return "" if path == root else path[len(root.rstrip(os.sep)) + 1 :].replace(os.sep, "/")
