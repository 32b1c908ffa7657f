"""The search engine: turns a query into hits.

1. A query's parts become one vector in each space (`search.engine.asking`).
2. The space's index ranks segments, and a clip counts as its best segment (`search.engine.ranking`). A filter becomes a
   bitmap that the index searches within.
3. Words also rank clips by their names and metadata.
4. A single ranking keeps its own scores. Several are merged by reciprocal rank (`search.engine.fusion`), with a policy
   for names and sounds (`search.engine.policy`).
5. The order of the hits does not depend on how many are requested (`search.engine.order`).
"""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from search.columns.where import And, Where
from search.engine import nearest, policy, refusing
from search.engine.asking import PartReader
from search.engine.aspects import ReadFacts, changed, tastes
from search.engine.confidence import COPY, PAGE, good_from
from search.engine.explaining import Explainer, Placed, SpaceRanking, sound_chances
from search.engine.filtering import filter_of
from search.engine.fusion import RankedClips, fuse
from search.engine.meanings import NameMeanings
from search.engine.order import Level, Order
from search.engine.phrases import spread
from search.engine.question import Question
from search.engine.ranking import rank
from search.engine.sameness import QueriedContents, queried_contents
from search.engine.sounds import by_sound, with_named
from search.engine.tunes import TuneLike, TunesFound, ask_tunes, better, with_tunes
from search.engine.views import Look
from search.errors import QueryError
from search.model import (
    NO_WORDS,
    Answer,
    Bitmap,
    FacetCount,
    Hit,
    Part,
    Query,
    Ranking,
    Space,
    StoredFacts,
    TextPart,
)
from search.ports import ContentReader, Encoder

MAX_HITS = 10_000
MAX_OFFSET = 10**9
MAX_PARTS = 64
LONE_DEPTHS, FUSION_DEPTHS = (11, 60, 240), (200,)
"""The depths of the first levels. A single ranking serves pages of ten, of fifty, and larger ones, with one hit more
that shows whether there is another page. Several rankings are merged at one depth: further down, a reciprocal rank
moves no hit."""
MOST_COUNTED = 3_000
"""The most clips that are checked to count the likely ones: a tenth of a second in a large library."""
DEEPER = 4
"""Each further level is this many times deeper than the one before."""
WORDS_DEPTH = 1_000
"""How many clips are read for words at first if some may be dropped by a filter."""
UNWANTED_DEPTH = 10_000
"""The most clips that are excluded because of their names."""


