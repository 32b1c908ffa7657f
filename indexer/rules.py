"""What a scan leaves out by rule: bins of deleted files, patterns of the root, and pattern files in its folders.

* `BINS` are folders in which systems and network disks keep deleted files and their own data.
* The patterns of a root (``--exclude``) have the syntax of .gitignore, relative to the root; they are kept with it.
* A file `IGNORE_FILE` in any folder has such patterns for what lies below that folder. If several match a name, the
  nearest file decides; the root's own patterns take precedence over all.

As with git, everything in a folder that is left out is left out, even if a pattern includes it.
"""

# Paths are str here, as in indexer.scan.
# ruff: noqa: PTH118, PTH123
from __future__ import annotations

import os
from collections.abc import Sequence
from functools import lru_cache
from itertools import accumulate
from typing import TYPE_CHECKING, Final, TypeAlias

from search.errors import UsageError

if TYPE_CHECKING:
    from pathspec import GitIgnoreSpec

IGNORE_FILE: Final = ".soundalikeignore"
BINS: Final = frozenset(
    {
        "$recycle.bin", "recycler", "recycled", "recycle.bin", "recyclebin", "recycle bin",  # Windows; WD, Unraid
        "#recycle", "@recycle", "@recently-snapshot", "#snapshot", "@eadir", "@tmp", "@sharebin",  # Synology, QNAP
        "trashbox", "network trash folder", "files_trashbin", "files_versions",  # Buffalo, AppleShare, Nextcloud
        "system volume information", "lost+found", "__macosx", "_gsdata_",  # GoodSync
        *(f"found.{number:03}" for number in range(100)),  # recovered by chkdsk
    }
)  # fmt: skip
"""Folders, in lower case. Bins of other systems (.Trash, .Trashes, .recycle) are hidden folders, which are skipped."""
_MOST_BYTES: Final = 1 << 20
"""How much of an `IGNORE_FILE` is read."""

Specs: TypeAlias = "tuple[tuple[str, GitIgnoreSpec], ...]"
"""Folders, nearest first, each with the patterns that hold below it."""


class Rules:
    """What is left out of one root. Pattern files are cached, so make a new one for each scan."""

    def __init__(self, root: str, excludes: Sequence[str]) -> None:
        """``root`` is absolute. Raises UsageError for an invalid pattern."""
        self._root = root
        own = parse(excludes)
        self._own: Specs = () if own is None else (("", own),)
        self._specs = lru_cache(maxsize=4096)(self._read_specs)

    def leave_out(self, folder: str, name: str, *, is_folder: bool) -> bool:
        """Whether ``name`` in the relative ``folder`` is left out. The folder itself must not be left out."""
        if is_folder and name.lower() in BINS:
            return True
        path = f"{folder}/{name}" if folder else name
        for base, spec in (*self._own, *self._specs(folder)):
            inside = path[len(base) + 1 :] if base else path
            verdict = spec.check_file(inside + "/" if is_folder else inside).include
            if verdict is not None:
                return verdict
        return False

    def leave_out_path(self, path: str, *, is_folder: bool) -> bool:
        """Whether the relative ``path``, or a folder that it lies in, is left out."""
        if not path:
            return False
        steps = list(accumulate(path.split("/"), "{}/{}".format))
        return any(
            self.leave_out(*_split(step), is_folder=is_folder or place < len(steps) - 1)
            for place, step in enumerate(steps)
        )

    def _read_specs(self, folder: str) -> Specs:
        above = self._specs(_split(folder)[0]) if folder else ()
        file = os.path.join(self._root, *filter(None, folder.split("/")), IGNORE_FILE)
        try:
            with open(file, encoding="utf-8-sig", errors="surrogateescape") as lines:
                spec = parse(_valid(lines.read(_MOST_BYTES).splitlines()))
        except OSError:
            return above
        return above if spec is None else ((folder, spec), *above)


def parse(patterns: Sequence[str]) -> GitIgnoreSpec | None:
    """The patterns, or None if there are none. Raises UsageError that names an invalid pattern."""
    if not patterns:
        return None
    for pattern in patterns:
        if not _is_valid(pattern):
            raise UsageError(f"--exclude {pattern!r} is not a pattern as in .gitignore")
    return _spec(patterns)


def _valid(lines: Sequence[str]) -> list[str]:
    """The lines that are valid patterns; others are skipped, as git does."""
    return [line for line in lines if _is_valid(line)]


def _is_valid(pattern: str) -> bool:
    try:
        _spec([pattern])
    except ValueError:
        return False
    return True


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # only a scan needs it, but every command loads this module

    return GitIgnoreSpec.from_lines(patterns)


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name
