"""``soundalike listen --save FOLDER --index``: adds saved matches to the library."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from search import plugins
from search.errors import SoundalikeError
from search.library.library import Library
from search.settings import Settings

LEASE_WAIT_S: Final = 30.0
"""How long to wait for another writer; after that, the next match tries again."""


class FolderIndexing:
    """A context manager that indexes a folder in its own thread whenever something is saved there.

    When it ends, everything saved is a clip, or ``failed`` was called with the reason. Such files stay in the folder,
    for the next run or ``soundalike index FOLDER``.
    """

    def __init__(self, library: Library, folder: Path, settings: Settings, failed: Callable[[str], None]) -> None:
        self._library, self._folder, self._settings = library, folder, settings
        self._failed = failed
        self._changed = threading.Condition()
        self._saved, self._closed = False, False
        self._thread = threading.Thread(target=self._index_all, name="clips of matches", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._changed:
            self._closed = True
            self._changed.notify()
        self._thread.join()

    def take(self) -> None:
        """Note that something was saved."""
        with self._changed:
            self._saved = True
            self._changed.notify()

    def _index_all(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._saved or self._closed)
                if not self._saved:
                    return
                self._saved = False
            self._index()

    def _index(self) -> None:
        index: Callable[..., int] = plugins.job("index")
        report = _Report(self._failed)
        try:
            index(self._library, None, [str(self._folder)], self._settings, report=report, wait_s=LEASE_WAIT_S)
        except SoundalikeError as error:
            self._failed(f"matches in {self._folder} are not in the library yet: {error}")


@dataclass(frozen=True, slots=True)
class _Report:
    """The report of the job; only failures matter here."""

    failed: Callable[[str], None]

    def progress(self, progress: Any) -> None:  # noqa: ANN401  the bulk job's, an upper room
        """Nothing."""

    def failure(self, failure: Any) -> None:  # noqa: ANN401  as above
        self.failed(f"{failure.path}: {failure.cause}")

    def warning(self, warned: Any) -> None:  # noqa: ANN401  as above
        """Nothing."""

    def note(self, text: str) -> None:
        """Nothing."""