class SearchEngine:
    """Answers queries over the views of a library. It only caches the meanings of names. Threads may share it."""

    def __init__(
        self, catalog: ContentReader, look: Look, encoder: Callable[[Space], Encoder], facts: ReadFacts | None = None
    ) -> None:
        self._catalog = catalog
        self._facts = facts or _nothing_measured
        self._look = look
        self._reader = PartReader(encoder)
        self._meanings = NameMeanings(encoder)

    def search(self, query: Query) -> Answer:
        """Return the ``query.k`` best clips after the first ``query.offset``, one hit each.

        Raises QueryError (no positive part, unknown ids, invalid ``k``, invalid notes), WhereError (a filter that does
        not parse), AudioError (a file that cannot be decoded), EncoderError (a model that cannot be loaded).
        """
        started = time.perf_counter()
        check(query)
        question = self._question(query)
        sameness = queried_contents(question, self._catalog)
        question = replace(question, leading=sameness.leading)
        order = Order(question.view.columns, question.library.recordings if query.collapse else None)
        end = query.offset + query.k
        tunes = TunesFound()
        more_likely = False
        for level in self._levels(question):
            order.add(level)
            tunes = level.tunes
            more_likely = query.count and level.more and order.ends_likely()
            is_counted = not more_likely or len(order.entries) >= MOST_COUNTED
            if is_counted and (len(order.entries) > end or not level.more):
                break
        spaces = [one.view.space for one in question.spaces]
        found = better(policy.verdict(order.first(), spaces, good_from(question.spaces)), tunes.verdict)
        hits = self._hits(question, order, sameness)
        near = _nearest(question, order) if found == "none" and not tunes.reason else ()
        following = end if len(order.entries) > end else None
        did_you_mean = order.entries[0].level.did_you_mean if order.entries else ""
        reason = tunes.reason or nearest.as_sentence(query.parts, near)
        warnings = (*question.warnings, *tunes.warnings)
        took_ms = (time.perf_counter() - started) * 1e3
        language = question.language
        likely = order.likely(is_all=not more_likely) if query.count else None
        return Answer(
            found,
            hits,
            took_ms,
            reason,
            following,
            did_you_mean,
            question.gone,
            warnings,
            near,
            language,
            likely,
            question.library.recall,
        )

    def query_vector(self, parts: Sequence[Part], space: str | None = None) -> NDArray[np.float32]:
        """Return the parts of a query as one unit vector (dim,) of a space. Raises as `search` does."""
        views = self._look().of(space)
        vector = self._reader.ask_each(parts, views)[0].vector
        if vector is None:
            raise QueryError(f"space {views[0].space.name!r} cannot read words; search by audio, clip or segment")
        return vector

    def rank(
        self, vector: NDArray[np.float32], k: int, *, space: str | None = None, among: Bitmap | None = None
    ) -> Ranking:
        """Return the ``k`` contents nearest to ``vector`` (dim,), each with its best segment, as searches rank them."""
        return rank(self._look().of(space)[0], vector, k, among)

    def _question(self, query: Query) -> Question:
        """Prepare everything about a query that its levels have in common."""
        library = self._look().reaching(query.recall)
        views = library.of(query.space)
        parts = with_tunes(spread(query.parts), views, library.melody)
        check_parts(parts)
        spaces = tuple(self._reader.ask_each(parts, views, query.language))
        where = _both(filter_of(query), changed(parts, views[0], self._facts))
        named = refusing.left_out(parts, spaces, library.recordings)
        left_out = named.union(query.without, self._unwanted_names(parts))
        beside_sounds = any(isinstance(part, TextPart | TuneLike) and part.weight > 0 for part in parts)
        wanted = tastes(parts, views[0], self._facts)
        pushed_down = refusing.pushed_down(spaces, left_out) if beside_sounds else []
        return Question(query, parts, library, spaces, where, left_out, tuple(pushed_down), wanted)

    def _unwanted_names(self, parts: Sequence[Part]) -> frozenset[int]:
        """Return the clips whose names have every word of an unwanted text."""
        unwanted = [part.text for part in parts if isinstance(part, TextPart) and part.weight < 0]
        matches = [match for text in unwanted for match in self._catalog.match_words(text, UNWANTED_DEPTH)]
        return frozenset(match.clip_id for match in matches if match.every_word)

    def _levels(self, question: Question) -> Iterator[Level]:
        """Yield deeper and deeper levels. See `search.engine.order`."""
        lone = len(question.spaces) == 1 and not _is_merged(question.parts)
        words_deeper = WORDS_DEPTH / FUSION_DEPTHS[0] if question.may_narrow else 1
        tunes, tunes_depth = TunesFound(), 0
        for depth in _depths(LONE_DEPTHS if lone else FUSION_DEPTHS):
            if not tunes_depth or any(len(ranked) >= tunes_depth for ranked in tunes.ranked):
                tunes = ask_tunes(question.library.melody, question.parts, question.where, depth, question.left_out)
                tunes_depth = depth
            yield self._level(question, tunes, depth, int(words_deeper * depth))

    def _level(self, question: Question, tunes: TunesFound, depth: int, words_depth: int) -> Level:
        words, more_words, did_you_mean = self._words(question, words_depth)
        others = [*words, *tunes.ranked]
        sounds = [found for one in question.spaces if (found := by_sound(question, one, others, depth))]
        more = more_words or any(len(one) >= depth for one in (*tunes.ranked, *(sound.ranked for sound in sounds)))
        if question.by_evidence:
            sounds = [with_named(question, sound, words) for sound in sounds]
            words = self._meanings.with_meanings(question, words, sounds)
            others = [*words, *tunes.ranked]
        each = [sound_chances(sound) for sound in sounds]
        chances: dict[int, float] = {}
        for known in reversed(each):  # the first space that found a clip wins
            chances.update(known)
        for clip_id in chances.keys() & question.leading_clips:  # even if a segment is less similar
            chances[clip_id] = max(chances[clip_id], COPY)
        if question.by_evidence:
            weight = sum(part.weight for part in question.parts if part.weight > 0)
            sounds = [
                SpaceRanking(policy.sounds(sound.ranked, known, weight), sound.space)
                for sound, known in zip(sounds, each, strict=True)
            ]
        ranked = _merged(question, others, [sound.ranked for sound in sounds])
        descriptive = question.by_evidence and self._names_are_descriptive(
            question, [clip_id for clip_id, _ in ranked[:PAGE]]
        )
        if descriptive:
            chances = policy.lowered_for_other_names(chances, words)
        return Level(
            rankings=[*sounds, *(SpaceRanking(ranked, None) for ranked in others)],
            tunes=tunes,
            ranked=ranked,
            chances=chances,
            witnesses=policy.witnesses(words, descriptive),
            did_you_mean=did_you_mean,
            more=more,
        )

    def _names_are_descriptive(self, question: Question, clip_ids: Sequence[int]) -> bool:
        titles = [clip.title for clip in self._catalog.clips(clip_ids)]
        return policy.names_are_descriptive(titles, question.view.space.vocabulary)

    def _words(self, question: Question, depth: int) -> tuple[list[RankedClips], bool, str]:
        """Rank clips by name for each part in words. Return the rankings, whether there may be more, and a correction.

        The clips pass the filter. The correction is what a wanted part was read as, if a word of it is in no name or
        was translated; else empty. Unwanted words lower the clips that have some of them; clips that have all are
        excluded already.
        """
        lists, more, read_as = [], False, ""
        for place, part in enumerate(question.parts, start=1):
            if not isinstance(part, TextPart):
                continue
            wanted = part.weight > 0
            matches = self._catalog.match_words(part.text, depth, question.other_words(place) if wanted else NO_WORDS)
            more = more or (part.weight > 0 and len(matches) >= depth)
            if wanted:
                read_as = read_as or question.in_english(place) or (matches[0].read_as if matches else "")
            matches = [match for match in matches if match.clip_id not in question.left_out]
            if question.where is not None and matches:
                columns = question.view.columns
                passing = columns.clip_ids[columns.clips_where(question.where)]
                passes = np.isin(np.array([match.clip_id for match in matches]), passing)
                matches = [match for match, stays in zip(matches, passes.tolist(), strict=True) if stays]
            lists.append(policy.names(f"words {place}", part.weight, matches, question.by_evidence))
        return lists, more, read_as

    def _hits(self, question: Question, order: Order, sameness: QueriedContents) -> tuple[Hit, ...]:
        """Return the hits of the requested page. Clips that were just removed are left out."""
        page = order.entries[question.query.offset : question.query.offset + question.query.k]
        copies = {entry.clip_id: sameness.copies(entry.copies, question.view.columns) for entry in page if entry.copies}
        ids = [*(entry.clip_id for entry in page), *itertools.chain.from_iterable(copies.values())]
        clips = {clip.id: clip for clip in self._catalog.clips(ids)}
        alike = {hit: [clips[one] for one in found if one in clips] for hit, found in copies.items()}
        hits: list[Hit] = []
        for level in dict.fromkeys(map(id, (entry.level for entry in page))):
            own = [entry for entry in page if id(entry.level) == level and entry.clip_id in clips]
            if own:
                tunes = own[0].level.tunes
                spaces = [*question.spaces, *tunes.views]
                same = partial(sameness.same, tunes=tunes, copies=alike)
                explainer = Explainer(spaces, own[0].level.rankings, tunes.matches, same)
                hits += explainer.hits([Placed(clips[e.clip_id], e.score, e.sure, tuple(e.copies)) for e in own])
        return tuple(hits)


