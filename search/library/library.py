"""A library: one catalog, the snapshots of its spaces, and queries over them. Everything else is reached through it."""

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
    """A library of sounds. Threads may share one. Use it as a context manager, or call `close`.

    Its methods are queries, on a state that is at most half a second old. Only the first query waits for snapshots to
    be opened. Everything else is grouped by topic in the attributes: `clips`, `facts`, `collections` and others.
    Open a library with `soundalike.open_library`.

    Examples:
        >>> with soundalike.open_library("sounds.library") as opened:
        ...     print(opened.search(soundalike.Query((soundalike.TextPart("door"),))).hits[0].title)
        door_slam
    """

    path: Path
    """The library's folder."""
    settings: Settings
    """The settings that it was opened with."""
    reader: CatalogReader
    """Reads clips, contents and spaces from the catalog, by id."""
    writer: CatalogWriter
    """Writes to the catalog."""
    feedback: FeedbackStore
    """People's opinions of clips, by profile."""
    collections: CollectionStore
    """Named collections of clips."""
    searches: SearchStore
    """Saved searches. `soundalike.save_search` adds one."""
    matches: MatchStore
    """New matches of saved searches."""
    jobs: JobQueue
    """The jobs of a service on this library."""
    chunks: Chunks
    """Work that a job shares with workers on any machine."""
    keys: KeyStore
    """The API keys of a service on this library."""
    allowances: Allowances | None
    """Rate limits that all its services share; None: each service counts by itself."""
    spaces: Spaces
    """The spaces, and their current state for searches."""
    encoders: Encoders
    """The encoders of its spaces, each loaded once."""
    giving_way: GivingWay
    """Slows jobs down while the library is queried."""
    publisher: Publisher
    """Makes snapshots of what was written."""
    clips: Clips
    """Filters, sorts and counts clips."""
    facts: Facts
    """Measures clips and reads their facts."""
    events: EventFinder
    """Finds what sounds when in clips."""
    speech: Speech
    """Transcribes speech and finds spoken words."""
    recordings: Recordings
    """Identifies recordings."""
    duplicates: DuplicateFinder
    """Finds recordings that the library has more than once."""
    merges: Merges
    """Merges clips of one recording."""
    maps: Maps
    """2-D maps of all clips."""

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
        """``cache``: the folder of snapshots on this machine (None: ``path``). ``shipping``: shares snapshots."""
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
        """Close the catalog and every snapshot.

        Examples:
            >>> opened = soundalike.open_library("sounds.library")
            >>> opened.close()
        """
        self.spaces.close()
        self.encoders.keep(())
        self.catalog.close()

    def roots(self) -> list[Root]:
        """Return the roots that the library indexes.

        Examples:
            >>> [root.path.rpartition("/")[2] for root in library.roots()]
            ['sounds']
        """
        return self.catalog.roots()

    def view(self) -> LibraryView:
        """Return the state that searches read, at most half a second old.

        Examples:
            >>> [view.space.name for view in library.view().spaces]
            ['spectral', 'melody']
        """
        return self.spaces.view()

    def refresh(self) -> LibraryView:
        """Bring the state that searches read up to date now, and return it.

        Call this after a change of the catalog if the next search must see it.

        Examples:
            >>> len(library.refresh().of("spectral"))
            1
        """
        return self.spaces.refresh()
