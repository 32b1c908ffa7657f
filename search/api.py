"""What a Python program begins with: it opens a library, and indexes sounds into it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from search import plugins, wiring
from search.errors import UsageError
from search.ground.parsing import NO_PATH
from search.ground.urls import is_in_store
from search.library.library import Library
from search.library.saving import new_matches, run_search, save_search
from search.library.suggesting import suggest
from search.library.understanding import understand
from search.model import JobFailure
from search.ports import IndexFailure, IndexProgress, IndexWarning
from search.settings import Settings

__all__ = [
    "Library", "index", "new_matches", "open_library", "run_search", "save_search", "suggest", "understand",
]  # fmt: skip

log = logging.getLogger(__name__)


def _nobody(done: int, total: int) -> None:
    """A progress that shows nothing."""


def open_library(
    path: str | os.PathLike[str] | None = None,
    *,
    create: bool = False,
    read_only: bool = False,
    index: str | None = None,
    settings: Settings | None = None,
) -> Library:
    """The library in the folder ``path`` (default: the one of the settings), to be used as a context manager.

    ``read_only`` opens one on media that cannot be written, and writes nothing: no migration, no snapshot. A new
    library (``create``) has the kind of ``index`` that is named, and keeps it. ``settings`` are those of the
    environment where none are given, as on the command line.

    Raises LibraryError when there is no library and ``create`` is false, or it has another kind of index than the one
    named; UsageError for an unknown kind, or a variable of the environment that makes no sense.

    Examples:
        >>> with soundalike.open_library("sounds.library", read_only=True) as opened:
        ...     len(opened.clips.ids())
        6
        >>> with soundalike.open_library("sounds.library") as opened:
        ...     print(opened.path.name, len(opened.roots()))
        sounds.library 1
    """
    if create and read_only:
        raise UsageError("a library is made, or opened read-only: create and read_only exclude each other")
    settings = settings or Settings.from_env(os.environ)
    folder = Path(path).expanduser() if path is not None else settings.library
    return wiring.library(folder, settings, create=create, read_only=read_only, index=index)


def index(
    library: Library,
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    encoder: str | None = None,
    facts: bool | None = None,
    events: bool = False,
    fingerprints: bool = False,
    melody: bool = False,
    exclude: Sequence[str] = (),
    speed: float | None = None,
    max_duration_s: float | None = None,
    wait_s: float = 0.0,
    progress: Callable[[int, int], None] = _nobody,
) -> tuple[JobFailure, ...]:
    """The files that could not be indexed, once all sounds and tunes (MIDI) at or below ``paths`` are in the library.

    ``paths`` are folders and files, or one of them.
    What is there already and has not changed is left alone; a call that was interrupted is simply made again.
    ``encoder`` is a name such as ``cnn:soundalike-1``, by default the library's own. ``facts``: measure what each sound
    is (`Library.facts`), by default as the settings say; it can be done later (`Facts.measure`). ``events``: find
    what happens when in what is new, in the same pass (`Library.events.find`), where the encoder tells.
    ``fingerprints``: make those of what is new in that pass, too (`Recordings.fingerprint`), so that `identify` knows
    it. ``melody``: follow the tunes of recordings too, as those of MIDI files always are. ``exclude``: patterns, as in
    .gitignore, of what the folders leave out, kept with them. ``speed``: at what speed new folders are played. Files
    longer than ``max_duration_s`` fail. ``wait_s``: how long another writer is waited for. ``progress`` is called a few
    times a second with how many files of how many are done.

    Raises EncoderError for an encoder that is not there, LibraryBusy while another process writes, LibraryError for a
    disk that is full or read-only, SpaceMismatch when the encoder changed since the library was made, UsageError for a
    pattern, a speed or a length that is none.

    Examples:
        >>> soundalike.index(library, ["sounds"], fingerprints=True)
        ()
    """
    report = _Report(progress)
    if not isinstance(library, Library):
        raise UsageError(f"{library!r} is no library; index into one that open_library(PATH, create=True) has opened")
    given = [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    if "" in given:
        raise UsageError(NO_PATH)
    names = [path if is_in_store(path) else os.fspath(Path(path).expanduser()) for path in given]
    plugins.job("index")(
        library,
        encoder,
        names,
        library.settings,
        facts=facts,
        events=events,
        fingerprints=fingerprints,
        melody=melody,
        exclude=exclude,
        speed=speed,
        max_duration_s=max_duration_s,
        wait_s=wait_s,
        report=report,
    )
    return tuple(report.failures)


@dataclass
class _Report:
    """What the bulk job says while it runs."""

    on_progress: Callable[[int, int], None]
    failures: list[JobFailure] = field(default_factory=list)

    def progress(self, progress: IndexProgress) -> None:
        self.on_progress(progress.files_done, progress.files_total)

    def failure(self, failure: IndexFailure) -> None:
        self.failures.append(JobFailure(failure.path, failure.cause))

    def warning(self, warned: IndexWarning) -> None:
        log.info("%s: %s", warned.path, warned.warning)

    def note(self, text: str) -> None:
        log.info("%s", text)
