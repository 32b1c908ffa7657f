"""The state of a library after an accident: whether it is sound, can be healed, and answers according to its catalog.

The result of a look depends only on what it reads. Libraries in the same state are therefore looked at once. Two states
are the same if the catalogs have the same rows and all other files have the same names and bytes. Unfinished files
(whose names start with a dot) count by name alone, unless a look opens or lists them; every look is watched for that.
"""

from __future__ import annotations

import builtins
import hashlib
import io
import json
import os
import re
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Final
from unittest.mock import patch

from search import cli, wiring
from search.api import Library
from search.errors import SoundalikeError
from search.model import ClipPart, NotesPart, Query
from search.settings import Settings

LIBRARY, BACKUP = "library", "backup.sqlite"
QUESTIONS: Final = 8
NOTES: Final = "C4 D4 E4 F4 G4 A4 G4 F4"

_FILE_CALLS: Final = ((os, "open"), (os, "listdir"), (os, "scandir"), (io, "open"), (builtins, "open"))
"""Functions that open or list files."""
_TIME_COLUMNS: Final = {"taken_out": {"at"}}
"""Columns of the catalog with the time of writing, which differs between trials."""

Answers = list[list[tuple[int, float]]]


@dataclass
class Tally:
    """What was tried, and what went wrong. ``looks``: the number of different library states."""

    cuts: int = 0
    refusals: int = 0
    looks: int = 0
    named: int = 0
    healed: int = 0
    lost: int = 0
    unsound: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Add another tally's counts."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def lose(self, failure: str) -> None:
        """Count a loss."""
        self.lost += 1
        self.failures.append(failure)

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, no unsound library was called sound, and every remedy worked."""
        return not (self.lost or self.unsound or self.failures or self.named > self.healed)

    def sentence(self, what: str) -> str:
        """Return one line for a report."""
        return (
            f"{what}: {self.cuts} power cuts, {self.refusals} disks full or read-only, which left {self.looks} "
            f"distinct libraries: {self.lost} lost, {self.unsound} damaged libraries that verify calls sound; "
            f"{self.named} reported as damaged, {self.healed} of these healed"
        )


class Looks:
    """Looks at libraries; ``scratch`` is a folder of its own for copies. Use it from one thread."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._oracle = _Oracle(scratch / "oracle")
        self._seen: dict[bytes, tuple[Tally, str]] = {}

    def at(self, place: Path, where: str) -> Tally:
        """Open and verify a library; heal the named damage; ask it questions if it is called sound.

        A library in a state that was seen before gets the earlier result, reported for its own place.
        """
        scratch = fresh(self._scratch / "state")
        shared, whole = _state(place, scratch, inside_unfinished=False), _state(place, scratch, inside_unfinished=True)
        known = self._seen.get(shared) or self._seen.get(whole)
        if known is None:
            with _opens_unfinished() as opened:
                found = self._look(place, where)
            self._seen[whole if opened else shared] = found, where
            found = Tally(**{**vars(found), "failures": list(found.failures)})
            found.looks = 1
            return found
        seen, first = known
        return Tally(
            named=seen.named,
            healed=seen.healed,
            lost=seen.lost,
            unsound=seen.unsound,
            failures=[failure.replace(first, where, 1) for failure in seen.failures],
        )

    def _look(self, place: Path, where: str) -> Tally:
        tally = Tally()
        problems = _verify(place)
        if problems:
            tally.named += 1
            for said in dict.fromkeys(_remedy(problem) for problem in problems):
                command(place, *said.split())
            problems = _verify(place)
            if problems:
                tally.failures.append(f"{where}: {problems[0]}")
                return tally
            tally.healed += 1
        if self._oracle.answers(place) != _answers(place):
            tally.unsound += 1
            tally.failures.append(f"{where}: it is called sound, and answers otherwise than its catalog")
        return tally


def look_at_backup(place: Path, where: str, *, needed: bool) -> Tally:
    """Check that a backup is whole, or absent if it is not ``needed``."""
    tally = Tally()
    backup = place / BACKUP
    if not backup.exists():
        if needed:
            tally.lose(f"{where}: the backup is not there")
        return tally
    status, said = command(fresh(place.with_name("restored")), "restore", source=backup)
    if status:
        tally.lose(f"{where}: the backup cannot be restored: {said}")
    return tally


