"""A simulated failing disk: its contents after a power cut at any moment, and calls that fail because it is full.

`Watched` stands between this process and the system inside its block. It sees every call that changes the watched
folder: files opened and written, flushed, linked, renamed and deleted, folders made and removed. So it knows what a
disk may have lost if the power fails at that moment: all bytes that ``fsync`` has not flushed, and all names in a
folder that was not flushed. SQLite's writes are not seen. Its files are taken as they are, because it flushes each
commit itself and has tests of its own for that. Any other library that writes by itself would not be seen either; but
our code flushes what is published.
"""

from __future__ import annotations

import io
import os
import stat
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from unittest.mock import patch

from search.errors import FULL

Loss = Literal["all", "bytes", "zeros"]
"""What a power cut takes. "all": every name and byte that is not flushed. "bytes": only bytes, because names are
written at once; files are then shorter. "zeros": the same with zeros in place of the missing bytes, as on some file
systems.
"""
LOSSES: Final[tuple[Loss, ...]] = ("all", "bytes", "zeros")

_FREEING: Final = ("unlink", "remove", "rmdir")
"""Calls that a full disk does not refuse."""

END: Final = "the end"
"""What follows the last call."""

_CALLS: Final = ("fsync", "link", "rename", "replace", "unlink", "remove", "rmdir", "mkdir")

Key = tuple[int, int]
"""A file or folder independent of its name: device and inode."""


@dataclass(frozen=True)
class Cut:
    """The possible contents of the disk after a power cut just before call number ``call``.

    ``files`` are contents by relative path, None for a folder.
    """

    loss: Loss
    call: int
    before: str
    files: Mapping[str, bytes | None]

    def write(self, folder: Path) -> None:
        """Write it as a real folder."""
        for name, content in self.files.items():
            path = folder / name
            if content is None:
                path.mkdir(parents=True, exist_ok=True)
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)


