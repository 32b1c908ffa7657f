"""Libraries filled by a local job and by workers, and the values by which they are compared."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from indexer.job import index
from indexer.model import Options, Summary
from indexer.patience import Patience
from indexer.sharing import SharedWork
from indexer.working import work
from tests.fakes import BandEncoder, CatalogLibrary, Notes
from tests.search.catalog_helpers import new_catalog


class Shared:
    """A library whose jobs are shared: a worker in this process runs whenever the job waits."""

    NOBODY = Notes()

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.library = CatalogLibrary(folder, new_catalog(folder))
        self.notes = Notes()
        self.pauses: list[Callable[[], None]] = []
        """Functions to call instead of the worker, one at each wait; after them the worker runs."""

    def index(self, *paths: Path, options: Options | None = None, stop: threading.Event | None = None) -> Summary:
        """Run a job, and run the worker while the job waits."""
        share = partial(SharedWork, self.library.chunks, pause=self._pause)
        given = [os.fspath(path) for path in paths]
        options = options or Options(workers=2)
        return index(self.library, BandEncoder(), given, options, self.notes, share=share, stop=stop)

    def _pause(self, _seconds: float) -> None:
        if self.pauses:
            self.pauses.pop(0)()
        else:
            work_once(self.library)


def work_once(library: CatalogLibrary, threads: int = 2, **more: Any) -> None:
    """Work in this process until nothing is left to claim."""
    stop = threading.Event()
    work(library, lambda _name: BandEncoder(), threads=threads, stop=stop, once=True, **more)


def work_in_child(folder: Path, url: str, hook: Callable[[], None]) -> int:
    """Work in a separate process, after calling ``hook`` in it. Return minus the signal that ended it, or 0."""
    child = os.fork()
    if child == 0:
        try:
            hook()
            work_once(CatalogLibrary(folder, url), threads=1, patience=Patience(0))
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def rows(library: CatalogLibrary) -> dict[str, list[Any]]:
    """Everything that a library holds, by path. Several values for a path are an error unless their tracks differ."""
    catalog = library.catalog
    (space,) = catalog.spaces()
    rows: dict[str, list[Any]] = {}
    for root in catalog.roots():
        for path, file in catalog.files(root.id, space.id).items():
            (clip,) = catalog.clips([file.clip_id])
            encoding = catalog.encoding(file.content_id, space.id)
            assert encoding is not None, path
            arrays = [encoding.spans, encoding.vectors, encoding.silent]
            if encoding.tags is not None:
                arrays += [encoding.tags.classes, encoding.tags.probabilities]
            values = (
                clip.title,
                dict(clip.metadata),
                clip.duration_s,
                clip.warnings,
                file.digest,
                file.facts,
                file.missing,
            )
            measured = catalog.facts([file.content_id]).get(file.content_id)
            arrays += [] if measured is None else [np.nan_to_num(measured.numbers, nan=-1e9)]
            rows.setdefault(root.absolute(path), []).append((values, [np.asarray(one).tolist() for one in arrays]))
    rows["failures"] = sorted(catalog.failures())
    return rows