def check(query: Query) -> None:
    """Raises QueryError for an invalid query, before any work is done."""
    if not 1 <= query.k <= MAX_HITS:
        raise QueryError(f"k is {query.k}; it must be from 1 to {MAX_HITS}")
    if not 0 <= query.offset <= MAX_OFFSET:
        raise QueryError(f"offset is {query.offset}; it must be from 0 to {MAX_OFFSET}")
    check_parts(query.parts)


def check_parts(parts: Sequence[Part]) -> None:
    """Raises QueryError for an invalid combination of parts."""
    if len(parts) > MAX_PARTS:
        raise QueryError(f"the query has {len(parts)} parts; at most {MAX_PARTS} are allowed")
    if any(not math.isfinite(part.weight) or part.weight == 0 for part in parts):
        raise QueryError("a part's weight must be a number other than 0")
    if not any(part.weight > 0 for part in parts):
        raise QueryError("a query needs at least one thing to look for, not only things to avoid")
    if any(isinstance(part, TextPart) and not part.text.strip(' "') for part in parts):
        raise QueryError("the text to look for is empty")


def _both(one: Where | None, other: Where | None) -> Where | None:
    if one is None or other is None:
        return other if one is None else one
    return And((one, other))


def _nothing_measured(_content_ids: Iterable[int]) -> dict[int, StoredFacts]:
    return {}


def _nearest(question: Question, order: Order) -> tuple[FacetCount, ...]:
    """Return tags that describe the first hits of an answer without a match."""
    columns = question.view.columns
    among = columns.present if question.where is None else columns.clips_where(question.where)
    first = np.array([entry.clip_id for entry in order.entries[:PAGE]], np.int64)
    return nearest.nearest(columns, first, among)


def _depths(first: Sequence[int]) -> Iterator[int]:
    yield from first
    yield from (first[-1] * DEEPER**level for level in itertools.count(1))


def _is_merged(parts: Sequence[Part]) -> bool:
    """Return whether several rankings may have to be merged: for words, or for a tune beside something else."""
    tune_alone = len(parts) == 1 and isinstance(parts[0], TuneLike)
    return not tune_alone and any(isinstance(part, TextPart | TuneLike) for part in parts)


def _merged(
    question: Question, others: Sequence[RankedClips], sounds: Sequence[RankedClips]
) -> list[tuple[int, float]]:
    """Return a single ranking as it is, or fuse several. On ties, names come before sounds.

    If no sound is wanted, sounds come first: unwanted sounds then order the clips that names found.
    """
    wanted_sound = any(part.weight > 0 for one in question.spaces for part in one.parts)
    lists = [*others, *sounds] if wanted_sound else [*sounds, *others]
    if len(lists) == 1 and lists[0].weight > 0 and not question.pushed_down:
        return list(zip(lists[0].clip_ids.tolist(), lists[0].scores.tolist(), strict=True))
    return fuse([*lists, *question.pushed_down])
