"""A library's spaces, kept up to date with the catalog, as one immutable value that is swapped atomically.

A background thread checks the catalog twice a second. It opens new snapshots, applies later changes, and replaces the
`LibraryView`. A search takes the current view and neither locks nor waits. Only the first search waits, until the
spaces are open.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from search.analysis.melody.contourfiles import ContourFollower
from search.analysis.melody.contourtable import ContourLookup
from search.analysis.melody.index import MelodyIndex
from search.analysis.time.stored import journal, latest
from search.analysis.time.table import EventTable
from search.catalog.store import Catalog
from search.columns import ClipColumns
from search.columns.following import ColumnsFollower
from search.engine.views import LibraryView, MelodyView, SpaceView
from search.errors import LibraryError, SoundalikeError
from search.library import publishing
from search.library.events import NewEvents
from search.model import Space
from search.overview.duplicates.stored import PairsFile
from search.ports import IndexFactory, SpaceIndex
from search.settings import Settings
from search.snapshots.latest import Latest
from search.vectors.neighbourhoods.opened import NeighbourhoodsReader

if TYPE_CHECKING:
    from search.snapshots.shipping import Shipping

FOLLOW_EVERY_S = 0.5

log = logging.getLogger(__name__)


class Spaces:
    """Opens the spaces of a library and keeps them up to date (`Library.spaces`). Threads share it."""

    def __init__(
        self,
        library: Path,
        catalog: Catalog,
        open_index: IndexFactory,
        pairs: PairsFile,
        settings: Settings,
        *,
        shipping: Shipping | None = None,
        dropped: Callable[[list[Space]], None] = lambda spaces: None,
    ) -> None:
        """``library``: the folder of snapshots. ``shipping``: fetches snapshots of other machines into it.

        ``dropped`` is called with the remaining spaces after some were dropped.
        """
        self._library = library
        self._catalog = catalog
        self._open_index = open_index
        self._pairs = pairs
        self._settings = settings
        self._shipping = shipping
        self._dropped = dropped
        self._open: dict[int, _OpenSpace] = {}
        self._events: dict[int, Latest[EventTable]] = {}
        self._view: LibraryView | None = None
        self._refreshing = threading.Lock()
        self._opening_events = threading.Lock()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._epoch: str | None = None
        self._fetching = Repeated(self._fetch, "snapshots cannot be fetched")

    def view(self) -> LibraryView:
        """Return the state that searches read, at most half a second old.

        Examples:
            >>> [view.space.name for view in library.spaces.view().spaces]
            ['spectral', 'melody']
        """
        return self._view or self._first()

    def refresh(self) -> LibraryView:
        """Bring the state up to date now, and return it. Needed if the next search must see a change of the catalog.

        Examples:
            >>> len(library.spaces.refresh().of("spectral"))
            1
        """
        with self._refreshing:
            self._require_same_past()
            spaces = sorted(self._catalog.spaces(), key=lambda space: (space.is_retired, space.id))
            gone = self._open.keys() - {space.id for space in spaces}
            for space_id in gone:
                del self._open[space_id]
            table = self._event_table(spaces)
            for space in spaces:
                if space.id not in self._open:
                    self._open[space.id] = self._opened(space)
                self._open[space.id].follow(space, table)
            self._view = self._as_one(spaces)
            if gone:
                self._dropped(spaces)
            return self._view

    def get(self, name: str | None = None) -> Space:
        """Return the active space called ``name`` (None: the default space of sounds).

        Raises QueryError, which lists the spaces.

        Examples:
            >>> library.spaces.get().name, library.spaces.get("melody").is_melody
            ('spectral', True)
        """
        spaces = [space for space in self._catalog.spaces() if not space.is_retired]
        wanted = self._catalog.asked_space() if name is None else name
        found = next((space for space in spaces if space.name == wanted), None)
        if found is None and name is None:
            found = next((space for space in spaces if not space.is_melody), None)
        return found or self.refresh().of(name)[0].space

    def folder(self, space: Space) -> Path:
        """Return the folder of a space's snapshots.

        Examples:
            >>> library.spaces.folder(library.spaces.get()).parent.name
            'spaces'
        """
        return publishing.folder_of(self._library, space)

    def forget(self, space: Space) -> None:
        """Close a space. The next search opens it again.

        Examples:
            >>> library.spaces.forget(library.spaces.get())
            >>> len(library.view().of())
            1
        """
        with self._refreshing:
            self._open.pop(space.id, None)
            self._view = None

    def _event_table(self, spaces: list[Space]) -> EventTable | None:
        """Return the events for filters: those of the space that gives the tags."""
        tagged = next((space for space in spaces if space.vocabulary and not space.is_retired), None)
        return None if tagged is None else self.events_of(tagged).value()

    def events_of(self, space: Space) -> Latest[EventTable]:
        """Return the events of a space as they were last published.

        Examples:
            >>> len(library.spaces.events_of(library.spaces.get()).value())
            0
        """
        with self._opening_events:
            if space.id not in self._events:
                self._events[space.id] = latest(publishing.folder_of(self._library, space), space.fingerprint)
            return self._events[space.id]

    def new_events(self, space: Space) -> NewEvents:
        """Return the recorder of events that an indexing job finds (`indexer.job.index`).

        Examples:
            >>> library.spaces.new_events(library.spaces.get()).journal.read()
            []
        """
        folder = publishing.folder_of(self._library, space)
        return NewEvents(self.events_of(space), journal(folder, space.fingerprint), self._catalog, self._fetch)

    def close(self) -> None:
        """Stop following the catalog, and close everything.

        Examples:
            >>> library.spaces.close()
        """
        self._stop.set()
        if self._shipping is not None:
            self._shipping.stop()
        for thread in self._threads:
            thread.join()
        with self._refreshing:
            self._open.clear()
            self._view = None

    def _require_same_past(self) -> None:
        """Reopen everything after a failover to a server that lost the last commits: they were already replayed here.

        Only with a store, because some servers do not identify themselves.
        """
        if self._shipping is None:
            return
        epoch = self._catalog.shipments.epoch()
        if epoch != self._epoch:
            self._fetching.once()
            self._open.clear()
        self._epoch = epoch

    def _first(self) -> LibraryView:
        view = self.refresh()
        with self._refreshing:
            if not self._threads and not self._stop.is_set():
                jobs = [Repeated(self.refresh, "the library cannot be followed")]
                jobs += [] if self._shipping is None else [self._fetching]
                self._threads = [threading.Thread(target=job.run, args=(self._stop,), daemon=True) for job in jobs]
                for thread in self._threads:
                    thread.start()
        return view

    def _fetch(self) -> None:
        if self._shipping is None:
            return
        try:
            self._shipping.fetch()
        except LibraryError:
            if not self._stop.is_set():  # otherwise it was stopped on purpose
                raise

    def _opened(self, space: Space) -> _OpenSpace:
        folder = publishing.folder_of(self._library, space)
        settings = self._settings
        index = self._open_index(
            folder / publishing.INDEX, space.dim, settings.device, effort=settings.effort, recall=settings.recall
        )
        columns = ColumnsFollower(folder / publishing.COLUMNS, self._catalog, space)
        if space.is_melody:
            contours = ContourFollower(folder / publishing.CONTOURS, partial(self._catalog.contours, space.id))
            return _OpenSpace(self._catalog, space, index, columns, contours, None)
        near = NeighbourhoodsReader(folder / publishing.NEIGHBOURHOODS, space.dim) if settings.neighbourhoods else None
        return _OpenSpace(self._catalog, space, index, columns, None, near)

    def _as_one(self, spaces: list[Space]) -> LibraryView:
        opened = [self._open[space.id] for space in spaces]
        views = tuple(one.view for one in opened)
        melody = next(
            (
                MelodyView(view, MelodyIndex(view.index, one.tunes))
                for one, view in zip(opened, views, strict=True)
                if one.tunes is not None and not one.space.is_retired
            ),
            None,
        )
        asked, recall = self._catalog.asked_space(), self._settings.recall
        return LibraryView(str(self._library), views, melody, self._pairs.recordings(), asked, recall)


class Repeated:
    """A task that a thread runs twice a second, even after failures. Each cause is logged once."""

    def __init__(self, do: Callable[[], object], failed: str) -> None:
        self._do = do
        self._failed = failed
        self._logged = ""

    def run(self, stop: threading.Event) -> None:
        """Repeat the task until ``stop`` is set."""
        while not stop.wait(FOLLOW_EVERY_S):
            self.once()

    def once(self) -> None:
        """Run the task once. If it fails, searches keep the previous state."""
        try:
            self._do()
            self._logged = ""
        except Exception as error:
            cause = f"{type(error).__name__}: {error}"
            if cause != self._logged:
                unexpected = None if isinstance(error, SoundalikeError) else error
                log.warning("%s: %s", self._failed, error, exc_info=unexpected)
            self._logged = cause


@dataclass
class _OpenSpace:
    """An open space. Only the refreshing thread uses it."""

    catalog: Catalog
    space: Space
    index: SpaceIndex
    columns: ColumnsFollower
    contours: ContourFollower | None
    near: NeighbourhoodsReader | None
    view: SpaceView = field(init=False)

    def __post_init__(self) -> None:
        self.tunes: ContourLookup | None = None
        self.plain_columns: ClipColumns | None = None

    def follow(self, space: Space, events: EventTable | None) -> None:
        """Bring everything up to date with the catalog, and attach ``events`` to the columns.

        The columns come first, so that the index has every segment that they have. Segments that only the index has
        belong to no content yet, and rankings leave them out.
        """
        columns = self.columns.follow()
        index = self.index.follow(partial(self.catalog.changes, space.id))
        self.tunes = None if self.contours is None else self.contours.follow()
        near = None if self.near is None else self.near.newest()
        if columns is not self.plain_columns or self.view.columns.events is not events:
            self.plain_columns, columns = columns, replace(columns, events=events)
        else:
            columns = self.view.columns
        self.space, self.view = space, SpaceView(space, index, columns, near)
