"""A library: one catalog, the snapshots of its spaces, and the views that searches read.

Readers hold a `SpaceView`, an immutable-enough pair of index and columns that is swapped when the catalog has moved
on; the one writer (who holds the catalog's lease) turns the catalog's tail into a new snapshot with `publish`.
On disk::

    <library>/catalog.sqlite            the truth
    <library>/duplicates.npz            pairs of contents of one recording (search.overview.duplicates.stored)
    <library>/spaces/<id>/index/<N>/    snapshots of the vectors at catalog sequence N (search.vectors.snapshot)
    <library>/spaces/<id>/map.npz       the 2-D layout of the clips (search.overview.maps)
    <library>/spaces/<id>/columns/<N>/  what filters and grouping read, at sequence N (search.columns)
    <library>/spaces/<id>/neighbourhoods/<N>/  what is near what, at sequence N (search.neighbourhoods.shelf)
    <library>/spaces/<id>/contours/<N>/ the melody space's tunes, at sequence N (search.melody.shelf)
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from types import TracebackType
from typing import Self

from search.catalog.store import Catalog
from search.engine.ranking import rank_each
from search.engine.search import SearchEngine
from search.engine.views import MelodyView, SpaceView
from search.errors import LibraryError, QueryError, SpaceMismatch
from search.library import publishing
from search.melody.index import MelodyIndex
from search.melody.shelf import OpenBook
from search.melody.space import SPEC
from search.model import MELODY_SPACE, Answer, ClipMap, Duplicates, Facets, Ids, Query, RecommendQuery, Root, Space
from search.neighbourhoods import Neighbourhoods
from search.neighbourhoods.opened import Reader
from search.overview import facets
from search.overview.duplicates.stored import PairsFile
from search.ports import CatalogReader, CatalogWriter, Encoder, FeedbackStore, Lease
from search.recommending.recommender import Recommender
from search.settings import Settings
from search.vectors.snapshot import SnapshotIndex

CATALOG_FILE = "catalog.sqlite"
REFRESH_INTERVAL_S = 0.5
PUBLISH_ALWAYS_BELOW = 50_000
"""Below this many segments a snapshot is written after every job: it takes well under a second."""
PUBLISH_SHARE = 0.02
"""Above it, once the tail is this share of the library: replaying less costs a reader some ten milliseconds."""


def _nobody(done: int, total: int) -> None:
    """Hears and says nothing."""


class Library:
    """Everything kept for one collection. Threads may share one; use it as a context manager or call `close`."""

    def __init__(
        self,
        path: Path,
        catalog: Catalog,
        settings: Settings,
        load_encoder: Callable[[str, Settings], Encoder],
    ) -> None:
        self.path = path
        self.settings = settings
        self.catalog = catalog
        self._load_encoder = load_encoder
        self._encoders: dict[str, Encoder] = {}
        self._open: dict[int, SpaceView] = {}
        self._indexes: dict[int, SnapshotIndex] = {}
        self._books: dict[int, OpenBook] = {}
        self._neighbourhoods: dict[int, Reader] = {}
        self._lock = threading.RLock()
        self._loading = threading.Lock()
        self._spaces: list[Space] = []
        self._checked = float("-inf")
        self._pairs = PairsFile(path)
        self.engine = SearchEngine(catalog, self.views, self.encoder, self.melody, self._pairs.twins)
        self._recommender = Recommender(catalog, catalog.feedback, self.views, rank_each, self._pairs.twins)

    @classmethod
    def open(
        cls,
        path: Path,
        settings: Settings,
        *,
        load_encoder: Callable[[str, Settings], Encoder],
        create: bool = False,
        read_only: bool = False,
    ) -> Library:
        """Open the library in folder ``path``. Raises LibraryError when it is not there and ``create`` is false."""
        file = path / CATALOG_FILE
        if not file.exists():
            if not create:
                raise LibraryError(f"no library at {path}; make one with: soundalike index FOLDER --library {path}")
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise LibraryError(f"cannot make a library at {path}: {error.strerror}") from error
        return cls(path, Catalog.open(file, create=create, read_only=read_only), settings, load_encoder)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the catalog and every snapshot."""
        with self._lock:
            self._open.clear()
            self._indexes.clear()
            self._books.clear()
            self._neighbourhoods.clear()
            self.catalog.close()

    @property
    def writer(self) -> CatalogWriter:
        """What the one writer asks of the catalog."""
        return self.catalog

    @property
    def reader(self) -> CatalogReader:
        """What readers ask of the catalog."""
        return self.catalog

    def roots(self) -> list[Root]:
        """The folders that the library indexes."""
        return self.catalog.roots()

    def space(self, name: str | None = None) -> Space:
        """The space called ``name``, or the library's first of sounds. Raises QueryError that lists what is there."""
        spaces = self.catalog.spaces()
        found = next((space for space in spaces if _is_meant(space, name)), None)
        if found is None:
            raise self._no_space(name)
        return found

    def encoder(self, space: Space) -> Encoder:
        """The encoder that made a space, loaded once. Raises SpaceMismatch when its fingerprint differs by now."""
        encoder = self._loaded(space)
        if encoder.spec.fingerprint != space.fingerprint:
            raise SpaceMismatch(
                f"space {space.name!r} of {self.path} was made by revision {space.revision} "
                f"({space.fingerprint[:12]}), the encoder here is {encoder.spec.revision} "
                f"({encoder.spec.fingerprint[:12]}); run: soundalike reindex --library {self.path}"
            )
        return encoder

    def current_fingerprint(self, space: Space) -> str:
        """The fingerprint of the encoder that has the space's name today."""
        if space.is_melody:
            return SPEC.fingerprint
        return self._loaded(space).spec.fingerprint

    def _loaded(self, space: Space) -> Encoder:
        with self._loading:  # for seconds, which no question that needs no encoder waits
            if space.name not in self._encoders:
                self._encoders[space.name] = self._load_encoder(space.name, self.settings)
            return self._encoders[space.name]

    def search(self, query: Query) -> Answer:
        """Answer a query on the state of the last half second."""
        return self.engine.search(query)

    def recommend(self, query: RecommendQuery) -> Answer:
        """Clips for someone who liked some and disliked others, none that they know; see `RecommendQuery`.

        Raises QueryError (unknown clips, bad k, diversity or weights), WhereError (a filter that does not parse).
        """
        return self._recommender.recommend(query)

    def recommend_each(self, queries: Iterable[RecommendQuery]) -> list[Answer | QueryError]:
        """An answer for each query, in order; what is wrong with one of them stands in its place."""
        return self._recommender.recommend_each(queries)

    @property
    def feedback(self) -> FeedbackStore:
        """What people thought of clips, by profile."""
        return self.catalog.feedback

    def facets(self, where: str | None = None, *, limit: int = 20) -> Facets:
        """How many of the clips that pass a filter have which tag, duration, date and folder (``limit`` at most).

        Raises WhereError for a filter that does not parse.
        """
        return facets.of_filter(self.views()[0], self.catalog, where, limit)

    def facets_of(self, clip_ids: Iterable[int], *, limit: int = 20) -> Facets:
        """The same of these clips: the hits of an answer."""
        return facets.of_clips(self.views()[0], self.catalog, clip_ids, limit)

    def duplicates(self) -> Duplicates:
        """The groups of equal files, and of one recording re-encoded, trimmed or at another level, as found last."""
        from search.overview.duplicates.grouping import groups

        return groups(self.views()[0], self.catalog, self._pairs.read())

    def find_duplicates(self, tell: Callable[[int, int], None] = _nobody, *, again: bool = False) -> Duplicates:
        """Look at what came since the last time (``again``: at everything) and give all groups; seconds to minutes.

        ``tell`` hears how many contents of how many were looked at; what it raises stops the job, which goes on from
        there the next time. Raises LibraryError when the pairs found cannot be written.
        """
        from search.overview.duplicates.finding import find

        find(self.views()[0], self.catalog, self._pairs, tell, again=again)
        return self.duplicates()

    def map(self, space: str | None = None) -> ClipMap | None:
        """The 2-D layout of the clips, with those that came since; None when it was never drawn."""
        from search.overview.maps import drawing

        view = self.views(space)[0]
        return drawing.read(view, self.folder(view.space))

    def draw_map(
        self, space: str | None = None, tell: Callable[[int, int], None] = _nobody, *, anew: bool = False
    ) -> ClipMap | None:
        """Add what came since to the map, or draw it (``anew``: from nothing, every place may change); takes minutes.

        ``tell`` hears how much of the work is done, in contents of how many; what it raises stops the job, and the map
        stays what it was. Raises UsageError where UMAP is not installed (the extra ``map``), LibraryError when it
        cannot be written.
        """
        from search.overview.maps import drawing

        view = self.views(space)[0]
        drawing.draw(view, self.folder(view.space), tell, anew=anew)
        return self.map(space)

    def views(self, name: str | None = None) -> list[SpaceView]:
        """The views of the space called ``name``, or of every space of sounds, up to date at most twice a second.

        The melody space is given by its name only: what has a vector there is no sound.
        """
        with self._lock:
            self._look()
            found = [self._open[space.id] for space in self._spaces if _is_meant(space, name)]
        if not found:
            raise self._no_space(name)
        return found

    def melody(self) -> MelodyView | None:
        """The library's tunes, as of the last half second; None where it has no melody space."""
        with self._lock:
            self._look()
            view = next((self._open[space.id] for space in self._spaces if space.name == MELODY_SPACE), None)
            return None if view is None else MelodyView(view, MelodyIndex(view.index, self._books[view.space.id].book))

    def windows_without_tune(self, segment_ids: Ids) -> int:
        """How many of these segments of the melody space belong to no contour; none, in a sound library."""
        self.melody()
        return sum(int((opened.book.locate(segment_ids)[0] < 0).sum()) for opened in self._books.values())

    def publish(self, space: Space, lease: Lease, *, always: bool = False) -> bool:
        """Turn the catalog's tail into a new snapshot when enough of it is pending (or ``always``); whether it did.

        Runs in bounded memory, beside readers. Raises LibraryBusy when the lease is lost, LibraryError when the
        disk is full.
        """
        lease.check()
        index = SnapshotIndex.open(self.folder(space) / publishing.INDEX, space.dim, searches=False)
        pending = self.catalog.pending(space.id, index.sequence)
        size = len(index) + pending
        if not always and (pending == 0 or (size >= PUBLISH_ALWAYS_BELOW and pending < size * PUBLISH_SHARE)):
            return False
        near = self.settings.neighbourhoods
        publishing.publish(self.catalog, self.folder(space), space, size, neighbourhoods=near)
        lease.check()
        self.catalog.prune_changes(index.sequence)
        return True

    def index(self, space: Space) -> SnapshotIndex:
        """The space's index, as of the last half second."""
        self.views(space.name)
        return self._indexes[space.id]

    def look_again(self) -> None:
        """Let the next search look at the catalog, however recently it was looked at."""
        with self._lock:
            self._checked = float("-inf")

    def forget(self, space: Space) -> None:
        """Drop what is held in memory of a space; the next search opens it again."""
        with self._lock:
            self._checked = float("-inf")
            self._open.pop(space.id, None)
            self._indexes.pop(space.id, None)
            self._books.pop(space.id, None)
            self._neighbourhoods.pop(space.id, None)
        with self._loading:
            self._encoders.pop(space.name, None)

    def folder(self, space: Space) -> Path:
        """Where a space's snapshots lie."""
        return self.path / "spaces" / str(space.id)

    def _no_space(self, name: str | None) -> QueryError:
        known = ", ".join(space.name for space in self.catalog.spaces())
        if name is None or not known:
            return QueryError(f"the library at {self.path} is empty; fill it with: soundalike index FOLDER")
        return QueryError(f"this library has no space called {name!r}; its spaces: {known}")

    def _look(self) -> None:
        """Look at the catalog, unless that was less than `REFRESH_INTERVAL_S` ago."""
        if time.monotonic() - self._checked > REFRESH_INTERVAL_S:
            self._spaces = self.catalog.spaces()
            for space in self._spaces:
                self._refresh(space)
            self._checked = time.monotonic()

    def _refresh(self, space: Space) -> None:
        """Bring a space's view up to the catalog: the columns first, so that the index knows every segment of them.

        What the index holds beyond them has no content yet, and a ranking leaves it out.
        """
        if space.id not in self._open:
            folder = self.folder(space)
            index = SnapshotIndex.open(folder / publishing.INDEX, space.dim, device=self.settings.device)
            columns = publishing.newest_columns(self.catalog, folder, space)
        else:
            index, columns = self._indexes[space.id], self._open[space.id].columns
            index.refresh()
        columns = columns.refreshed(self.catalog)
        index.replay(self.catalog.changes(space.id, index.sequence))
        if space.name == MELODY_SPACE:
            contours = partial(self.catalog.contours, space.id)
            book = self._books.get(space.id) or OpenBook.open(self.folder(space) / publishing.CONTOURS, contours)
            self._books[space.id] = book.refreshed(contours)
        self._indexes[space.id] = index
        self._open[space.id] = SpaceView(space, index, columns, self._near(space))

    def _near(self, space: Space) -> Neighbourhoods | None:
        """The space's neighbourhoods, unless the settings turn them off; tunes are not ranked by them."""
        if not self.settings.neighbourhoods or space.is_melody:
            return None
        if space.id not in self._neighbourhoods:
            self._neighbourhoods[space.id] = Reader(self.folder(space) / publishing.NEIGHBOURHOODS, space.dim)
        return self._neighbourhoods[space.id].newest()


def _is_meant(space: Space, name: str | None) -> bool:
    """Whether ``name`` means this space; without one every space of sounds is meant."""
    return space.name == name if name is not None else not space.is_melody
