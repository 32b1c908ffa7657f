"""A path between two sounds of a library."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from search.columns.parsing import parse
from search.engine import paths
from search.engine.companions import content_rows
from search.engine.views import LibraryView
from search.errors import LibraryError, QueryError
from search.model import SoundPath
from search.ports import CatalogReader

MOST_STEPS: Final = 64


def check_steps(steps: int) -> None:
    """Raises QueryError if no path may have this many steps."""
    if not 2 <= steps <= MOST_STEPS:
        raise QueryError(f"steps is {steps}; it must be from 2 to {MOST_STEPS}")


def path(
    whole: LibraryView,
    catalog: CatalogReader,
    vectors: tuple[NDArray[np.float32], NDArray[np.float32]],
    ends: tuple[int, ...],
    *,
    steps: int,
    where: str | None,
    space: str | None,
) -> SoundPath:
    """Find a path between two ``vectors`` (dim,) that avoids the clips ``ends``. See `Library.path_between`."""
    way = paths.Way(*vectors, steps)
    view = whole.of(space)[0]
    columns = view.columns
    passing = columns.present if where is None else columns.clips_where(parse(where))
    rows, contents = content_rows(columns, passing & ~columns.silent)
    recordings = whole.recordings.of(contents)
    of_ends = whole.recordings.of(columns.contents_of(np.array(ends, np.int64)))
    # one content of each recording, and none of the recordings at the ends
    _, single = np.unique(recordings, return_index=True)
    single = single[~np.isin(recordings[single], of_ends)]
    among = np.zeros(len(columns.clip_ids), np.bool_)
    among[rows[single]] = True
    every = contents[single]
    candidates = paths.candidates(view, way, columns.bitmap(among), every)
    try:
        found = paths.path(view, way, candidates)
    except LibraryError as error:
        raise QueryError("a clip was just removed from the library; try again") from error
    clip_of = dict(zip(contents.tolist(), columns.clip_ids[rows].tolist(), strict=True))
    clips = catalog.clips([clip_of[content] for content in found.content_ids.tolist()])
    direct = float(np.clip(way.start @ way.end, -1, 1))
    straight = float(np.cos(np.arccos(direct) / len(found.similarities)))
    return SoundPath(tuple(clips), tuple(found.similarities.tolist()), direct, straight)
