"""What a scan leaves out by rule: bins of deleted files, patterns of the root, and files of patterns in its folders.

* `BINS` are where systems and network disks keep what was deleted, and what they keep for themselves.
* The patterns of a root (``--exclude``) are those of .gitignore, relative to the root; they are kept with it.
* A file `IGNORE_FILE` in any folder has such patterns for what lies below that folder. Of several that say something of
  a name the nearest decides; the root's own patterns come before them all.

What lies in a folder that is left out is left out, whatever says otherwise, as with git.
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
        *(f"found.{number:03}" for number in range(100)),  # what chkdsk came upon
    }
)  # fmt: skip
"""Folders, in lower case. Those of other systems begin with a dot (.Trash, .Trashes, .recycle), as what is hidden."""
_MOST_BYTES: Final = 1 << 20
"""An `IGNORE_FILE` is read so far."""

Specs: TypeAlias = "tuple[tuple[str, GitIgnoreSpec], ...]"
"""Folders, nearest first, each with the patterns that hold below it."""


class Rules:
    """What is left out of one root, as of now: make one for each look at it."""

    def __init__(self, root: str, excludes: Sequence[str]) -> None:
        """``root`` is absolute. Raises UsageError for a pattern that is none."""
        self._root = root
        own = parse(excludes)
        self._own: Specs = () if own is None else (("", own),)
        self._specs = lru_cache(maxsize=4096)(self._read_specs)

    def leave_out(self, folder: str, name: str, *, is_folder: bool) -> bool:
        """Whether ``name`` in the relative ``folder``, which is not left out itself, is left out."""
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
    """The patterns, None where there are none. Raises UsageError that names the pattern that is none."""
    if not patterns:
        return None
    for pattern in patterns:
        if not _is_valid(pattern):
            raise UsageError(f"--exclude {pattern!r} is no pattern of the kind that .gitignore has")
    return _spec(patterns)


def _valid(lines: Sequence[str]) -> list[str]:
    """The lines that are patterns; git passes over others, too."""
    return [line for line in lines if _is_valid(line)]


def _is_valid(pattern: str) -> bool:
    try:
        _spec([pattern])
    except ValueError:
        return False
    return True


def _spec(patterns: Sequence[str]) -> GitIgnoreSpec:
    from pathspec import GitIgnoreSpec  # a scan alone needs it, and every command loads this module

    return GitIgnoreSpec.from_lines(patterns)


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name
