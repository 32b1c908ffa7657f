"""A library: one catalog, the snapshots of its spaces, and what is asked of them. Everything else stands behind it.

On disk::

    <library>/catalog.sqlite            the truth, or
    <library>/library.toml              where that and the rest is (search.library.description)
    <library>/duplicates.npz            pairs of contents of one recording (search.overview.duplicates.stored)
    <library>/fingerprints/<N>/         what exact recordings are known by, at sequence N (search.exact.stored)
    <library>/spoken/<N>/               the words that are said, at sequence N (search.speech.stored)
    <library>/asked                     when a service was asked last (search.library.givingway)
    <library>/spaces/<id>/index/<N>/    the vectors at catalog sequence N, as the library's kind of index keeps them
    <library>/spaces/<id>/events/<N>/   what happens when in its sounds, at sequence N (search.time.stored)
    <library>/spaces/<id>/map.npz       the 2-D layout of the clips (search.overview.maps)
    <library>/spaces/<id>/columns/<N>/  what filters and grouping read, at sequence N (search.columns)
    <library>/spaces/<id>/neighbourhoods/<N>/  what is near what, at sequence N (search.neighbourhoods)
    <library>/spaces/<id>/contours/<N>/ the melody space's tunes, at sequence N (search.melody.contourfiles)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from search.catalog.store import Catalog
from search.engine.moments import MomentFinder
from search.engine.ranking import rank_each
from search.engine.search import SearchEngine
from search.engine.views import LibraryView
from search.errors import QueryError
from search.exact.stored import Fingerprints
from search.library import companions, paths, publishing
from search.library.clips import Clips
from search.library.duplicates import DuplicateFinder
from search.library.encoders import Encoders
from search.library.eventfinder import EventFinder
from search.library.givingway import GivingWay
from search.library.maps import Maps
from search.library.measuring import Facts
from search.library.merging import Merges
from search.library.publisher import Publisher
from search.library.recordings import Recordings
from search.library.spaces import Spaces
from search.library.speech import Listeners, Speech
from search.model import Answer, AudioPart, ClipPart, Companions, Moments, Query, RecommendQuery, Root, SoundPath
from search.overview.duplicates.stored import PairsFile
from search.ports import (
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
from search.recommending.recommender import Recommender
from search.settings import Settings
from search.speech.stored import SpokenWords

if TYPE_CHECKING:
    from search.library.listening import Ears, Wanted
    from search.snapshots.shipping import Shipping


class Library:
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
        index_kind: publishing.IndexKind,
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

        pairs = PairsFile(cache)
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
        self.recordings = Recordings(*writing, Fingerprints(cache), giving_way=self.giving_way)
        self.duplicates = DuplicateFinder(*writing, pairs, giving_way=self.giving_way)
        self.merges = Merges(*writing)
        self.maps = Maps(self.spaces, self.publisher, giving_way=self.giving_way)

        self.engine = SearchEngine(catalog, self.view, self.encoders.of, catalog.facts)
        self._moments = MomentFinder(catalog, self.view, self.encoders.of)
        self._recommender = Recommender(catalog, catalog.feedback, self.view, rank_each)

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

    def search(self, query: Query) -> Answer:
        """The hits of a query, best first, with a verdict, on the state of the last half second.

        Raises QueryError (no positive part, unknown clips, bad k), WhereError (a filter that does not parse),
        AudioError (a file of the query), EncoderError (no encoder that reads the part), SpaceMismatch.

        Examples:
            >>> answer = library.search(soundalike.Query((soundalike.AudioPart("door.wav"),), k=1))
            >>> answer.hits[0].title
            'door_slam'
        """
        return self.engine.search(query)

    def moments(self, query: Query, *, gap_s: float = 30.0) -> Moments:
        """Passages that fit a query of words, files, clips and segments, each with boundaries of its own.

        Several of one recording, ranked over the whole library. Where words say ``dog THEN car``, ``rain WHILE speech``
        or ``bark WITHOUT music`` both are looked for in one recording; with THEN the second begins at most ``gap_s``
        after the first. Raises as `search` does, and QueryError where no encoder hears frames.

        Examples:
            >>> library.moments(soundalike.Query((soundalike.ClipPart(1),)))
            Traceback (most recent call last):
            search.errors.QueryError: moments need an encoder that hears frames (cnn:soundalike-1); here is spectral
        """
        return self._moments.find(query, gap_s)

    def recommend(self, query: RecommendQuery) -> Answer:
        """Clips for someone who liked some and disliked others, none that they know; see `RecommendQuery`.

        Raises QueryError (unknown clips, bad k, diversity or weights), WhereError (a filter that does not parse).

        Examples:
            >>> answer = library.recommend(soundalike.RecommendQuery(likes=(soundalike.ClipPart(1),), k=1))
            >>> answer.hits[0].title
            'police_siren_02'
        """
        return self._recommender.recommend(query)

    def recommend_each(self, queries: Iterable[RecommendQuery]) -> list[Answer | QueryError]:
        """An answer for each query, in order; what is wrong with one of them stands in its place.

        Examples:
            >>> likes = [(soundalike.ClipPart(1),), (soundalike.ClipPart(1_000_000),)]
            >>> answers = library.recommend_each(soundalike.RecommendQuery(likes=each, k=1) for each in likes)
            >>> [isinstance(answer, soundalike.QueryError) for answer in answers]
            [False, True]
        """
        return self._recommender.recommend_each(queries)

    def path_between(
        self,
        start: ClipPart | AudioPart,
        end: ClipPart | AudioPart,
        *,
        steps: int = 8,
        where: str | None = None,
        space: str | None = None,
    ) -> SoundPath:
        """Clips that lead from one sound to another in even steps, one less than ``steps``; fewer where there are few.

        Of all ways of so many steps the one whose largest step is the smallest; no recording comes twice. Raises
        QueryError (unknown clips, silence, steps not from 2 to 64), WhereError, AudioError (a file that is none).

        Examples:
            >>> way = library.path_between(soundalike.ClipPart(1), soundalike.AudioPart("door.wav"), steps=3)
            >>> len(way.clips), len(way.similarities)
            (2, 3)
        """
        paths.check_steps(steps)
        first, last = (self.engine.query_vector((part,), space) for part in (start, end))
        ends = tuple(part.clip_id for part in (start, end) if isinstance(part, ClipPart))
        return paths.path(self.view(), self.catalog, (first, last), ends, steps=steps, where=where, space=space)

    def goes_with(
        self,
        clip_id: int,
        *,
        k: int = 10,
        where: str | None = None,
        space: str | None = None,
        stretch: float = companions.STRETCH,
    ) -> Companions:
        """The ``k`` clips that go best with one: tempo and key fit, and they are of another kind; with the reasons.

        A tempo fits that is equal, half or double once it is changed by ``stretch`` at most (.08 is 8 %); a key that is
        the same, relative or a fifth apart. What has no tempo, or no key, fits by the other. Raises QueryError for a
        clip that is not there, was not measured (`Facts.measure`), or has neither; WhereError.

        Examples:
            >>> library.goes_with(1_000_000)
            Traceback (most recent call last):
            search.errors.QueryError: no clip has the id 1000000
        """
        return companions.goes_with(self.view(), self.catalog, clip_id, k=k, where=where, space=space, stretch=stretch)

    def ears(self, watch_for: Wanted) -> Ears:
        """What listens to a stream for what is wanted (`search.live.listening.listen`).

        The library needs what is asked for and no more: fingerprints for recordings, an encoder that compares for
        sounds, one that says what sounds at each moment for classes and words. Raises QueryError that says what is
        lacking, for a class that is not there, or where nothing is wanted; AudioError for a file.

        Examples:
            >>> from search.library.listening import Wanted
            >>> library.ears(Wanted(events=("Dog",)))
            Traceback (most recent call last):
            search.errors.QueryError: events need an encoder that names sounds (cnn:soundalike-1); here is spectral
        """
        from search.library.listening import ears  # only who listens needs it

        return ears(watch_for, self.refresh(), self.encoders.of, self.catalog, self.recordings.fingerprints.table)
