"""The queries that a library answers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from search.engine.moments import MomentFinder
from search.engine.ranking import rank_each
from search.engine.recommending.recommender import Recommender
from search.engine.search import SearchEngine
from search.errors import QueryError
from search.library import companions, paths
from search.model import Answer, AudioPart, ClipPart, Companions, Moments, Query, RecommendQuery, SoundPath
from search.model.checking import of_kind

if TYPE_CHECKING:
    from search.analysis.exact.stored import Fingerprints
    from search.catalog.store import Catalog
    from search.library.encoders import Encoders
    from search.library.listening import PreparedWatches, Wanted
    from search.library.spaces import Spaces


class Questions:
    """The query methods of `search.library.library.Library`."""

    def __init__(self, catalog: Catalog, spaces: Spaces, encoders: Encoders, fingerprints: Fingerprints) -> None:
        self.engine = SearchEngine(catalog, spaces.view, encoders.of, catalog.facts)
        self._moments = MomentFinder(catalog, spaces.view, encoders.of)
        self._recommender = Recommender(catalog, catalog.feedback, spaces.view, rank_each)
        self._catalog = catalog
        self._spaces = spaces
        self._encoders = encoders
        self._fingerprints = fingerprints

    def search(self, query: Query) -> Answer:
        """Search for clips. Return the hits, best first, with a verdict. The state is at most half a second old.

        Raises QueryError (no positive part, unknown clips, invalid ``k``), WhereError (a filter that does not parse),
        AudioError (a file of the query), EncoderError (an encoder that cannot be loaded), SpaceMismatch.

        Examples:
            >>> answer = library.search(soundalike.Query((soundalike.AudioPart("door.wav"),), k=1))
            >>> answer.hits[0].title
            'door_slam'
        """
        of_kind(query, Query, "Query((TextPart('rain'),))")
        return self.engine.search(query)

    def moments(self, query: Query, *, gap_s: float = 30.0) -> Moments:
        """Find passages that match a query of words, files, clips and segments, each with its own boundaries.

        One recording may give several. They are ranked over the whole library. Words may join two sounds, which are
        then searched for in one recording: ``dog THEN car``, ``rain WHILE speech`` or ``bark WITHOUT music``. With
        THEN, the second sound begins at most ``gap_s`` seconds after the first. Raises as `search` does, and QueryError
        if no encoder reads frames (`soundalike.FrameReader`).

        Examples:
            >>> library.moments(soundalike.Query((soundalike.ClipPart(1),)))
            Traceback (most recent call last):
            search.errors.QueryError: moments need an encoder that hears frames (cnn:soundalike-1), not spectral
        """
        of_kind(query, Query, "Query((TextPart('rain'),))")
        return self._moments.find(query, gap_s)

    def recommend(self, query: RecommendQuery) -> Answer:
        """Recommend clips that are new to someone, by their likes and dislikes. See `RecommendQuery`.

        Raises QueryError (unknown clips, invalid ``k``, diversity or weights), WhereError (a filter that does not
        parse).

        Examples:
            >>> answer = library.recommend(soundalike.RecommendQuery(likes=(soundalike.ClipPart(1),), k=1))
            >>> answer.hits[0].title
            'police_siren_02'
        """
        of_kind(query, RecommendQuery, "RecommendQuery(likes=(ClipPart(17),))")
        return self._recommender.recommend(query)

    def recommend_each(self, queries: Iterable[RecommendQuery]) -> list[Answer | QueryError]:
        """Answer several queries, in order. A failed query has its error in place of an answer.

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
        """Find ``steps`` - 1 clips that lead from one sound to another in even steps; fewer in a small library.

        Of all paths with this many steps, it takes the one whose largest step is the smallest. No recording comes
        twice. Raises QueryError (unknown clips, silence, ``steps`` not from 2 to 64), WhereError, AudioError (a file
        that cannot be decoded).

        Examples:
            >>> way = library.path_between(soundalike.ClipPart(1), soundalike.AudioPart("door.wav"), steps=3)
            >>> len(way.clips), len(way.similarities)
            (2, 3)
        """
        paths.check_steps(steps)
        first, last = (self.engine.query_vector((part,), space) for part in (start, end))
        ends = tuple(part.clip_id for part in (start, end) if isinstance(part, ClipPart))
        return paths.path(
            self._spaces.view(), self._catalog, (first, last), ends, steps=steps, where=where, space=space
        )

    def goes_with(
        self,
        clip_id: int,
        *,
        k: int = 10,
        where: str | None = None,
        space: str | None = None,
        stretch: float = companions.STRETCH,
    ) -> Companions:
        """Find the ``k`` clips that go best with a clip: tempo and key fit, and the kind of sound is another.

        A tempo fits if it is equal, half or double after a change of at most ``stretch`` (.08 is 8 %). A key fits if it
        is the same, relative or a fifth apart. A clip without a tempo or without a key is judged by the other alone.
        Raises QueryError if the clip is unknown, was not measured (`Facts.measure`), or has neither; WhereError.

        Examples:
            >>> library.goes_with(1_000_000)
            Traceback (most recent call last):
            search.errors.QueryError: no clip has the id 1000000
        """
        return companions.goes_with(
            self._spaces.view(), self._catalog, clip_id, k=k, where=where, space=space, stretch=stretch
        )

    def ears(self, watch_for: Wanted) -> PreparedWatches:
        """Prepare to watch a stream (`search.library.live.listening.listen`).

        Watching for recordings needs fingerprints, for sounds an encoder with a calibration, and for classes and words
        a `soundalike.FrameReader`. Raises QueryError for what is missing, for an unknown class, or if ``watch_for`` is
        empty; AudioError for a file.

        Examples:
            >>> from search.library.listening import Wanted
            >>> library.ears(Wanted(events=("Dog",)))
            Traceback (most recent call last):
            search.errors.QueryError: events need an encoder that names sounds (cnn:soundalike-1), not spectral
        """
        from search.library.listening import prepare_watches  # loaded only for live streams

        return prepare_watches(
            watch_for, self._spaces.refresh(), self._encoders.of, self._catalog, self._fingerprints.table
        )
