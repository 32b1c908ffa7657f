"""Draw the map of a library, and read it together with newer clips.

The position of a clip is that of its content, which is laid out by the mean of its segments. Up to `FITTED` contents
are laid out together (for a larger library, an even sample); the others are placed among their neighbours on the map.
Drawing again keeps all positions and adds new contents, unless a new layout is requested.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.engine.views import SpaceView
from search.errors import LibraryError
from search.model import ClipMap, Ids, Scores, Vectors
from search.overview.maps import stored
from search.overview.maps.layout import MAP_NEIGHBOURS, laid_out
from search.overview.maps.placing import among_neighbours
from search.overview.maps.stored import StoredMap
from search.ports import Lease
from search.snapshots.filling import Rest, at_once, resting

FITTED: Final = 100_000
LOOKED_AT: Final = 64
LOOKED_AT_NEXT: Final = 512
"""How many segments are searched for the neighbours of a content, first and if needed: a content has several."""

PLACED_AT_ONCE: Final = 2_000
PLACED_WHILE_READING: Final = 500
"""Most newer contents that a reader places; more would make it wait, so the rest is missing until the next drawing."""

_AT_ONCE: Final = 256
_READING: Final = 0.1
"""The rough share of reading vectors in the work; the rest is the layout."""


def draw(
    view: SpaceView, folder: Path, progress: Callable[[int, int], None], lease: Lease, *, rest: Rest, anew: bool
) -> None:
    """Lay out all contents, or, unless ``anew``, add new contents to an existing map.

    ``progress(done, total)`` is called as contents are laid out; if it raises, drawing ends and the map stays as it
    was. Calls ``rest`` before contents are read, and whenever UMAP reports progress. Raises UsageError if UMAP is
    needed but not installed, LibraryBusy if the lease is lost, LibraryUnwritable if the map cannot be written.
    """

    def report(done: int, total: int) -> None:
        progress(done, total)
        rest()

    contents = _contents(view)
    drawn = None if anew else stored.read(folder)
    if drawn is None or not np.isin(drawn.content_ids, contents).any():
        chosen = contents
        if len(contents) > FITTED:
            chosen = contents[np.linspace(0, len(contents) - 1, FITTED).astype(np.int64)]
        drawn = _laid_out(view, chosen, lambda share: report(int(share * len(chosen)), len(contents)))
    kept = np.isin(drawn.content_ids, contents)
    drawn = StoredMap(view.columns.sequence, drawn.content_ids[kept], drawn.xy[kept], drawn.fitted[kept])
    fresh = np.setdiff1d(contents, drawn.content_ids)
    for start in range(0, len(fresh), PLACED_AT_ONCE):
        drawn = _with(view, drawn, fresh[start : start + PLACED_AT_ONCE], rest)
        progress(len(contents) - max(len(fresh) - start - PLACED_AT_ONCE, 0), len(contents))
    lease.check()
    stored.write(folder, drawn)


@dataclass(frozen=True, slots=True)
class _State:
    """The map in the file with this ``stamp``, shown at this ``sequence`` of the columns."""

    stamp: tuple[int, int, int] | None
    sequence: int
    drawn: StoredMap | None
    shown: ClipMap | None


class MapReader:
    """The maps of a library's spaces with their current clips. Thread-safe, without locks.

    A file is read once, and newer clips are placed once for each state of the library.
    """

    def __init__(self) -> None:
        self._states: dict[Path, _State] = {}

    def read(self, view: SpaceView, folder: Path) -> ClipMap | None:
        """The map in the ``folder`` of a space, with read-only arrays; None if it was never drawn."""
        stamp, sequence = stored.stamp(folder), view.columns.sequence
        known = self._states.get(folder)
        if known is None or known.stamp != stamp:
            drawn = stored.read(folder)
        elif known.sequence != sequence:
            drawn = known.drawn
        else:
            return known.shown
        shown = None if drawn is None else _shown(view, drawn)
        self._states[folder] = _State(stamp, sequence, drawn, shown)
        return shown


def _shown(view: SpaceView, drawn: StoredMap) -> ClipMap:
    """The present clips at the positions of their contents, with up to `PLACED_WHILE_READING` newer contents placed."""
    fresh = np.setdiff1d(_contents(view), drawn.content_ids)
    if len(fresh):
        drawn = _with(view, drawn, fresh[:PLACED_WHILE_READING])
    rows = np.flatnonzero(view.columns.present)
    clip_ids, contents = view.columns.clip_ids[rows], view.columns.content_ids[rows]
    place = np.minimum(np.searchsorted(drawn.content_ids, contents), max(len(drawn.content_ids) - 1, 0))
    there = drawn.content_ids[place] == contents if len(drawn.content_ids) else np.zeros(len(contents), np.bool_)
    order = np.argsort(clip_ids[there], kind="stable")
    at = place[there][order]
    clip_ids, xy = clip_ids[there][order], drawn.xy[at]
    for array in (clip_ids, xy):
        array.setflags(write=False)
    return ClipMap(drawn.sequence, int(drawn.fitted[at].sum()), clip_ids, xy)


def _contents(view: SpaceView) -> Ids:
    """Contents that can be on a map, ascending: those of present clips that are not silent."""
    contents = np.unique(view.columns.content_ids[view.columns.present & ~view.columns.silent])
    return contents[_have_segments(view, contents)]


def _have_segments(view: SpaceView, contents: Ids) -> NDArray[np.bool_]:
    """(n,): which contents have segments in the space; a MIDI file without a tune has none."""
    found = np.zeros(len(contents), np.bool_)
    for part in (view.columns.base, view.columns.recent):
        places = part.encodings_of_contents(contents)
        found[places >= 0] = part.n_segments[places[places >= 0]] > 0
    return found


def _laid_out(view: SpaceView, contents: Ids, progress: Callable[[float], None]) -> StoredMap:
    kept, vectors = [np.empty(0, np.int64)], [np.empty((0, view.space.dim), np.float32)]
    for done, (ids, means) in enumerate(_means(view, contents), start=1):
        kept.append(ids)
        vectors.append(means)
        progress(_READING * min(1.0, done * _AT_ONCE / len(contents)))
    content_ids = np.concatenate(kept)
    xy = np.empty((0, 2), np.float32)
    if len(content_ids):
        xy = laid_out(np.concatenate(vectors), lambda share: progress(_READING + (1.0 - _READING) * share))
    return StoredMap(view.columns.sequence, content_ids, xy, np.ones(len(content_ids), np.bool_))


def _with(view: SpaceView, drawn: StoredMap, fresh: Ids, rest: Rest = at_once) -> StoredMap:
    """The map with ``fresh`` contents placed among their neighbours on it."""
    if not len(drawn.content_ids):
        return drawn
    rows_of = np.full(int(drawn.content_ids[-1]) + 2, -1, np.int64)
    rows_of[drawn.content_ids] = np.arange(len(drawn.content_ids))
    ids, places = [drawn.content_ids], [drawn.xy]
    for kept, means in resting(_means(view, fresh), rest):
        near, scores = _neighbours(view, means, rows_of)
        on_map = np.where(near[..., np.newaxis] >= 0, drawn.xy[np.maximum(near, 0)], np.nan)
        ids.append(kept)
        places.append(among_neighbours(on_map, scores))
    content_ids, xy = np.concatenate(ids), np.concatenate(places)
    fitted = np.concatenate((drawn.fitted, np.zeros(len(content_ids) - len(drawn.content_ids), np.bool_)))
    order = np.argsort(content_ids, kind="stable")
    return StoredMap(drawn.sequence, content_ids[order], xy[order], fitted[order])


def _means(view: SpaceView, contents: Ids) -> Iterator[tuple[Ids, Vectors]]:
    """Contents and the means of their segments, scaled to length 1, in batches; a batch with a content being removed is
    left out.
    """
    for start in range(0, len(contents), _AT_ONCE):
        some = contents[start : start + _AT_ONCE].tolist()
        segments = [view.columns.segments_of(content) for content in some]
        try:
            rows = view.index.vectors(np.concatenate(segments))
        except LibraryError:
            continue
        counts = np.array([len(one) for one in segments])
        sums = np.add.reduceat(rows, np.cumsum(counts) - counts, axis=0)
        norms = np.linalg.norm(sums, axis=1, keepdims=True)
        yield np.array(some, np.int64), (sums / np.maximum(norms, 1e-12)).astype(np.float32)


def _neighbours(view: SpaceView, vectors: Vectors, rows_of: Ids) -> tuple[Ids, Scores]:
    """(q, MAP_NEIGHBOURS): rows (by ``rows_of``) and scores of the nearest contents on the map; -1 for missing ones."""
    near, scores = _among_nearest(view, vectors, rows_of, LOOKED_AT)
    few = near[:, -1] < 0  # segments of long recordings fill the list
    if few.any():
        near[few], scores[few] = _among_nearest(view, vectors[few], rows_of, LOOKED_AT_NEXT)
    return near, scores


def _among_nearest(view: SpaceView, vectors: Vectors, rows_of: Ids, looked_at: int) -> tuple[Ids, Scores]:
    scores, segment_ids = view.index.search(vectors, looked_at)
    contents, _, _ = view.columns.place(np.maximum(segment_ids, 0).ravel())
    contents[segment_ids.ravel() < 0] = -1
    known = (contents >= 0) & (contents < len(rows_of))
    rows = np.where(known, rows_of[np.where(known, contents, -1)], -1).reshape(scores.shape)
    near = np.full((len(vectors), MAP_NEIGHBOURS), -1, np.int64)
    cosines = np.zeros((len(vectors), MAP_NEIGHBOURS), np.float32)
    for place, (found, score) in enumerate(zip(rows, scores, strict=True)):
        first = np.sort(np.unique(found, return_index=True)[1])
        first = first[found[first] >= 0][:MAP_NEIGHBOURS]
        near[place, : len(first)] = found[first]
        cosines[place, : len(first)] = score[first]
    return near, cosines
