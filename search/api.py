"""Entry points for Python programs: open a library, and index sounds into it."""

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
    """Ignore progress."""


def open_library(
    path: str | os.PathLike[str] | None = None,
    *,
    create: bool = False,
    read_only: bool = False,
    index: str | None = None,
    settings: Settings | None = None,
) -> Library:
    """Open the library in the folder ``path`` (default: `Settings.library`). Use it as a context manager.

    * ``create``: make the library if there is none.
    * ``read_only``: write nothing (no migration, no snapshot), as on media that cannot be written.
    * ``index``: the kind of index of a new library. A library keeps the kind that it was made with.
    * ``settings``: by default read from the environment, as on the command line.

    Raises LibraryError if there is no library and ``create`` is false, or if the library has another kind of index than
    ``index``. Raises UsageError for an unknown kind of index, an environment variable with an invalid value, or
    ``create`` together with ``read_only``.

    Examples:
        >>> with soundalike.open_library("sounds.library", read_only=True) as opened:
        ...     len(opened.clips.ids())
        6
        >>> with soundalike.open_library("sounds.library") as opened:
        ...     print(opened.path.name, len(opened.roots()))
        sounds.library 1
    """
    if create and read_only:
        raise UsageError("create and read_only exclude each other; a new library cannot be read-only")
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
    """Index all sounds and tunes (MIDI files) at or below ``paths``. Return the files that could not be indexed.

    ``paths`` is one file or folder, or several. Unchanged files that the library has already are skipped. To resume an
    interrupted call, make the same call again.

    * ``encoder``: a name like ``cnn:soundalike-1``; by default the library's own encoder.
    * ``facts``: measure each sound in the same pass (`Library.facts`); by default if `Settings.facts` is ``on``.
      `Facts.measure` can do it later.
    * ``events``: find the events of new sounds in the same pass (`Library.events`), if the encoder is a `FrameReader`.
    * ``fingerprints``: fingerprint new sounds in the same pass (`Recordings.fingerprint`), so that `identify` can
      recognise them.
    * ``melody``: extract tunes from recordings too; tunes of MIDI files are always extracted.
    * ``exclude``: patterns, as in .gitignore, of files that the folders leave out. The library stores them with the
      folders.
    * ``speed``: the speed at which new folders are played.
    * ``max_duration_s``: longer files fail.
    * ``wait_s``: how long to wait for another writer.
    * ``progress(done, total)``: called a few times a second with numbers of files.

    Raises EncoderError if the encoder is not available, LibraryBusy while another process writes, LibraryError if the
    disk is full or read-only, SpaceMismatch if the encoder changed since the library was made, and UsageError for an
    invalid pattern, speed or duration.

    Examples:
        >>> soundalike.index(library, ["sounds"], fingerprints=True)
        ()
    """
    report = _Report(progress)
    if not isinstance(library, Library):
        raise UsageError(f"{library!r} is not a library; open one with open_library(PATH, create=True)")
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
    """Receives what the bulk job reports while it runs."""

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
