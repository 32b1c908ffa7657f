"""What a library is asked, and what answers it."""

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
    from search.library.listening import Ears, Wanted
    from search.library.spaces import Spaces


class Questions:
    """The questions that a library answers; see `search.library.library.Library`, which is all of them."""

    def __init__(self, catalog: Catalog, spaces: Spaces, encoders: Encoders, fingerprints: Fingerprints) -> None:
        self.engine = SearchEngine(catalog, spaces.view, encoders.of, catalog.facts)
        self._moments = MomentFinder(catalog, spaces.view, encoders.of)
        self._recommender = Recommender(catalog, catalog.feedback, spaces.view, rank_each)
        self._catalog = catalog
        self._spaces = spaces
        self._encoders = encoders
        self._fingerprints = fingerprints

    def search(self, query: Query) -> Answer:
        """The hits of a query, best first, with a verdict, on the state of the last half second.

        Raises QueryError (no positive part, unknown clips, bad k), WhereError (a filter that does not parse),
        AudioError (a file of the query), EncoderError (no encoder that reads the part), SpaceMismatch.

        Examples:
            >>> answer = library.search(soundalike.Query((soundalike.AudioPart("door.wav"),), k=1))
            >>> answer.hits[0].title
            'door_slam'
        """
        of_kind(query, Query, "Query((TextPart('rain'),))")
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
        of_kind(query, Query, "Query((TextPart('rain'),))")
        return self._moments.find(query, gap_s)

    def recommend(self, query: RecommendQuery) -> Answer:
        """Clips for someone who liked some and disliked others, none that they know; see `RecommendQuery`.

        Raises QueryError (unknown clips, bad k, diversity or weights), WhereError (a filter that does not parse).

        Examples:
            >>> answer = library.recommend(soundalike.RecommendQuery(likes=(soundalike.ClipPart(1),), k=1))
            >>> answer.hits[0].title
            'police_siren_02'
        """
        of_kind(query, RecommendQuery, "RecommendQuery(likes=(ClipPart(17),))")
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
        """The ``k`` clips that go best with one: tempo and key fit, and they are of another kind; with the reasons.

        A tempo fits that is equal, half or double once it is changed by ``stretch`` at most (.08 is 8 %); a key that is
        the same, relative or a fifth apart. What has no tempo, or no key, fits by the other. Raises QueryError for a
        clip that is not there, was not measured (`Facts.measure`), or has neither; WhereError.

        Examples:
            >>> library.goes_with(1_000_000)
            Traceback (most recent call last):
            search.errors.QueryError: no clip has the id 1000000
        """
        return companions.goes_with(
            self._spaces.view(), self._catalog, clip_id, k=k, where=where, space=space, stretch=stretch
        )

    def ears(self, watch_for: Wanted) -> Ears:
        """What listens to a stream for what is wanted (`search.library.live.listening.listen`).

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

        return ears(watch_for, self._spaces.refresh(), self._encoders.of, self._catalog, self._fingerprints.table)