@dataclass
class Watched:
    """See the module. ``refuse`` makes call number n and all after it fail with an errno: ``(n, errno.ENOSPC)``.

    Cuts are noted before the first call and each ``every``-th after it, and at the end.
    """

    folder: Path
    refuse: tuple[int, int] | None = None
    cuts: list[Cut] = field(default_factory=list)
    calls: int = 0
    cutting: bool = True
    every: int = 1

    def __post_init__(self) -> None:
        self._flushed: dict[Key, bytes] = {}
        self._names: dict[Key, dict[str, Key]] = {}
        self._held: dict[Key, int] = {}  # kept open, so that the system does not reuse an inode
        self._seen: set[int] = set()
        self._lock = threading.RLock()
        self._inside = False

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Stand between the process and the disk inside the block. Whatever was there before counts as flushed."""
        if self.cutting:
            self._flush_everything()
        with ExitStack() as stack:
            for name in _CALLS:
                stack.enter_context(patch.object(os, name, self._instead_of(name, getattr(os, name))))
            stack.enter_context(patch.object(io, "open", self._open))
            try:
                yield
            finally:
                self._cut(END)
        for handle in self._held.values():
            os.close(handle)
        self._held.clear()

    def _instead_of(self, name: str, call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the wrapped call's signature
            if self._inside or not self._concerns(args[0], kwargs):
                return call(*args, **kwargs)
            self.about_to(f"{name} {args[0]}")
            result = call(*args, **kwargs)
            if name == "fsync" and self.cutting:
                self._was_flushed(args[0])
            return result

        return watched

    def _open(self, file: Any, mode: str = "r", *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as in io.open
        if self._inside or not set(mode) & set("wxa+") or not self._concerns(file, {}):
            return _OPEN(file, mode, *args, **kwargs)
        self.about_to(f"open {file}")
        if mode == "xb" and not args and not kwargs:
            return io.BufferedWriter(_Raw(file, self))
        return _OPEN(file, mode, *args, **kwargs)

    def _concerns(self, what: Any, kwargs: Mapping[str, Any]) -> bool:  # noqa: ANN401 - a path or a handle
        if isinstance(what, int):
            facts = os.fstat(what)
            key = facts.st_dev, facts.st_ino
            return key in self._held or key in self._walk().values()
        folder = kwargs.get("dir_fd")
        if folder is not None:
            return self._concerns(folder, {})
        return Path(os.path.abspath(os.fsdecode(what))).is_relative_to(self.folder)  # noqa: PTH100 - follows no link

    def about_to(self, what: str) -> None:
        """Announce a call: the power may fail before it, or the disk may refuse it."""
        with self._lock:
            self.calls += 1
            if self.calls % self.every == 1 % self.every:
                self._cut(what)
            needs_room = not what.startswith(_FREEING)
            if self.refuse is not None and self.calls >= self.refuse[0] and (needs_room or self.refuse[1] not in FULL):
                raise OSError(self.refuse[1], os.strerror(self.refuse[1]))

    def _was_flushed(self, handle: int) -> None:
        with self._lock:
            facts = os.fstat(handle)
            there = self._walk()
            name = next((name for name, key in there.items() if key == (facts.st_dev, facts.st_ino)), None)
            if name is not None:  # it still has a name
                self._flush(name, there)

    def _flush_everything(self) -> None:
        there = self._walk()
        for name in there:
            self._flush(name, there)

    def _flush(self, name: str, there: Mapping[str, Key]) -> None:
        """Note that a file's bytes, or a folder's names, are on the disk."""
        path = self.folder / name
        if stat.S_ISDIR(path.lstat().st_mode):
            inside = (other for other in there if other != name and Path(other).parent == Path(name))
            self._names[there[name]] = {Path(other).name: there[other] for other in inside}
        else:
            self._flushed[there[name]] = path.read_bytes()

    def _walk(self) -> dict[str, Key]:
        """Everything below the folder by relative path (the folder itself is "."); all of it is kept open."""
        inside, self._inside = self._inside, True
        try:
            found = {}
            for path in [self.folder, *sorted(self.folder.rglob("*"))]:
                try:
                    facts = path.lstat()
                    key = facts.st_dev, facts.st_ino
                    if key not in self._held:
                        self._held[key] = os.open(path, os.O_RDONLY)
                except OSError:
                    continue  # it was deleted just now
                found[path.relative_to(self.folder).as_posix()] = key
            return found
        finally:
            self._inside = inside

    def _cut(self, before: str) -> None:
        """Note what each kind of loss would leave, unless this state is noted already."""
        if not self.cutting:
            return
        there = self._walk()
        for loss in LOSSES:
            files = self._all_lost(there) if loss == "all" else self._bytes_lost(there, loss)
            state = hash(tuple(sorted(files.items(), key=lambda item: item[0])))
            if before == END or state not in self._seen:
                self._seen.add(state)
                self.cuts.append(Cut(loss, self.calls + (before == END), before, files))

    def _all_lost(self, there: Mapping[str, Key]) -> dict[str, bytes | None]:
        files: dict[str, bytes | None] = {}
        waiting = [(".", there["."])]
        while waiting:
            name, key = waiting.pop()
            if key in self._names:
                files[name] = None
                waiting += [(f"{name}/{inside}", other) for inside, other in self._names[key].items()]
            elif _is_sqlite(name):
                continue
            elif stat.S_ISDIR(os.fstat(self._held[key]).st_mode):
                files[name] = None  # a folder none of whose names was flushed
            else:
                files[name] = self._flushed.get(key, b"")
        return files | self._sqlite(there)

    def _bytes_lost(self, there: Mapping[str, Key], loss: Loss) -> dict[str, bytes | None]:
        files: dict[str, bytes | None] = {}
        for name, key in there.items():
            facts = os.fstat(self._held[key])
            if stat.S_ISDIR(facts.st_mode):
                files[f"./{name}"] = None
            elif not _is_sqlite(name):
                flushed = self._flushed.get(key, b"")
                files[f"./{name}"] = flushed.ljust(facts.st_size, b"\0") if loss == "zeros" else flushed
        return files | self._sqlite(there)

    def _sqlite(self, there: Mapping[str, Key]) -> dict[str, bytes | None]:
        inside, self._inside = self._inside, True
        try:
            names = (name for name in there if _is_sqlite(name) and not name.endswith("-shm"))
            return {f"./{name}": (self.folder / name).read_bytes() for name in names}
        finally:
            self._inside = inside


class _Raw(io.FileIO):
    """A new file; the disk may refuse each of its writes."""

    def __init__(self, file: Any, disk: Watched) -> None:  # noqa: ANN401 - as in io.open
        super().__init__(file, "x")
        self._disk = disk

    def write(self, data: Any) -> int:  # noqa: ANN401 - the signature of io.FileIO
        """As `io.FileIO.write`."""
        self._disk.about_to(f"write {self.name!s}")
        return super().write(data) or 0


_OPEN: Final = io.open


def _is_sqlite(name: str) -> bool:
    return name.rpartition("/")[2].startswith("catalog.sqlite")
