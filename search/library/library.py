"""A library: one catalog, the snapshots of its spaces, and what is asked of them. Everything else stands behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, NoReturn, Self

from search.analysis.exact.stored import Fingerprints
from search.analysis.speech.stored import SpokenWords
from search.catalog.store import Catalog
from search.engine.views import LibraryView
from search.library.clips import Clips
from search.library.duplicates import DuplicateFinder
from search.library.encoders import Encoders
from search.library.eventfinder import EventFinder
from search.library.givingway import GivingWay
from search.library.maps import Maps
from search.library.measuring import Facts
from search.library.merging import Merges
from search.library.publisher import Publisher
from search.library.publishing import IndexKind
from search.library.questions import Questions
from search.library.recordings import Recordings
from search.library.spaces import Spaces
from search.library.speech import Listeners, Speech
from search.model import Root
from search.overview.duplicates.stored import PairsFile
from search.ports import (
    Allowances,
    CatalogReader,
    CatalogWriter,
    Chunks,
    CollectionStore,
    Encoder,
    FeedbackStore,
    JobQueue,
    KeyStore,
    MatchStore,
    SearchStore,
)
from search.settings import Settings

if TYPE_CHECKING:
    from search.snapshots.shipping import Shipping


class Library(Questions):
    """Everything kept for one collection. Threads may share one; use it as a context manager or call `close`.

    Its own methods are questions, on a state that is at most half a second old; none waits for a snapshot to be opened
    but the first. What else there is to do stands together by what it is about: `clips`, `facts`, `collections` and
    the like. `search.wiring.library` opens one.

    Examples:
        >>> with soundalike.open_library("sounds.library") as opened:
        ...     print(opened.search(soundalike.Query((soundalike.TextPart("door"),))).hits[0].title)
        door_slam
    """

    path: Path
    """Its folder."""
    settings: Settings
    """What it was opened with."""
    reader: CatalogReader
    """What is kept of clips, files and contents, read by their ids."""
    writer: CatalogWriter
    """What the one writer asks of the catalog."""
    feedback: FeedbackStore
    """What people thought of clips, by profile."""
    collections: CollectionStore
    """Clips that somebody keeps together, under names."""
    searches: SearchStore
    """Saved searches; `soundalike.save_search` saves one."""
    matches: MatchStore
    """What saved searches found since they were saved."""
    jobs: JobQueue
    """The jobs of a service over this library."""
    chunks: Chunks
    """Work that a job shares with workers on any machine."""
    keys: KeyStore
    """The keys of a service over this library."""
    allowances: Allowances | None
    """How often clients of its services may ask; None: each service counts by itself."""
    spaces: Spaces
    """Its spaces, and what searches read of them."""
    encoders: Encoders
    """The encoders of its spaces, each loaded once."""
    giving_way: GivingWay
    """Tells its jobs that somebody asks it something."""
    publisher: Publisher
    """What makes snapshots of what was written."""
    clips: Clips
    """Its clips: filtered, sorted, counted."""
    facts: Facts
    """What was measured of its clips."""
    events: EventFinder
    """What happens when in them."""
    speech: Speech
    """What is said in them."""
    recordings: Recordings
    """Which recording a sound is."""
    duplicates: DuplicateFinder
    """The recordings that it has twice."""
    merges: Merges
    """Clips of one recording that were made one."""
    maps: Maps
    """Every clip at a place of a plane."""

    def __init__(
        self,
        path: Path,
        catalog: Catalog,
        settings: Settings,
        load_encoder: Callable[[str], Encoder],
        index_kind: IndexKind,
        *,
        listeners: Listeners,
        cache: Path | None = None,
        shipping: Shipping | None = None,
    ) -> None:
        """``cache``: where snapshots lie on this machine (None: in ``path``); ``shipping``: shares them with others."""
        cache = path if cache is None else cache
        self.path = path
        self.cache = cache
        self.shipping = shipping
        self.settings = settings
        self.catalog = catalog
        self.index_kind = index_kind

        self.reader = self.writer = catalog
        self.feedback = catalog.feedback
        self.collections = catalog.collections
        self.searches = catalog.searches
        self.matches = catalog.matches
        self.jobs = catalog.queue
        self.chunks = catalog.chunks
        self.keys = catalog.keys
        self.allowances = catalog.allowances

        pairs, fingerprints = PairsFile(cache), Fingerprints(cache)
        self.encoders = Encoders(str(path), load_encoder)
        self.spaces = Spaces(
            cache, catalog, index_kind.open, pairs, settings, shipping=shipping, dropped=self.encoders.keep
        )
        self.giving_way = GivingWay(cache, settings.job_share)
        self.publisher = Publisher(catalog, cache, settings, index_kind, shipping)
        writing = catalog, self.spaces, self.publisher
        self.clips = Clips(catalog, self.spaces)
        self.facts = Facts(*writing, giving_way=self.giving_way)
        self.events = EventFinder(*writing, self.encoders, giving_way=self.giving_way)
        self.speech = Speech(
            *writing, self.clips, words=SpokenWords(cache), listeners=listeners, giving_way=self.giving_way
        )
        self.recordings = Recordings(*writing, fingerprints, giving_way=self.giving_way)
        self.duplicates = DuplicateFinder(*writing, pairs, giving_way=self.giving_way)
        self.merges = Merges(*writing)
        self.maps = Maps(self.spaces, self.publisher, giving_way=self.giving_way)
        super().__init__(catalog, self.spaces, self.encoders, fingerprints)

    def __repr__(self) -> str:
        return f"Library({str(self.path)!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError(f"{self!r} cannot be pickled or copied; open it where it is needed: open_library(PATH)")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the catalog and every snapshot.

        Examples:
            >>> opened = soundalike.open_library("sounds.library")
            >>> opened.close()
        """
        self.spaces.close()
        self.encoders.keep(())
        self.catalog.close()

    def roots(self) -> list[Root]:
        """The folders that the library indexes.

        Examples:
            >>> [root.path.rpartition("/")[2] for root in library.roots()]
            ['sounds']
        """
        return self.catalog.roots()

    def view(self) -> LibraryView:
        """What searches read, as of the last half second.

        Examples:
            >>> [view.space.name for view in library.view().spaces]
            ['spectral', 'melody']
        """
        return self.spaces.view()

    def refresh(self) -> LibraryView:
        """What searches read from now on: for whoever changed the catalog and asks about it at once.

        Examples:
            >>> len(library.refresh().of("spectral"))
            1
        """
        return self.spaces.refresh()
