"""The engine: a query goes in, hits come out.

A query's parts become one vector in each space (`search.engine.asking`); the space's index ranks segments; a clip
counts as its best segment (`search.engine.ranking`). Words also rank clips by their names and metadata. One ranking
keeps its own scores; several are merged by reciprocal rank (`search.engine.fusion`). A filter becomes a bitmap that the
index searches inside.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from search.columns.where import And, IsAmong, Where, parse
from search.engine.asking import AskedSpace, PartReader
from search.engine.collapsing import Collapsed, collapsed
from search.engine.confidence import PAGE, none_below, verdict
from search.engine.explaining import NO_IDS, Explainer, SpaceRanking
from search.engine.fusion import DOUBTED, RankedClips, fuse
from search.engine.ranking import rank
from search.engine.tunes import TuneLike, ask_tunes, better, with_tunes
from search.engine.views import Look, Recordings, SpaceView
from search.errors import QueryError
from search.model import (
    Answer,
    Bitmap,
    ClipPart,
    Part,
    Query,
    Ranking,
    SegmentPart,
    Space,
    TextPart,
    Verdict,
)
from search.ports import CatalogReader, Encoder

MAX_K = 10_000
MAX_PARTS = 64
FUSION_DEPTH = 200
"""How deep a ranking is read before it is merged: beyond this a reciprocal rank no longer moves a hit."""
WORDS_DEPTH = 1_000
COPIES_READ = 20
"""How many more clips are read at first where copies are folded: those of the last hits are to be named too."""


class SearchEngine:
    """Answers queries over the views of a library. Holds no state of its own; threads may share it."""

    def __init__(self, catalog: CatalogReader, look: Look, encoder: Callable[[Space], Encoder]) -> None:
        self._catalog = catalog
        self._look = look
        self._reader = PartReader(encoder)

    def search(self, query: Query) -> Answer:
        """The ``query.k`` best clips, one hit each.

        Raises QueryError (no positive part, unknown ids, bad k, notes that are none), WhereError (a filter that does
        not parse), AudioError (a file that cannot be decoded), EncoderError (a model that cannot be had).
        """
        started = time.perf_counter()
        check(query)
        where = _filter(query)
        library = self._look()
        views = library.of(query.space)
        query = replace(query, parts=with_tunes(query.parts, views, library.melody))
        asked = self._reader.ask_each(query.parts, views)
        words = self._words(query, views[0], where)
        tunes = ask_tunes(library.melody, query, where, query.k if _only_tunes(query) else max(query.k, FUSION_DEPTH))
        others = [*words, *tunes.ranked]
        spaces = [view.space for view in views]
        doubt_below = none_below(spaces) if _names_may_know_better(query, asked, words) else 0.0
        everything, folded = self._ranked(query, doubt_below > 0, asked, where, others, recordings=library.recordings)
        clips = {clip.id: clip for clip in self._catalog.clips([clip_id for clip_id, _ in folded.ranked])}
        there = [(clips[clip_id], score) for clip_id, score in folded.ranked if clip_id in clips]
        explainer = Explainer([*asked, *tunes.views], everything, tunes.matches, folded.copies, doubt_below)
        hits = explainer.hits(there)
        if doubt_below:
            hits = tuple(sorted(hits, key=lambda hit: -hit.score)[: query.k])
        sound_hits = [hit for hit in hits if hit.clip_id not in tunes.matches]
        sound_verdict: Verdict = "good" if any(hit.by_name for hit in hits) else verdict(sound_hits, spaces)
        took_ms = (time.perf_counter() - started) * 1e3
        return Answer(better(sound_verdict, tunes.verdict), hits, took_ms, tunes.reason)

    def query_vector(self, parts: Sequence[Part], space: str | None = None) -> NDArray[np.float32]:
        """The parts of a query as one unit vector (dim,) of a space. Raises as `search` does."""
        views = self._look().of(space)
        vector = self._reader.ask_each(parts, views)[0].vector
        if vector is None:
            raise QueryError(f"space {views[0].space.name!r} cannot read words; ask by audio, clip or segment")
        return vector

    def rank(
        self, vector: NDArray[np.float32], k: int, *, space: str | None = None, among: Bitmap | None = None
    ) -> Ranking:
        """The ``k`` contents nearest to ``vector`` (dim,), each with its best segment, as every search ranks them."""
        return rank(self._look().of(space)[0], vector, k, among)

    def _words(self, query: Query, view: SpaceView, where: Where | None) -> list[RankedClips]:
        """For each part in words, the clips whose names or metadata say so, and that pass the filter.

        Those that have some of the words are doubted, and so are those that have all of unwanted ones as well.
        """
        lists = []
        depth = _words_depth(query, where)
        for place, part in enumerate(query.parts, start=1):
            if not isinstance(part, TextPart):
                continue
            matches = self._catalog.match_words(part.text, depth)
            clip_ids = np.array([m.clip_id for m in matches], np.int64)
            scores = np.array([m.score for m in matches], np.float32)
            some = frozenset(m.clip_id for m in matches if not m.every_word)
            if where is not None and len(clip_ids):
                passes = np.isin(clip_ids, view.columns.clip_ids[view.columns.clips_where(where)])
                clip_ids, scores = clip_ids[passes], scores[passes]
            nowhere = np.full(len(clip_ids), -1, np.int64)
            lists.append(RankedClips(f"words {place}", clip_ids, scores, nowhere, part.weight, some))
        return _without_unwanted(lists)

    def _ranked(
        self,
        query: Query,
        doubting: bool,
        spaces: Sequence[AskedSpace],
        where: Where | None,
        others: Sequence[RankedClips],
        *,
        recordings: Recordings,
    ) -> tuple[list[SpaceRanking], Collapsed]:
        """Every ranking that was made, and what they come to; read ever deeper where copies fill the list.

        Where sounds may be doubted these are more than the hits that were asked for, in no order that is final.
        """
        # of two that are as good; what is to be avoided does not find anything, and orders what names found
        names_win = any(part.weight > 0 for one in spaces for part in one.parts)
        # doubt moves whatever stands at the top of a page: a whole one is read, however few are asked for
        n_hits = max(query.k, PAGE) if doubting else query.k
        depth = 2 * n_hits + COPIES_READ if query.collapse else n_hits
        while True:
            by_sound = [found for one in spaces if (found := self._by_sound(one, query, depth, where, others))]
            everything = [*by_sound, *(SpaceRanking(ranked, None) for ranked in others)]
            sounds = [found.ranked for found in by_sound]
            if doubting:
                ranked = _merge_either_way(others, sounds, depth)
            else:
                ranked = _merge([*others, *sounds] if names_win else [*sounds, *others], depth)
            folded = Collapsed(ranked, {})
            if query.collapse:
                folded = collapsed(ranked, spaces[0].view.columns, recordings)
            if len(folded.ranked) >= n_hits or len(ranked) < depth or depth >= MAX_K:
                n_kept = 2 * n_hits if doubting else n_hits
                return everything, Collapsed(folded.ranked[:n_kept], folded.copies)
            depth *= 4

    def _by_sound(
        self, space: AskedSpace, query: Query, k: int, where: Where | None, words: Sequence[RankedClips]
    ) -> SpaceRanking | None:
        """The ranking of one space, ``k`` clips or more to merge; None when no part has a vector there.

        Negative parts alone rank only what the words found: "horn, but not like this one" is about horns.
        """
        if space.vector is None:
            return None
        columns = space.view.columns
        passing = columns.clips_where(where) if where is not None else None
        if all(part.weight < 0 for part in space.parts):
            by_name = np.concatenate([NO_IDS, *(w.clip_ids for w in words if w.weight > 0)])
            said = np.isin(columns.clip_ids, by_name)
            passing = said if passing is None else passing & said
        excluded = _own_clips(query, space.view)
        depth = max(k, FUSION_DEPTH if words else PAGE)
        among = columns.bitmap(passing) if passing is not None else None
        ranking = rank(space.view, space.vector, depth + len(excluded), among)
        return SpaceRanking(_expand(space.view, ranking, passing, excluded, depth), space)


def check(query: Query) -> None:
    """Raises QueryError for a query that makes no sense, before any work is done."""
    if not 1 <= query.k <= MAX_K:
        raise QueryError(f"k is {query.k}; it must be from 1 to {MAX_K}")
    if len(query.parts) > MAX_PARTS:
        raise QueryError(f"the query has {len(query.parts)} parts; at most {MAX_PARTS} are allowed")
    if any(not math.isfinite(part.weight) or part.weight == 0 for part in query.parts):
        raise QueryError("a part's weight must be a number other than 0")
    if not any(part.weight > 0 for part in query.parts):
        raise QueryError("a query needs at least one thing to look for, not only things to avoid")
    if any(isinstance(part, TextPart) and not part.text.strip() for part in query.parts):
        raise QueryError("the text to look for is empty")


def _filter(query: Query) -> Where | None:
    """What every hit passes. Raises WhereError."""
    said = parse(query.where) if query.where else None
    if query.among is None:
        return said
    return IsAmong(query.among) if said is None else And((said, IsAmong(query.among)))


def _words_depth(query: Query, where: Where | None) -> int:
    """How many clips are read for words: no more than can be merged, unless some of them may have to go."""
    narrowed = where is not None or query.collapse or any(part.weight < 0 for part in query.parts)
    return max(query.k, WORDS_DEPTH if narrowed else FUSION_DEPTH)


def _merge_either_way(names: Sequence[RankedClips], sounds: Sequence[RankedClips], k: int) -> list[tuple[int, float]]:
    """The best ``k`` clips if all ``sounds`` are doubted and the best ``k`` if none is, by turns, each once.

    With the scores that they have if none is.
    """
    lists = [*names, *sounds]
    ranked = fuse(lists, sum(len(one.clip_ids) for one in lists))
    doubted = fuse([*names, *(replace(sound, weight=DOUBTED * sound.weight) for sound in sounds)], k)
    scores = dict(ranked)
    turns = (clip_id for pair in zip(doubted, ranked, strict=False) for clip_id, _ in pair)
    return [(clip_id, scores[clip_id]) for clip_id in dict.fromkeys(turns)]


def _names_may_know_better(query: Query, spaces: Sequence[AskedSpace], words: Sequence[RankedClips]) -> bool:
    """Whether sounds have probabilities for what is wanted, which is all in words, and names have some of these.

    Beside a wanted sound a hit may be unlikely because only one of both is in it.
    """
    in_words = all(isinstance(part, TextPart) for part in query.parts if part.weight > 0)
    meant = any(part.meant is not None and part.weight > 0 for one in spaces for part in one.parts)
    return in_words and meant and any(ranked.weight > 0 and len(ranked.clip_ids) for ranked in words)


def _without_unwanted(words: Sequence[RankedClips]) -> list[RankedClips]:
    """The same lists; what has all of some unwanted words is doubted where it is wanted: "dog, not bark" in a bark."""
    unwanted = frozenset(
        clip_id for w in words if w.weight < 0 for clip_id in w.clip_ids.tolist() if clip_id not in w.doubted
    )
    return [w if w.weight < 0 else replace(w, doubted=w.doubted | unwanted) for w in words]


def _only_tunes(query: Query) -> bool:
    """One hum and nothing else: its ranking is the answer, and needs no more hits than asked for."""
    return len(query.parts) == 1 and isinstance(query.parts[0], TuneLike)


def _own_clips(query: Query, view: SpaceView) -> set[int]:
    """The clips that the query itself names: nobody asks for what they hold in their hand."""
    own = {part.clip_id for part in query.parts if isinstance(part, ClipPart) and part.weight > 0}
    segments = [part.segment_id for part in query.parts if isinstance(part, SegmentPart) and part.weight > 0]
    if segments:
        contents, _, _ = view.columns.place(np.array(segments, np.int64))
        for clip_ids in view.columns.clips_of(contents[contents >= 0]).values():
            own.update(clip_ids)
    return own


def _expand(
    view: SpaceView, ranking: Ranking, passing: NDArray[np.bool_] | None, excluded: set[int], depth: int
) -> RankedClips:
    """From contents to the clips that hold them: copies stand side by side, filtered clips and excluded ones go."""
    clips_of = view.columns.clips_of(ranking.content_ids)
    rows = [
        (clip_id, score, segment_id)
        for content_id, segment_id, score in zip(
            ranking.content_ids.tolist(), ranking.segment_ids.tolist(), ranking.scores.tolist(), strict=True
        )
        for clip_id in clips_of.get(content_id, ())
        if clip_id not in excluded
    ]
    if passing is not None and rows:
        among = np.isin(np.array([row[0] for row in rows]), view.columns.clip_ids[passing])
        rows = [row for row, passes in zip(rows, among, strict=True) if passes]
    rows = rows[:depth]
    return RankedClips(
        view.space.name,
        np.array([row[0] for row in rows], np.int64),
        np.array([row[1] for row in rows], np.float32),
        np.array([row[2] for row in rows], np.int64),
    )


def _merge(lists: Sequence[RankedClips], k: int) -> list[tuple[int, float]]:
    """One ranking stands as it is, several are fused."""
    if len(lists) == 1 and lists[0].weight > 0:
        return list(zip(lists[0].clip_ids[:k].tolist(), lists[0].scores[:k].tolist(), strict=True))
    return fuse(lists, k)
