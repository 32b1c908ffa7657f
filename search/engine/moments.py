"""Finds moments: passages with their own boundaries, several per recording, ranked over the library.

The stored vectors of segments give candidate stretches of recordings. These are read from their files, and the
encoder's frames give the exact boundaries. Frames are not stored: their vectors would take eight times the space of all
segments.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search import audio
from search.analysis.time.frames import frame_times
from search.analysis.time.passages import Passage, followed, passages
from search.engine import policy
from search.engine.asking import PartReader
from search.engine.filtering import filter_of
from search.engine.phrases import OrderWord, orders, spread
from search.engine.stretches import Stretch, stretches
from search.engine.views import Look, SpaceView
from search.errors import AudioError, LibraryError, QueryError
from search.model import (
    Clip,
    EncoderSpec,
    HumPart,
    Ids,
    Moment,
    Moments,
    NotesPart,
    Part,
    Query,
    Space,
    TunePart,
    Vectors,
    Waves,
)
from search.ports import CatalogReader, Encoder, FrameReader

STRETCHES_PER_HIT: Final = 2
LEAST_STRETCHES: Final = 10
BATCH: Final = 16
MIN_RELATIVE_MEANING: Final = 0.5
"""Words mean a class if its probability is at least this share of the highest."""
USUAL_COSINE: Final = 0.126
"""This much cosine similarity of a frame with a query counts as much as 1 in the logit of a probability. Chosen on the
"natural" data set."""
LEAST_LIKELY: Final = 0.02
"""The lowest probability of either of two sounds. On "natural", with sounds that the encoder knows, .90 of the pairs
that sound together stay, and .70 of those of which one is absent. A higher value would lose sounds next to louder
ones."""
_EDGE: Final = 1e-6
SAME: Final = 0.5
"""If two passages overlap by this share of the shorter one, only the better counts."""


@dataclass(frozen=True, slots=True)
class _Target:
    """What to find: ``vectors`` (q, dim) of one sound, or of two with their ``order``, in the space of ``view``.

    For two sounds in words, ``classes`` are the classes of the encoder's vocabulary that each means; None if either
    means none.
    """

    view: SpaceView
    spec: EncoderSpec
    frames: FrameReader
    vectors: Vectors
    order: OrderWord | None
    gap_s: float
    classes: tuple[Ids, ...] | None

    @property
    def apart_s(self) -> float:
        """The largest distance between segments of both sounds. A window may show only one of two concurrent sounds."""
        return self.gap_s if self.order == "THEN" else self.spec.window_s

    @property
    def least(self) -> float:
        """The lowest score of an answer: excludes unlikely sounds, and the similarity of any frame with any words."""
        if self.order is None:
            return 0.0
        return USUAL_COSINE if self.classes is None else LEAST_LIKELY


class MomentFinder:
    """Finds moments over the views of a library. Threads may share it."""

    def __init__(self, catalog: CatalogReader, look: Look, encoder: Callable[[Space], Encoder]) -> None:
        self._catalog = catalog
        self._look = look
        self._encoder = encoder
        self._reader = PartReader(encoder)

    def find(self, query: Query, gap_s: float) -> Moments:
        """Return the ``query.k`` best moments after the first ``query.offset``.

        With THEN, the second sound begins at most ``gap_s`` after the first. Raises QueryError (a part that is not a
        sound, no encoder that reads frames), WhereError, AudioError (a file of the query).
        """
        started = time.perf_counter()
        target = self._target(query, gap_s)
        columns, wanted = target.view.columns, query.offset + query.k + 1
        where = filter_of(query)
        among = None if where is None else columns.bitmap(columns.clips_where(where))
        looked_for = target.vectors[:1] if target.order == "WITHOUT" else target.vectors
        candidates = stretches(target.view, looked_for, wanted, among, target.apart_s)
        found: list[Moment] = []
        for stretch in islice(candidates, max(LEAST_STRETCHES, STRETCHES_PER_HIT * wanted)):
            clip = self._clip(target.view, stretch.content_id)
            found += [] if clip is None else _moments(clip, stretch, target)
        best = _without_repetitions(sorted(found, key=lambda moment: -moment.score))
        took_ms = (time.perf_counter() - started) * 1e3
        following = wanted - 1 if len(best) >= wanted else None
        return Moments(tuple(best[query.offset : wanted - 1]), took_ms, following)

    def _target(self, query: Query, gap_s: float) -> _Target:
        views = self._look().reaching(query.recall).of(query.space)
        order, sides = orders(spread(query.parts))
        for view in views:
            encoder = None if view.space.is_retired or view.space.is_melody else self._encoder(view.space)
            if encoder is not None and isinstance(encoder, FrameReader):
                asked = [self._asked(side, view, query.language) for side in sides]
                vectors = np.stack([vector for vector, _ in asked])
                classes = [meant for _, meant in asked if meant is not None]
                named = tuple(classes) if order is not None and len(classes) == len(asked) else None
                return _Target(view, encoder.spec, encoder, vectors, order, gap_s, named)
        names = ", ".join(view.space.name for view in views)
        raise QueryError(f"moments need an encoder that hears frames (cnn:soundalike-1), not {names}")

    def _asked(self, parts: Sequence[Part], view: SpaceView, language: str) -> tuple[NDArray[np.float32], Ids | None]:
        """Return the vector (dim,) of the parts, and the classes that they mean if they are one text, else None."""
        if any(isinstance(part, HumPart | NotesPart | TunePart) for part in parts):
            raise QueryError("a tune has no moments: search with words, a file, a clip or a segment")
        if not any(part.weight > 0 for part in parts):
            raise QueryError("a query needs at least one thing to look for, not only things to avoid")
        asked = self._reader.ask_each(parts, [view], language)[0]
        if asked.vector is None:
            raise QueryError(f"space {view.space.name!r} cannot read words; search by audio, clip or segment")
        meant = asked.parts[0].meant if len(asked.parts) == 1 else None
        if meant is None or meant.max() < policy.LEAST_MEANT:
            return asked.vector, None
        return asked.vector, np.flatnonzero(meant >= MIN_RELATIVE_MEANING * meant.max())

    def _clip(self, view: SpaceView, content_id: int) -> Clip | None:
        clips = self._catalog.clips(view.columns.clips_of(np.array([content_id])).get(content_id, []))
        return next((clip for clip in clips if not clip.missing), clips[0] if clips else None)


@dataclass(frozen=True, slots=True)
class _Lines:
    """The similarity of each frame of a stretch (``frames``), and of the windows around it, to each queried sound.

    Both are (n, q). With classes they are probabilities instead. ``at_s`` (n,) are the times of the frames. The sound
    ends at ``end_s``.
    """

    at_s: NDArray[np.float64]
    frames: NDArray[np.float32]
    windows: NDArray[np.float32]
    frame_s: float
    end_s: float

    def passages(self, side: int) -> list[Passage]:
        """Return the passages of one sound."""
        return passages(self.at_s, self.frames[:, side], self.windows[:, side], self.frame_s, self.end_s)

    def by_frames(self, line: NDArray[np.float32]) -> list[Passage]:
        """Return the passages of a ``line`` (n,) that combines both sounds. Windows are not used: they blur in time."""
        return passages(self.at_s, line, line, self.frame_s, self.end_s)


def _moments(clip: Clip, stretch: Stretch, target: _Target) -> list[Moment]:
    """Return the moments of a stretch. If its file cannot be read, return its best segment."""
    try:
        lines = _lines(clip, stretch, target)
    except AudioError:
        return [] if target.order else [Moment(clip, *stretch.best, stretch.score, exact=False)]
    except LibraryError:  # its vectors were deleted since the search
        return []
    match target.order:
        case None:
            found = lines.passages(0)
        case "THEN":
            first, second = ([one for one in lines.passages(side) if one.score >= target.least] for side in (0, 1))
            found = followed(first, second, target.gap_s)
        case "WHILE":  # as similar as the less similar of both
            found = lines.by_frames(lines.frames.min(axis=1))
        case "WITHOUT":
            wanted, unwanted = np.clip(lines.frames, 0, 1).T
            found = lines.by_frames(wanted * (1 - unwanted))
    return [Moment(clip, one.start_s, one.end_s, one.score) for one in found if one.score >= target.least]


def _lines(clip: Clip, stretch: Stretch, target: _Target) -> _Lines:
    """Read a stretch and one hop around it. Raises AudioError, LibraryError."""
    speed = clip.root.speed
    margin_s = target.spec.hop_s * speed
    start_s, end_s = max(0.0, stretch.start_s - margin_s), min(stretch.end_s + margin_s, clip.duration_s)
    path, track = clip.absolute_path, clip.track
    windows = audio.windows(path, target.spec, track=track, start_s=start_s, end_s=end_s, speed=speed)
    spans: list[tuple[float, float]] = []
    scores: list[NDArray[np.float32]] = []
    while batch := list(islice(windows, BATCH)):
        spans += [(window.start_s, window.end_s) for window in batch]
        scores.append(_scores(target, np.stack([window.samples for window in batch])))
    each, frame_s = np.concatenate(scores), target.frames.frame_s * speed
    at_s, counts = frame_times(np.array(spans), each.shape[1], frame_s)
    when = at_s[counts]
    around = each[counts] if target.classes is not None else _around(target, stretch.content_id, when)
    return _Lines(when, each[counts], around, frame_s, spans[-1][1])


def _scores(target: _Target, waves: Waves) -> NDArray[np.float32]:
    """Return (n, frames, q) the similarity of the frames of windows to each sound; with ``classes``, a probability.

    Vectors show the louder of two simultaneous sounds. Class probabilities say more about the other, so both are
    combined.
    """
    if target.classes is None:
        return target.frames.frame_vectors(waves) @ target.vectors.T
    encoded = target.frames.encode_frames(waves, with_vectors=True)
    vectors = target.frames.frame_vectors(waves) if encoded.vectors is None else encoded.vectors
    near = vectors @ target.vectors.T
    said = np.stack([encoded.tags[:, :, places].max(axis=2) for places in target.classes], axis=2).clip(
        _EDGE, 1 - _EDGE
    )
    return np.asarray(1 / (1 + np.exp(-(np.log(said / (1 - said)) + near / USUAL_COSINE))), np.float32)


def _around(target: _Target, content_id: int, at_s: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return (n, q) the highest score of the stored segments at each time."""
    segments = target.view.columns.segments_of(content_id)
    _, starts, ends = target.view.columns.place(segments)
    near = (ends > at_s[0]) & (starts <= at_s[-1])
    scores = target.view.index.vectors(segments[near]) @ target.vectors.T
    covers = (at_s[:, np.newaxis] >= starts[near]) & (at_s[:, np.newaxis] <= ends[near])
    return np.stack([np.where(covers, side, -1.0).max(axis=1, initial=-1.0) for side in scores.T], axis=1)


def _without_repetitions(moments: Sequence[Moment]) -> list[Moment]:
    """Return moments, best first, without those that overlap a better one."""
    kept: dict[int, list[Moment]] = {}
    best: list[Moment] = []
    for moment in moments:
        others = kept.setdefault(moment.clip.id, [])
        if any(_overlap(moment, other) >= SAME for other in others):
            continue
        others.append(moment)
        best.append(moment)
    return best


def _overlap(one: Moment, other: Moment) -> float:
    """Return the overlap as a share of the shorter moment."""
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    return shared / max(min(one.end_s - one.start_s, other.end_s - other.start_s), 1e-9)