class _Oracle:
    """The answers of a library whose snapshots were just made from a catalog; remembered by the catalog's rows."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._known: dict[bytes, Answers] = {}

    def answers(self, place: Path) -> Answers:
        """Return what the library in ``place`` must answer."""
        rows = _rows(place, fresh(self._scratch))
        if rows not in self._known:
            anew = fresh(self._scratch)
            (anew / LIBRARY).mkdir()
            for file in (place / LIBRARY).glob("catalog.sqlite*"):
                shutil.copy(file, anew / LIBRARY)
            self._known[rows] = _answers(anew)
        return self._known[rows]


def _state(place: Path, scratch: Path, *, inside_unfinished: bool) -> bytes:
    """A digest of a library: its catalog's rows, and the names and bytes of all other files.

    The bytes of unfinished files count only if ``inside_unfinished``.
    """
    state = hashlib.sha256(_rows(place, scratch))
    for path in sorted(place.rglob("*")):
        name = path.relative_to(place)
        if _is_catalog(path) or (not inside_unfinished and any(_is_unfinished(part) for part in name.parts[:-1])):
            continue
        state.update(f"\n{name.as_posix()}\n".encode())
        if path.is_file() and (inside_unfinished or not _is_unfinished(path.name)):
            state.update(hashlib.sha256(path.read_bytes()).digest())
    return state.digest()


def _rows(place: Path, scratch: Path) -> bytes:
    """A digest of all that a library's catalog holds, except times of writing. Its files are not changed."""
    digest = hashlib.sha256()
    for file in (place / LIBRARY).glob("catalog.sqlite*"):
        if not file.name.endswith("-shm"):
            shutil.copy(file, scratch)
    connection = sqlite3.connect(scratch / "catalog.sqlite")
    try:
        listed = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE '%VIRTUAL%'")
        for (table,) in sorted(listed):
            columns = [name for _, name, *_ in connection.execute(f'PRAGMA table_info("{table}")')]
            kept = ", ".join(f'"{name}"' for name in columns if name not in _TIME_COLUMNS.get(table, ()))
            rows = connection.execute(f'SELECT {kept} FROM "{table}"')  # noqa: S608 - names that SQLite lists
            digest.update(f"{table}: {sorted(map(repr, rows))}\n".encode())
    finally:
        connection.close()
    return digest.digest()


def _is_catalog(path: Path) -> bool:
    return path.name.startswith("catalog.sqlite")


def _is_unfinished(name: str) -> bool:
    return name.startswith(".")


@contextmanager
def _opens_unfinished() -> Iterator[list[str]]:
    """Yield the unfinished files and folders that the block opens or lists in this process."""
    opened: list[str] = []

    def watching(call: Callable[..., Any]) -> Callable[..., Any]:
        def watched(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - the wrapped call's signature
            what = args[0] if args else "."
            if not isinstance(what, int):
                path = Path(os.fsdecode(what))
                inside = path.parts[path.parts.index(LIBRARY) + 1 :] if LIBRARY in path.parts else ()
                if any(_is_unfinished(part) for part in inside):
                    opened.append(str(path))
            return call(*args, **kwargs)

        return watched

    with ExitStack() as stack:
        for module, name in _FILE_CALLS:
            stack.enter_context(patch.object(module, name, watching(getattr(module, name))))
        yield opened


def _answers(place: Path) -> Answers:
    """Ids and scores of the hits for some questions, by clip and by notes."""
    with opened(place) as library:
        clips = clips_of(library, library.spaces.get().name)
        questions = [Query((ClipPart(clip),), k=5) for clip in clips[:: max(1, len(clips) // QUESTIONS)]]
        questions.append(Query((NotesPart(NOTES),), k=5))
        return [[(hit.clip_id, round(hit.score, 4)) for hit in library.search(one).hits] for one in questions]


def clips_of(library: Library, space: str) -> list[int]:
    """Return the clips that have vectors in a space, ascending."""
    (view,) = library.view().of(space)
    contents, _, _ = view.columns.place(view.index.ids())
    return sorted(
        clip_id for clip_ids in view.columns.clips_of(contents[contents >= 0]).values() for clip_id in clip_ids
    )


@contextmanager
def opened(place: Path) -> Iterator[Library]:
    """Open the library in ``place`` for reading."""
    settings = Settings.from_env({**os.environ, "SOUNDALIKE_NEIGHBOURHOODS": "off", "SOUNDALIKE_DEVICE": "cpu"})
    with wiring.library(place / LIBRARY, settings, read_only=True) as library:
        yield library


def _verify(place: Path) -> list[str]:
    _, said = command(place, "verify", "--json")
    problems: list[str] = json.loads(said)["problems"]
    return problems


def _remedy(problem: str) -> str:
    said = re.search(r"soundalike (reindex|duplicates --again|map)", problem)
    if said is None:
        raise SoundalikeError(f"verify names no remedy: {problem}")
    return said.group(1)


def command(place: Path, name: str, *options: str, source: Path | None = None) -> tuple[int, str]:
    """Run a command; return its status and output. Its errors become statuses too."""
    given = [str(source)] if source is not None else [str(place / BACKUP)] if name == "backup" else []
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        status = cli.main([name, *given, *options, "--library", str(place / LIBRARY)])
    return status, said.getvalue().strip()


def must(place: Path, *words: str) -> None:
    """Run a command on a sound disk. Raises SoundalikeError if it fails."""
    status, said = command(place, *words)
    if status:
        raise SoundalikeError(f"{words[0]} failed on a sound disk: {said}")


def copy(library: Path, place: Path) -> Path:
    """Copy a library into ``place``, which is emptied first; return ``place``."""
    shutil.copytree(library, fresh(place) / LIBRARY)
    return place


def fresh(place: Path) -> Path:
    """Return ``place`` as an empty folder."""
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place
