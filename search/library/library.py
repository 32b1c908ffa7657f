"""A library: one catalog, the snapshots of its spaces, and what is asked of them. Everything else stands behind it.

On disk::

    <library>/catalog.sqlite            the truth, or
    <library>/library.toml              where that and the rest is (search.library.description)
    <library>/duplicates.npz            pairs of contents of one recording (search.overview.duplicates.stored)
    <library>/fingerprints/<N>/         what exact recordings are known by, at sequence N (search.exact.stored)
    <library>/spoken/<N>/               the words that are said, at sequence N (search.speech.stored)
    <library>/spaces/<id>/index/<N>/    the vectors at catalog sequence N, as the library's kind of index keeps them
    <library>/spaces/<id>/events/<N>/   what happens when in its sounds, at sequence N (search.time.stored)
    <library>/spaces/<id>/map.npz       the 2-D layout of the clips (search.overview.maps)
    <library>/spaces/<id>/columns/<N>/  what filters and grouping read, at sequence N (search.columns)
    <library>/spaces/<id>/neighbourhoods/<N>/  what is near what, at sequence N (search.neighbourhoods)
    <library>/spaces/<id>/contours/<N>/ the melody space's tunes, at sequence N (search.melody.contourfiles)
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np

from search.catalog.store import Catalog
from search.columns.ordering import order
from search.columns.parsing import parse
from search.engine.moments import MomentFinder
from search.engine.ranking import rank_each
from search.engine.search import SearchEngine
from search.engine.views import LibraryView, SpaceView
from search.errors import QueryError
from search.exact.stored import Fingerprints
from search.facts.definitions import FactValue
from search.library import companions, events, leasing, merging, paths, publishing, speech
from search.library.encoders import Encoders
from search.library.events import NewEvents
from search.library.spaces import Spaces
from search.model import (
    Answer,
    AudioPart,
    ClipMap,
    ClipPart,
    ClipTranscript,
    Companions,
    Duplicates,
    Facets,
    Identification,
    Ids,
    JobFailure,
    Merge,
    Moments,
    Query,
    RecommendQuery,
    Root,
    Sayings,
    SoundPath,
    Space,
    TimeLine,
    Unmerged,
)
from search.overview import facets
from search.overview.duplicates.stored import PairsFile
from search.overview.maps.drawing import MapReader
from search.ports import (
    CatalogReader,
    CatalogWriter,
    Chunks,
    CollectionStore,
    Encoder,
    FeedbackStore,
    JobQueue,
    KeyStore,
    Lease,
    MatchStore,
    SearchStore,
)
from search.recommending.recommender import Recommender
from search.settings import Settings
from search.snapshots.latest import Latest
from search.speech.stored import SpokenWords
from search.time.table import EventTable

if TYPE_CHECKING:
    from search.library.listening import Ears, Wanted
    from search.snapshots.shipping import Shipping

PUBLISH_ALWAYS_BELOW = 50_000
"""Below this many segments a snapshot is written after every job: it takes well under a second."""
PUBLISH_SHARE = 0.02
"""Above it, once the tail is this share of the library: replaying less costs a reader some ten milliseconds."""


def _nobody(done: int, total: int) -> None:
    """A progress that shows nothing."""


class Library:
    """Everything kept for one collection. Threads may share one; use it as a context manager or call `close`.

    Searches read what `view` gives, at most half a second old, and never wait for a snapshot to be opened but at the
    first question. `search.wiring.library` opens one.

    Examples:
        >>> with soundalike.open_library("sounds.library") as opened:
        ...     print(opened.search(soundalike.Query((soundalike.TextPart("door"),))).hits[0].title)
        door_slam
    """

    def __init__(
        self,
        path: Path,
        catalog: Catalog,
        settings: Settings,
        load_encoder: Callable[[str], Encoder],
        index_kind: publishing.IndexKind,
        *,
        listeners: speech.Listeners,
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
        self._pairs = PairsFile(cache)
        self.fingerprints = Fingerprints(cache)
        self.spoken_words = SpokenWords(cache)
        self._listeners = listeners
        self._maps = MapReader()
        self._encoders = Encoders(str(path), load_encoder)
        self._spaces = Spaces(
            cache, catalog, index_kind.open, self._pairs, settings, shipping=shipping, dropped=self._encoders.keep
        )
        self.engine = SearchEngine(catalog, self.view, self.encoder, catalog.facts)
        self._moments = MomentFinder(catalog, self.view, self.encoder)
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
        self._spaces.close()
        self._encoders.keep(())
        self.catalog.close()

    # --- what is kept ---------------------------------------------------------------------------------------

    @property
    def reader(self) -> CatalogReader:
        """What readers ask of the catalog.

        Examples:
            >>> [clip.title for clip in library.reader.clips([3, 5])]
            ['rain', 'door_slam']
        """
        return self.catalog

    @property
    def writer(self) -> CatalogWriter:
        """What the one writer asks of the catalog.

        Examples:
            >>> with library.writer.lease("my program", wait_s=5) as lease:
            ...     lease.check()
        """
        return self.catalog

    @property
    def feedback(self) -> FeedbackStore:
        """What people thought of clips, by profile.

        Examples:
            >>> library.feedback.get("nobody")
            []
        """
        return self.catalog.feedback

    @property
    def collections(self) -> CollectionStore:
        """Clips that somebody keeps together, under names.

        Examples:
            >>> library.collections.all()
            []
        """
        return self.catalog.collections

    @property
    def searches(self) -> SearchStore:
        """Saved searches; `soundalike.save_search` saves one.

        Examples:
            >>> library.searches.all()
            []
        """
        return self.catalog.searches

    @property
    def matches(self) -> MatchStore:
        """What saved searches found since they were saved.

        Examples:
            >>> library.matches.list()
            []
        """
        return self.catalog.matches

    @property
    def jobs(self) -> JobQueue:
        """The jobs of a service over this library.

        Examples:
            >>> library.jobs.list(None, offset=0, limit=10)
            (0, [])
        """
        return self.catalog.queue

    @property
    def chunks(self) -> Chunks:
        """Work that a job shares with workers on any machine.

        Examples:
            >>> library.chunks.current() is None
            True
        """
        return self.catalog.chunks

    @property
    def keys(self) -> KeyStore:
        """The keys of a service over this library.

        Examples:
            >>> library.keys.list()
            []
        """
        return self.catalog.keys

    def roots(self) -> list[Root]:
        """The folders that the library indexes.

        Examples:
            >>> [root.path.rpartition("/")[2] for root in library.roots()]
            ['sounds']
        """
        return self.catalog.roots()

    def space(self, name: str | None = None) -> Space:
        """The active space called ``name``, or the one of sounds that is asked first.

        Raises QueryError that lists what is there.

        Examples:
            >>> library.space().name, library.space("melody").is_melody
            ('spectral', True)
        """
        spaces = [space for space in self.catalog.spaces() if not space.is_retired]
        wanted = self.catalog.asked_space() if name is None else name
        found = next((space for space in spaces if space.name == wanted), None)
        if found is None and name is None:
            found = next((space for space in spaces if not space.is_melody), None)
        return found or self.refresh().of(name)[0].space

    def encoder(self, space: Space) -> Encoder:
        """The encoder that made a space, loaded once. Raises SpaceMismatch when its fingerprint differs by now.

        Examples:
            >>> library.encoder(library.space()).spec.window_s
            5.0
        """
        return self._encoders.of(space)

    def folder(self, space: Space) -> Path:
        """Where a space's snapshots lie.

        Examples:
            >>> library.folder(library.space()).parent.name
            'spaces'
        """
        return publishing.folder_of(self.cache, space)

    # --- what is asked --------------------------------------------------------------------------------------

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
        clip that is not there, was not measured (`measure`), or has neither; WhereError.

        Examples:
            >>> library.goes_with(1_000_000)
            Traceback (most recent call last):
            search.errors.QueryError: no clip has the id 1000000
        """
        return companions.goes_with(self.view(), self.catalog, clip_id, k=k, where=where, space=space, stretch=stretch)

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

    def clip_ids(self, where: str | None = None) -> Ids:
        """The ids (n,) of the clips that pass a filter, or of all, ascending.

        Raises WhereError for a filter that does not parse.

        Examples:
            >>> [clip.title for clip in library.reader.clips(library.clip_ids('path ~ "rain"').tolist())]
            ['rain', 'rain_again']
        """
        columns = self.views()[0].columns
        return np.sort(columns.clip_ids[columns.present if where is None else columns.clips_where(parse(where))])

    def sorted_clip_ids(self, where: str | None = None, by: str = "id") -> Ids:
        """The same in the order of a column or a fact, with "-" before its name from high to low; absent ones last.

        Raises WhereError for a filter that does not parse, or a column that clips are not sorted by, and for a fact
        where no clip was measured.

        Examples:
            >>> [clip.title for clip in library.reader.clips(library.sorted_clip_ids(by="-size_bytes")[:1].tolist())]
            ['door_slam']
        """
        columns = self.views()[0].columns
        passing = columns.present if where is None else columns.clips_where(parse(where))
        rows = order(columns, by)
        return columns.clip_ids[rows[passing[rows]]]

    def unmeasured(self, where: str | None = None, by: str = "id") -> int:
        """How many clips a filter over facts, or an order by one, could not know, since nobody measured them.

        0 where neither asks for a fact. Raises WhereError as `sorted_clip_ids` does.

        Examples:
            >>> library.measure()
            ()
            >>> library.unmeasured("loudness > -20")
            0
        """
        return self.views()[0].columns.unjudged(None if where is None else parse(where), by)

    def facets(self, where: str | None = None, *, limit: int = 20) -> Facets:
        """How many of the clips that pass a filter have which tag, duration, date and folder (``limit`` at most).

        Raises WhereError for a filter that does not parse.

        Examples:
            >>> [(facet.value, facet.count) for facet in library.facets('format = "wav"').durations]
            [('2 to 5 s', 5)]
        """
        return facets.of_filter(self.views()[0], self.catalog, where, limit)

    def facets_of(self, clip_ids: Iterable[int], *, limit: int = 20) -> Facets:
        """The same of these clips: the hits of an answer.

        Examples:
            >>> hits = library.search(soundalike.Query((soundalike.TextPart("rain"),))).hits
            >>> library.facets_of(hit.clip_id for hit in hits).clips
            2
        """
        return facets.of_clips(self.views()[0], self.catalog, clip_ids, limit)

    def duplicates(self) -> Duplicates:
        """The groups of equal files, and of one recording re-encoded, trimmed or at another level, as found last.

        Examples:
            >>> [group.keep for group in library.duplicates().groups]
            [3]
        """
        from search.overview.duplicates.grouping import groups

        return groups(self.views()[0], self.catalog, self._pairs.read())

    def find_duplicates(self, progress: Callable[[int, int], None] = _nobody, *, again: bool = False) -> Duplicates:
        """Look at what came since the last time (``again``: at everything) and give all groups; seconds to minutes.

        ``progress(done, total)`` is called as contents are compared; what it raises stops the job, which goes on
        from there the next time. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        LibraryUnwritable when the pairs found cannot be written.

        Examples:
            >>> library.find_duplicates().current
            True
        """
        from search.overview.duplicates.finding import find

        with self._lease("duplicates") as lease:
            find(self.refresh().of()[0], self.catalog, self._pairs, progress, lease, again=again)
        self.refresh()
        return self.duplicates()

    def merge(self, keep: int, clip_ids: Sequence[int]) -> Merge:
        """Keep one clip, and take others out that are the same recording; files are left where they are.

        The own tags and remarks of the others, opinions of them and their places in collections pass to the one that
        is kept. Whether they are one recording is for the caller to know (`find_duplicates`): a merge can be undone.
        Raises QueryError for clips that are not there, LibraryBusy when another writer holds the lease.

        Examples:
            >>> merge = library.merge(1, [2])
            >>> [one.keep for one in library.merges()]
            [1]
            >>> library.unmerge(merge.id).restored
            (2,)
        """
        with self._lease("merge") as lease:
            merged = self.catalog.merge(lease, keep, clip_ids)
        self.refresh()
        return merged

    def unmerge(self, merge_id: int) -> Unmerged:
        """Undo a merge: the catalog is as before it, but for what was changed since, which is named.

        Raises QueryError for one that is not there, or that a later one of the same clips has to go before;
        LibraryBusy when another writer holds the lease.

        Examples:
            >>> library.unmerge(1_000)
            Traceback (most recent call last):
            search.errors.QueryError: no merge has the id 1000, or it was undone; soundalike unmerge --list has all
        """
        with self._lease("unmerge") as lease:
            undone = merging.unmerge(self.catalog, lease, merge_id)
        self.refresh()
        return undone

    def make_merge_final(self, merge_id: int) -> Merge:
        """Drop what would undo a merge, and takes room; what it was. Earlier merges of its clips can be undone again.

        Raises QueryError for one that is not there; LibraryBusy when another writer holds the lease.

        Examples:
            >>> library.make_merge_final(1_000)
            Traceback (most recent call last):
            search.errors.QueryError: no merge has the id 1000, or it was undone; soundalike unmerge --list has all
        """
        with self._lease("unmerge") as lease:
            return self.catalog.make_merge_final(lease, merge_id)

    def merges(self, offset: int = 0, limit: int | None = None) -> list[Merge]:
        """The merges that can be undone, newest first; all without a ``limit``.

        Examples:
            >>> library.merges()
            []
        """
        return self.catalog.merges(offset, limit)[1]

    def identify(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        track: int = 0,
        k: int = 10,
    ) -> Identification:
        """Which recordings of the library are in a file, or a passage of it, whatever became of them on the way.

        Of ten seconds at most the ``k`` likeliest, of more what is played when. Only sounds that have fingerprints are
        known (`fingerprint`). Raises AudioError for a file that cannot be read.

        Examples:
            >>> library.fingerprint()
            ()
            >>> [one.title for one in library.identify("sounds/rain.wav").recognitions]
            ['rain']
        """
        from search.library import identifying

        table = self.fingerprints.table()
        return identifying.identify(
            self.view(), self.catalog, table, path, start_s=start_s, end_s=end_s, track=track, k=k
        )

    def fingerprint(
        self, progress: Callable[[int, int], None] = _nobody, *, again: bool = False
    ) -> tuple[JobFailure, ...]:
        """Fingerprint the sounds that came since the last time (``again``: all); the files that could not be read.

        ``progress(done, total)`` is called as sounds are listened to; what it raises stops the job, which goes on from
        there the next time. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        LibraryUnwritable when the fingerprints cannot be written.

        Examples:
            >>> library.fingerprint()
            ()
        """
        from search.library import identifying

        with self._lease("fingerprints") as lease:
            return identifying.bring_up_to_date(
                self.refresh(), self.catalog, self.fingerprints, lease, progress, again=again
            )

    def events(self, clip_id: int, *, least: float = events.SHOWN, space: str | None = None) -> TimeLine:
        """What happens when in a clip: every event that is at least so likely, in order of time.

        Those that were found before (`find_events`) are given at once; else the clip is listened to. Raises QueryError
        for a clip that is not there or holds notes, and where no encoder says what sounds at each moment; AudioError
        for a file that cannot be read.

        Examples:
            >>> library.events(1)
            Traceback (most recent call last):
            search.errors.QueryError: events need an encoder that names sounds (cnn:soundalike-1); here is spectral
        """
        view = events.view_with_events(self.views(space))
        encoder, table = self.encoder(view.space), self.events_of(view.space).value()
        return events.time_line(clip_id, view, encoder, table, self.catalog, least=least)

    def find_events(
        self, progress: Callable[[int, int], None] = _nobody, *, again: bool = False, space: str | None = None
    ) -> tuple[JobFailure, ...]:
        """Find the events of the sounds that have none yet (``again``: of all); the files that could not be read.

        ``progress(done, total)`` is called as sounds are listened to; what it raises stops the job, which goes on from
        there the next time. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        LibraryUnwritable when the events cannot be written, QueryError where no encoder says what sounds when.

        Examples:
            >>> library.find_events(space="melody")
            Traceback (most recent call last):
            search.errors.QueryError: events need an encoder that names sounds (cnn:soundalike-1); here is melody
        """
        with self._lease("events") as lease:
            view = events.view_with_events(self.refresh().of(space))
            latest, encoder = self.events_of(view.space), self.encoder(view.space)
            self.new_events(view.space).publish(lease)
            failures = events.find(view, encoder, latest, self.catalog, lease, progress=progress, again=again)
        self.refresh()
        return failures

    def clips_with_events(self) -> Ids:
        """The ids (n,) of the clips whose events were found, ascending.

        Examples:
            >>> library.clips_with_events().tolist()
            []
        """
        view = self.views()[0]
        contents = np.empty(0, np.int64) if view.columns.events is None else view.columns.events.contents
        clips_of = view.columns.clips_of(contents)
        return np.unique(np.array([clip for clips in clips_of.values() for clip in clips], np.int64))

    def events_of(self, space: Space) -> Latest[EventTable]:
        """The events of a space, as they were published last.

        Examples:
            >>> len(library.events_of(library.space()).value())
            0
        """
        return self._spaces.events_of(space)

    def new_events(self, space: Space) -> NewEvents:
        """What keeps the events that a job finds on its way through the files (`indexer.job.index`).

        Examples:
            >>> library.new_events(library.space()).journal.read()
            []
        """
        return self._spaces.new_events(space)

    def facts(self, clip_ids: Iterable[int]) -> dict[int, dict[str, FactValue]]:
        """What was measured of clips, by clip and the name of a fact; clips that nobody measured are left out.

        `search.facts.definitions` says what each fact is. One that means nothing for a sound is absent.

        Examples:
            >>> library.measure()
            ()
            >>> library.facts([3])[3]["brightness"]
            'bright'
        """
        from search.library import measuring

        return measuring.facts(self.catalog, clip_ids)

    def measure(self, progress: Callable[[int, int], None] = _nobody, *, again: bool = False) -> tuple[JobFailure, ...]:
        """Measure the sounds that came since the last time (``again``: all); the files that could not be read.

        ``progress(done, total)`` is called as sounds are listened to; what it raises stops the job, which goes on from
        there the next time. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        LibraryUnwritable when the disk is full.

        Examples:
            >>> library.measure()
            ()
        """
        from search.facts.filling import fill

        with self._lease("facts") as lease:
            before = self.catalog.sequence()
            try:
                return fill(self.catalog, lease, progress, again=again)
            finally:
                if self.catalog.sequence() != before:
                    for space in self.catalog.spaces():
                        self.publish(space, lease, always=True)
                    self.refresh()

    def transcript(self, clip_id: int, language: str | None = None) -> ClipTranscript:
        """What is said in a clip, as `transcribe` found it, else found now (in ``language``, where one is given).

        Raises QueryError for a clip that is not there or holds notes, and a language that is not known; AudioError for
        a file that cannot be read; EncoderError where no recogniser is installed, ModelNotFound for its model.

        Examples:
            >>> library.transcript(1_000_000)
            Traceback (most recent call last):
            search.errors.QueryError: no clip has the id 1000000
        """
        return speech.of_clip(clip_id, self.catalog, self._listeners, language)

    def voiced(self, clip_id: int) -> tuple[tuple[float, float], ...]:
        """When somebody speaks in a clip: start and end of each stretch in seconds, ascending. Raises as `transcript`.

        Examples:
            >>> library.voiced(1_000_000)
            Traceback (most recent call last):
            search.errors.QueryError: no clip has the id 1000000
        """
        return speech.voiced(clip_id, self.catalog, self._listeners)

    def spoken(self, text: str, *, k: int = 10, offset: int = 0, where: str | None = None) -> Sayings:
        """The passages in which ``text`` is said, best first: words, phrases in quotes, beginnings (``thunder*``).

        Of the clips that pass a filter, or of all; what nobody transcribed yet (`transcribe`) says nothing. Raises
        QueryError for a question without words, WhereError for a filter that does not parse.

        Examples:
            >>> library.spoken("rain", where="duration_s < 5").next_offset is None
            True
        """
        clips = None if where is None else self.clip_ids(where)
        return speech.spoken_in(self.view(), self.catalog, self.spoken_words, text, clips=clips, k=k, offset=offset)

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

        return ears(watch_for, self.refresh(), self.encoder, self.catalog, self.fingerprints.table)

    def transcribe(
        self,
        progress: Callable[[int, int], None] = _nobody,
        *,
        language: str | None = None,
        again: bool = False,
    ) -> tuple[JobFailure, ...]:
        """Recognise what is said in the sounds that came since the last time, or that another recogniser transcribed.

        ``again``: in all. Gives the files that could not be read. ``progress(done, total)`` is called as sounds are
        listened to; what it raises stops the job, which goes on from there the next time. Holds the writer's lease
        meanwhile. Raises LibraryBusy when another writer does, LibraryUnwritable when the disk is full, QueryError
        for a language that is not known, EncoderError and ModelNotFound as `transcript`.

        Examples:
            >>> from dataclasses import replace
            >>> settings = replace(library.settings, recogniser="parrot")
            >>> with soundalike.open_library("sounds.library", settings=settings) as opened:
            ...     opened.transcribe()
            Traceback (most recent call last):
            search.errors.EncoderError: no recogniser of speech is called 'parrot'; there is whisper, like whisper:base
        """
        with self._lease("speech") as lease:
            return speech.transcribe(
                self.refresh(),
                self.catalog,
                self.spoken_words,
                self._listeners,
                lease,
                progress=progress,
                language=language,
                again=again,
            )

    def map(self, space: str | None = None) -> ClipMap | None:
        """The 2-D layout of the clips, with those that came since; None when it was never drawn.

        Examples:
            >>> library.map().xy.shape
            (5, 2)
        """
        view = self.views(space)[0]
        return self._maps.read(view, self.folder(view.space))

    def draw_map(
        self, space: str | None = None, progress: Callable[[int, int], None] = _nobody, *, anew: bool = False
    ) -> ClipMap | None:
        """Add what came since to the map, or draw it (``anew``: from nothing, every place may change); takes minutes.

        ``progress(done, total)`` is called as contents are laid out; what it raises stops the job, and the
        map stays what it was. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        UsageError where UMAP is not installed (the extra ``map``), LibraryUnwritable when it cannot be written.

        Examples:
            >>> len(library.draw_map(anew=True).clip_ids)
            5
        """
        from search.overview.maps import drawing

        with self._lease("map") as lease:
            view = self.refresh().of(space)[0]
            drawing.draw(view, self.folder(view.space), progress, lease, anew=anew)
        return self.map(space)

    # --- what searches read ---------------------------------------------------------------------------------

    def view(self) -> LibraryView:
        """What searches read, as of the last half second.

        Examples:
            >>> [view.space.name for view in library.view().spaces]
            ['spectral', 'melody']
        """
        return self._spaces.view()

    def views(self, name: str | None = None) -> list[SpaceView]:
        """The same of the space called ``name``, or of every space of sounds; see `LibraryView.of`.

        Examples:
            >>> [view.space.name for view in library.views()]
            ['spectral']
        """
        return self.view().of(name)

    def refresh(self) -> LibraryView:
        """What searches read from now on: for whoever changed the catalog and asks about it at once.

        Examples:
            >>> len(library.refresh().of("spectral"))
            1
        """
        return self._spaces.refresh()

    def forget(self, space: Space) -> None:
        """Drop what is open of a space; the next search opens it again.

        Examples:
            >>> library.forget(library.space())
            >>> len(library.views())
            1
        """
        self._spaces.forget(space)

    @contextmanager
    def _lease(self, command: str) -> Iterator[Lease]:
        with self.catalog.lease(leasing.holder(command), leasing.WAIT_S) as lease, self.shared(lease):
            yield lease

    # --- publishing -----------------------------------------------------------------------------------------

    @contextmanager
    def shared(self, lease: Lease) -> Iterator[None]:
        """What is published within the block goes on from what others shipped, and is shipped when the block ends.

        Without a store nothing is. Raises StoreAway, and as `Shipping.ship` does; what was published here stays.

        Examples:
            >>> with library.writer.lease("my program", wait_s=5) as lease, library.shared(lease):
            ...     library.publish(library.space(), lease, always=True)
            True
        """
        if self.shipping is not None:
            self.shipping.fetch()
        yield
        if self.shipping is not None:
            self.shipping.ship(lease)

    def publication(self, space: Space) -> publishing.Publication:
        """What `publish` writes of a space, and where.

        Examples:
            >>> len(library.publication(library.space()).index().view)
            4
        """
        near = self.settings.neighbourhoods
        return publishing.Publication(self.catalog, self.folder(space), space, self.index_kind, near)

    def publish(self, space: Space, lease: Lease, *, always: bool = False) -> bool:
        """Turn the catalog's tail into a new snapshot when enough of it is pending (or ``always``); whether it did.

        Runs in bounded memory, beside readers. Raises LibraryBusy when the lease is lost, LibraryError when the
        disk is full.

        Examples:
            >>> with library.writer.lease("my program", wait_s=5) as lease:
            ...     library.publish(library.space(), lease, always=True)
            True
        """
        lease.check()
        with self.shared(lease):
            return self._publish(space, lease, always=always)

    def _publish(self, space: Space, lease: Lease, *, always: bool) -> bool:
        what = self.publication(space)
        published = what.index().view
        pending = self.catalog.pending(space.id, published.sequence)
        size = len(published) + pending
        enough = pending > 0 and (size < PUBLISH_ALWAYS_BELOW or pending >= size * PUBLISH_SHARE)
        if not (always or enough or what.is_incomplete()):
            return False
        publishing.publish(what, size)
        lease.check()
        self.catalog.prune_changes(published.sequence)
        return True
