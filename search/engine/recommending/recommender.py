"""`Recommender`: recommends new clips by someone's likes, dislikes and seen clips."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.columns import unmeasured
from search.columns.parsing import parse
from search.engine import policy
from search.engine.confidence import PAGE, Page, fitted, probabilities
from search.engine.recommending.choosing import choose
from search.engine.recommending.history import Excluded, History, check, clip_vectors, gather
from search.engine.recommending.starters import startable, starters
from search.engine.recommending.tastes import SAME_TASTE, Tastes, tastes_of
from search.engine.views import Look, SpaceView
from search.errors import LibraryError, QueryError
from search.model import Answer, Bitmap, ClipPart, Hit, Ids, Ranking, RecommendQuery, Vectors, Verdict, Via
from search.ports import CatalogReader, FeedbackStore

PAGES: Final = (10, 50, 200, 1_000)
"""Clips are always chosen page by page with these total sizes, so that a longer answer begins with the shorter one."""
POOL: Final = 1.5
POOL_FOR_VARIETY: Final = 5.0
"""Candidates for each requested clip: `POOL`, plus `POOL_FOR_VARIETY` times the squared diversity. More change nothing.
"""
DEEPER: Final = 4
"""If a ranking is full of copies, it is read this many times deeper, repeatedly."""
DEEPEST: Final = 10_000
"""The most contents of a ranking that are read, even if they are all copies."""
FEW: Final = 100
"""Up to this many excluded contents, the search just asks for more hits. Beyond that, it filters them out."""
NAMED_LIKES: Final = 3

RankEach = Callable[[SpaceView, Vectors, int, Bitmap | None], list[Ranking]]


@dataclass(frozen=True, slots=True)
class _Request:
    """A query with what follows from it: ``passing`` (rows,) clips (None: all), and what is excluded."""

    view: SpaceView
    query: RecommendQuery
    history: History
    passing: NDArray[np.bool_] | None
    excluded: Excluded

    def also_excluding(self, contents: Ids) -> _Request:
        """Return a request that also excludes these contents."""
        return replace(self, excluded=self.excluded.also_excluding(contents))


@dataclass(frozen=True, slots=True)
class _Candidates:
    """n contents, each with its best segment: ids, ``vectors`` (n, dim), ``scores`` (tastes, n).

    ``chances`` (tastes, n) are the probabilities that they fit, None if unknown.
    """

    content_ids: Ids
    segment_ids: Ids
    vectors: Vectors
    scores: NDArray[np.float32]
    chances: NDArray[np.float64] | None


@dataclass(frozen=True, slots=True)
class _Picked:
    """A chosen content, how well it fits its taste (``score``), why it was chosen, and the probability that it fits."""

    content_id: int
    segment_id: int
    score: float
    via: tuple[Via, ...]
    chance: float | None = None


class Recommender:
    """Answers `RecommendQuery`. Threads may share it. It only caches the last sample for empty histories."""

    def __init__(
        self,
        catalog: CatalogReader,
        feedback: FeedbackStore,
        look: Look,
        rank_each: RankEach,
    ) -> None:
        self._catalog = catalog
        self._feedback = feedback
        self._look = look
        self._rank_each = rank_each
        self._starters: tuple[tuple[str, int, str | None], Ids, Ids] | None = None
        self._lock = threading.Lock()

    def recommend(self, query: RecommendQuery) -> Answer:
        """Return at most ``query.k`` new clips, best first, one for each recording.

        Raises QueryError (unknown clips, invalid ``k``, diversity or weights), WhereError (a filter that does not
        parse).
        """
        started = time.perf_counter()
        check(query)
        library = self._look()
        view = library.of(query.space)[0]
        history = gather(query, self._feedback, view)
        where = parse(query.where) if query.where else None
        passing = view.columns.clips_where(where) if where else None
        unjudged = view.columns.unjudged(where)
        warnings = (unmeasured.warning(unjudged),) if unjudged else ()
        excluded_clips = [*history.seen, *(part.clip_id for part in (*history.likes, *history.dislikes))]
        excluded = view.columns.contents_of(np.array(excluded_clips, np.int64))
        request = _Request(view, query, history, passing, Excluded(excluded, library.recordings))
        picked, has_more = (self._by_taste if history.likes else self._from_starters)(request)
        hits = self._hits(view, picked[query.offset : query.end], passing)
        verdict: Verdict = _verdict(picked, view) if history.likes else "good" if picked else "none"
        following = query.end if has_more or len(picked) > query.end else None
        took_ms = (time.perf_counter() - started) * 1e3
        return Answer(
            verdict,
            hits,
            took_ms,
            next_offset=following,
            gone=history.gone,
            warnings=warnings,
            recall=library.recall,
        )

    def recommend_each(self, queries: Iterable[RecommendQuery]) -> list[Answer | QueryError]:
        """Answer several queries, in order. A failed query has its error in place of an answer."""
        answers: list[Answer | QueryError] = []
        for query in queries:
            try:
                answers.append(self.recommend(query))
            except QueryError as error:
                answers.append(error)
        return answers

    def _by_taste(self, request: _Request) -> tuple[list[_Picked], bool]:
        """Choose pages near the likes until there are enough clips. Return them, and whether another page has more."""
        view, query = request.view, request.query
        likes, liked = clip_vectors(view, request.history.likes)
        if not liked:
            return self._from_starters(request)
        dislikes, _ = clip_vectors(view, request.history.dislikes)
        weights = np.array([part.weight for part in liked], np.float64)
        tastes = tastes_of(likes, weights, dislikes)
        picked: list[_Picked] = []
        vectors, chosen_for = np.empty((0, likes.shape[1]), np.float32), np.empty(0, np.int64)
        has_more = False
        for page in PAGES:
            chosen = np.array([one.content_id for one in picked], np.int64)
            candidates = self._candidates(request.also_excluding(chosen), tastes, page)
            has_more = page < PAGES[-1] and len(candidates.content_ids) > page - len(picked)
            if not len(candidates.content_ids):
                break
            left, before = page - len(picked), (vectors, chosen_for)
            rows, of_taste = choose(
                candidates.scores, tastes.shares, candidates.vectors, left, query.diversity, before=before
            )
            picked += [
                _Picked(
                    int(candidates.content_ids[row]),
                    int(candidates.segment_ids[row]),
                    float(candidates.scores[taste, row]),
                    _via(liked, likes, tastes.members[taste], candidates.vectors[row]),
                    None if candidates.chances is None else float(candidates.chances[taste, row]),
                )
                for row, taste in zip(rows.tolist(), of_taste.tolist(), strict=True)
            ]
            # when all candidates of a page were chosen, only the next page shows whether there are more
            if len(picked) < page or len(picked) + has_more > query.end:
                break
            vectors = np.concatenate((vectors, candidates.vectors[rows]))
            chosen_for = np.concatenate((chosen_for, of_taste))
        return picked, has_more

    def _candidates(self, request: _Request, tastes: Tastes, page: int) -> _Candidates:
        """Return the best contents of all tastes, one of each recording, without excluded ones."""
        view, excluded = request.view, request.excluded
        rankings = self._rankings(request, tastes, page)
        contents = np.concatenate([r.content_ids for r in rankings])
        segments = np.concatenate([r.segment_ids for r in rankings])
        ranked = np.concatenate([r.scores for r in rankings])
        taste = np.repeat(np.arange(len(rankings)), [len(r.content_ids) for r in rankings])
        best = np.argsort(-ranked, kind="stable")
        best = best[_firsts(excluded.recordings.of(contents[best]))]
        best = best[excluded.are_new(contents[best])]
        try:
            vectors = view.index.vectors(segments[best])
        except LibraryError:  # a candidate was deleted since the search
            return self._candidates(request, tastes, page)
        scores = tastes.vectors @ vectors.T
        chances = _chances(view, segments[best], vectors, scores)
        # scores of a ranking include neighbourhoods, so they replace plain cosines
        scores[taste[best], np.arange(len(best))] = ranked[best]
        return _Candidates(contents[best], segments[best], vectors, scores, chances)

    def _rankings(self, request: _Request, tastes: Tastes, page: int) -> list[Ranking]:
        """Rank contents near each taste: enough for the page, and to choose among them.

        If copies (of each other, or of excluded contents) leave a taste with too few recordings, these tastes are
        searched again, together and deeper. Without copies one search is enough.
        """
        view, excluded = request.view, request.excluded
        pool = int(page * (POOL + POOL_FOR_VARIETY * request.query.diversity**2))
        n_contents = max(pool // len(tastes.vectors), page)
        among, extra = _among(view, request.passing, excluded.contents)
        depth = n_contents + extra
        rankings = self._rank_each(view, tastes.vectors, depth, among)
        ended = [len(ranking.content_ids) < depth for ranking in rankings]
        while depth < DEEPEST:
            short = [row for row in _short(rankings, excluded, int(n_contents / POOL), page) if not ended[row]]
            if not short:
                break
            depth = min(DEEPER * depth, DEEPEST)
            for row, ranking in zip(short, self._rank_each(view, tastes.vectors[short], depth, among), strict=True):
                rankings[row] = ranking
                ended[row] = len(ranking.content_ids) < depth
        return rankings

    def _from_starters(self, request: _Request) -> tuple[list[_Picked], bool]:
        """Choose a varied sample. It also holds the following pages, so there is nothing beyond it."""
        view, history = request.view, request.history
        every, segment_ids = self._sample(request)
        contents, keep = _recordings(view, segment_ids, request.excluded)
        chosen = _disliked_last(view, contents[keep], segment_ids[keep], history)
        # the sample was too short, or mostly excluded or copies: take another one of the rest
        if len(keep) <= request.query.end:
            excluded = request.excluded.also_excluding(contents[keep])
            rest = every[excluded.are_new(every)]
            rest = rest[_firsts(excluded.recordings.of(rest))]
            if len(rest):
                segment_ids = starters(view, rest)
                contents, keep = _recordings(view, segment_ids, excluded)
                chosen += _disliked_last(view, contents[keep], segment_ids[keep], history)
        return chosen, False

    def _sample(self, request: _Request) -> tuple[Ids, Ids]:
        """Return the contents to choose starters from, and the starters; cached until the library or filter changes."""
        view = request.view
        key = (view.space.name, view.columns.sequence, request.query.where)
        with self._lock:
            if self._starters is None or self._starters[0] != key:
                every = startable(view, request.passing)
                self._starters = (key, every, starters(view, every))
            return self._starters[1:]

    def _hits(self, view: SpaceView, picked: Sequence[_Picked], passing: NDArray[np.bool_] | None) -> tuple[Hit, ...]:
        """Return the first clip of each chosen content that passes the filter."""
        clips_of = view.columns.clips_of(np.array([one.content_id for one in picked], np.int64))
        if passing is not None:
            every = np.array([clip_id for clip_ids in clips_of.values() for clip_id in clip_ids], np.int64)
            passes = set(every[np.isin(every, view.columns.clip_ids[passing])].tolist())
            clips_of = {content: [i for i in ids if i in passes] for content, ids in clips_of.items()}
        first = {content: ids[0] for content, ids in clips_of.items() if ids}
        clips = {clip.id: clip for clip in self._catalog.clips(list(first.values()))}
        segments = view.segments(np.array([one.segment_id for one in picked], np.int64))
        return tuple(
            Hit(clip, segments[one.segment_id], one.score, one.chance, one.via)
            for one in picked
            if (clip := clips.get(first.get(one.content_id, -1))) is not None and one.segment_id in segments
        )


def _verdict(picked: Sequence[_Picked], view: SpaceView) -> Verdict:
    """Return the verdict by the first page, independently of what is requested."""
    first = [
        policy.Standing(policy.HitEvidence.NOTHING, one.chance, policy.HitEvidence.NOTHING) for one in picked[:PAGE]
    ]
    return policy.verdict(first, [view.space], fitted(view.space).good_from)


def _disliked_last(view: SpaceView, contents: Ids, segment_ids: Ids, history: History) -> list[_Picked]:
    """Return starters. Those that are similar to dislikes come last."""
    dislikes, _ = clip_vectors(view, history.dislikes)
    order = np.arange(len(contents))
    if len(dislikes) and len(order):
        near = (view.index.vectors(segment_ids) @ dislikes.T).max(axis=1) >= SAME_TASTE
        order = np.argsort(near, kind="stable")
    varied = (Via("variety", 1.0),)
    return [_Picked(int(contents[row]), int(segment_ids[row]), 0.0, varied) for row in order.tolist()]


def _among(view: SpaceView, passing: NDArray[np.bool_] | None, excluded: Ids) -> tuple[Bitmap | None, int]:
    """Return what the search may find (None: everything), and how many more hits to request for excluded ones."""
    if passing is None and len(excluded) <= FEW:
        return None, len(excluded)
    rows = view.columns.present if passing is None else passing
    return view.columns.bitmap(rows & ~np.isin(view.columns.content_ids, excluded)), 0


def _short(rankings: Sequence[Ranking], excluded: Excluded, least: int, k: int) -> Sequence[int]:
    """Return which ``rankings`` have fewer than ``least`` new recordings; all if together they have less than ``k``."""
    contents = [ranking.content_ids for ranking in rankings]
    recordings = [excluded.recordings.of(ids) for ids in contents]
    if all(map(np.array_equal, recordings, contents)):  # no copies: the rankings are as long as possible
        return ()
    new = [np.unique(own[excluded.are_new(own)]) for own in recordings]
    if len(np.unique(np.concatenate(new))) < k:
        return range(len(new))
    return [row for row, own in enumerate(new) if len(own) < least]


def _recordings(view: SpaceView, segment_ids: Ids, excluded: Excluded) -> tuple[Ids, Ids]:
    """Return the contents (n,) of segments, and the row of the first of each recording that is not excluded."""
    contents, _, _ = view.columns.place(segment_ids)
    keep = _firsts(excluded.recordings.of(contents))
    return contents, keep[excluded.are_new(contents[keep]) & (contents[keep] >= 0)]


def _firsts(values: Ids) -> Ids:
    """Return the index of the first occurrence of each value, ascending."""
    return np.sort(np.unique(values, return_index=True)[1])


def _via(
    liked: Sequence[ClipPart], likes: Vectors, members: Sequence[int], vector: NDArray[np.float32]
) -> tuple[Via, ...]:
    """Return at most `NAMED_LIKES` likes of the taste that a clip was chosen for, nearest first; shares sum to 1."""
    rows = list(members)
    gains = np.maximum(likes[rows] @ vector, 1e-6) * np.array([liked[row].weight for row in rows])
    order = np.argsort(-gains, kind="stable")[:NAMED_LIKES]
    total = float(gains[order].sum())
    return tuple(Via(f"like {liked[rows[place]].clip_id}", float(gains[place]) / total) for place in order.tolist())


def _chances(
    view: SpaceView, segment_ids: Ids, vectors: Vectors, cosines: NDArray[np.float32]
) -> NDArray[np.float64] | None:
    """Return (tastes, n) the probabilities that segments with ``vectors`` (n, dim) fit, by ``cosines`` (tastes, n)."""
    if not len(segment_ids):
        return None
    rows = []
    for row in cosines:
        nearest = np.argsort(-row, kind="stable")[:PAGE]
        page = Page.of(view.neighbourhoods, segment_ids[nearest], vectors[nearest], row[nearest])
        rows.append(probabilities(view.space, row, page))
    return np.stack([row for row in rows if row is not None]) if rows[0] is not None else None
