"""Companions of a clip: chosen by stored facts, and by how different they sound."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.analysis.facts.definitions import KEYS
from search.columns import ClipColumns
from search.columns.parsing import parse
from search.engine.companions import RELATIONS, Fits, camelot, content_rows, fits, other_kinds
from search.engine.pooled import pooled
from search.engine.views import LibraryView, SpaceView
from search.errors import LibraryError, QueryError
from search.model import Clip, Companion, Companions, Ids, KeyRelation
from search.ports import CatalogReader

STRETCH: Final = 0.08
"""The default limit for changing a tempo: larger changes are audible."""
MOST_STRETCH: Final = 0.5
MOST: Final = 1_000
_COMPARED: Final = 2_000
"""How many of the best candidates are compared by sound, and the size of the sample that represents all clips."""


def goes_with(
    whole: LibraryView,
    catalog: CatalogReader,
    clip_id: int,
    *,
    k: int,
    where: str | None,
    space: str | None,
    stretch: float,
) -> Companions:
    """See `Library.goes_with`."""
    if not 1 <= k <= MOST:
        raise QueryError(f"k is {k}; it must be from 1 to {MOST}")
    if not 0 <= stretch <= MOST_STRETCH:
        raise QueryError(f"the stretch is {stretch:g}; it must be from 0 to {MOST_STRETCH:g}")
    view = whole.of(space)[0]
    columns = view.columns
    tempo, key = _own(columns, clip_id)
    found = fits(columns, tempo, key, stretch)
    passing = columns.present if where is None else columns.clips_where(parse(where))
    rows, contents = content_rows(columns, passing & ~columns.silent & found.fitting())
    own = int(columns.contents_of(np.array([clip_id], np.int64))[0])
    others = ~np.isin(whole.recordings.of(contents), whole.recordings.of(np.array([own], np.int64)))
    rows, contents = rows[others], contents[others]
    best = np.sort(np.argsort(-found.scores()[rows], kind="stable")[:_COMPARED])
    rows, contents = rows[best], contents[best]
    try:
        similarities, another, unlike = _kinds(view, own, contents)
    except LibraryError as error:
        raise QueryError("a clip was just removed from the library; try again") from error
    scores = found.scores()[rows] * (1 + unlike) / 2
    order = [place for place in np.argsort(-scores, kind="stable").tolist() if another[place]][:k]
    clips = {clip.id: clip for clip in catalog.clips(columns.clip_ids[rows[order]].tolist())}
    hits = []
    for place in order:
        row = int(rows[place])
        if clip := clips.get(int(columns.clip_ids[row])):  # it may have been removed since
            measures = {"score": float(scores[place]), "similarity": float(similarities[place])}
            hits.append(_companion(clip, columns, found, row, **measures, own_key=key))
    left = int(np.count_nonzero(columns.unmeasured & passing))
    return Companions(_number(tempo), None if math.isnan(key) else KEYS[int(key)], tuple(hits), left)


def _own(columns: ClipColumns, clip_id: int) -> tuple[float, float]:
    """Return the tempo and key of a clip, NaN for none. Raises QueryError if it has neither or was not measured."""
    at = np.flatnonzero((columns.clip_ids == clip_id) & columns.present)
    if not len(at):
        raise QueryError(f"no clip has the id {clip_id}")
    row = int(at[0])
    if columns.unmeasured[row]:
        raise QueryError(f"clip {clip_id} was not measured, so its tempo is not known: soundalike facts --measure")
    tempo, key = float(columns.fact("tempo")[row]), float(columns.fact("key")[row])
    if math.isnan(tempo) and math.isnan(key):
        raise QueryError(f"clip {clip_id} has no tempo and no key: nothing can be matched to it")
    return tempo, key


def _kinds(
    view: SpaceView, own: int, contents: Ids
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.float64]]:
    """Compare ``contents`` (n,) with the content ``own``, each result (n,).

    Return the similarities, which contents are of another kind, and how different they are relative to all music.
    """
    columns = view.columns
    vector = pooled(view, np.array([own], np.int64))[0]
    musical = ~np.isnan(columns.fact("tempo")) | ~np.isnan(columns.fact("key"))
    _, pool = content_rows(columns, musical & columns.present & ~columns.silent)
    if len(pool) > _COMPARED:
        pool = pool[np.linspace(0, len(pool) - 1, _COMPARED).astype(np.int64)]
    of_all = pooled(view, pool[pool != own]) @ vector
    similarities = pooled(view, contents) @ vector
    another, unlike = other_kinds(similarities.astype(np.float64), of_all.astype(np.float64))
    return similarities, another, unlike


def _companion(
    clip: Clip, columns: ClipColumns, fit: Fits, row: int, *, score: float, similarity: float, own_key: float
) -> Companion:
    tempo, key = _number(columns.fact("tempo")[row]), columns.fact("key")[row]
    has_key = not math.isnan(key)
    relation: KeyRelation | None = RELATIONS[fit.relation[row]] if fit.relation[row] >= 0 else None
    fits_tempo = not math.isnan(fit.tempo[row])
    times = float(fit.times[row]) if fits_tempo else None
    stretch = float(fit.stretch[row]) if fits_tempo else None
    reasons = [_of_tempo(tempo, times, stretch)]
    if has_key and relation is not None:
        reasons.append(_of_key(int(key), relation, int(own_key)))
    else:
        reasons.append("no key" if not has_key else f"key {KEYS[int(key)]}")
    reasons.append(f"another kind: similarity {similarity:.2f}")
    name = KEYS[int(key)] if has_key else None
    return Companion(clip, score, tempo, times, stretch, name, relation, similarity, tuple(reasons))


def _of_tempo(tempo: float | None, times: float | None, stretch: float | None) -> str:
    if tempo is None:
        return "no tempo"
    if times is None or stretch is None:
        return f"tempo {tempo:.1f}"
    way = {1.0: "the same", 0.5: "twice as slow", 2.0: "twice as fast"}[times]
    change = (stretch - 1) * 100
    played = "" if abs(change) < 0.05 else f", to be played {abs(change):.1f} % {'faster' if change > 0 else 'slower'}"
    return f"tempo {tempo:.1f}: {way}{played}"


def _of_key(key: int, relation: str, own_key: int) -> str:
    names = [f"{KEYS[one]} ({''.join(map(str, camelot(one)))})" for one in (key, own_key)]
    how = {"same": "the same", "relative": f"relative of {names[1]}", "fifth": f"a fifth from {names[1]}"}[relation]
    return f"key {names[0]}: {how}"


def _number(value: float) -> float | None:
    number = float(value)
    return None if math.isnan(number) else round(number, 3)
