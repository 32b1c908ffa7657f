"""Verification of a library: the catalog, every snapshot on disk, and whether both agree.

Everything stored is read, and everything derived from the catalog is compared with it. A library that passes can be
searched, and finds what the catalog holds.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from search.analysis.exact import stored as exact
from search.analysis.melody import contourfiles as contours
from search.analysis.speech import stored as spoken
from search.analysis.time import stored as events
from search.columns import ClipColumns
from search.columns import files as columns
from search.columns.verifying import differences
from search.engine.views import LibraryView, SpaceView
from search.errors import SnapshotError, printable
from search.library import publishing
from search.model import Ids, Space
from search.overview.duplicates import stored as duplicates
from search.overview.maps import stored as maps
from search.snapshots.folders import Snapshots, sequences
from search.vectors.base import rows_of
from search.vectors.neighbourhoods import stored as near

if TYPE_CHECKING:
    from search.library.library import Library

TRIES: Final = 5
_REINDEX: Final = "soundalike reindex rebuilds it"


def verify(library: Library) -> list[str]:
    """Return one line for each problem, with its remedy; empty if there are none.

    Damaged files are reported first. Only if no file is damaged are their contents compared with the catalog. If the
    library changes during the check, the check is repeated, at most five times. Raises LibraryError if the catalog
    cannot be read at all.
    """
    for _ in range(TRIES):
        before = library.catalog.sequence()
        problems = [*library.catalog.verify(), *_single_files(library)]
        spaces = library.catalog.spaces()
        damaged = [problem for space in spaces for problem in _files(library, space)]
        damaged += _fingerprints(library)
        damaged += library.speech.words.latest.snapshots.verify(spoken.problems)
        problems += [] if library.shipping is None else library.shipping.problems()
        problems += damaged
        if not damaged:
            view = library.refresh()
            problems += [problem for space in spaces for problem in _facts(library, view, space)]
        if not problems or library.catalog.sequence() == before:
            break
    return problems


def _files(library: Library, space: Space) -> Iterator[str]:
    """Check every byte of the snapshots of a space, and whether each belongs to this catalog."""
    folder, reached = library.spaces.folder(space), library.catalog.sequence()
    yield from library.publisher.publication(space).index().verify()
    yield from Snapshots(folder / publishing.COLUMNS, columns.KIND).verify(columns.problems)
    yield from Snapshots(folder / publishing.CONTOURS, contours.KIND).verify(contours.problems)
    yield from Snapshots(folder / publishing.NEIGHBOURHOODS, near.KIND).verify(near.problems)
    yield from Snapshots(folder / events.FOLDER, events.KIND).verify(events.problems)
    for part in publishing.PARTS:
        for sequence in sequences(folder / part):
            if sequence > reached:
                where = printable(str(folder / part / str(sequence)))
                yield f"{where}: it is at sequence {sequence}, the catalog at {reached}; {_REINDEX}"


def _fingerprints(library: Library) -> list[str]:
    """Check every byte of the fingerprints, and whether they belong to this catalog's contents."""
    snapshots = library.recordings.fingerprints.snapshots
    problems = snapshots.verify(exact.problems)
    newest = None if problems else snapshots.newest(exact.read)
    if newest is not None:
        where = printable(str(snapshots.folder(newest[0])))
        strange = _of_contents(library, newest[0], newest[1].contents)
        problems += [f"{where}: {problem}; {exact.KIND.remedy}" for problem in strange]
    return problems


def _facts(library: Library, view: LibraryView, space: Space) -> Iterator[str]:
    """Compare a space's snapshots, brought up to date, with the catalog."""
    seen = next((one for one in view.spaces if one.space.id == space.id), None)
    if seen is None:  # it was just added
        return
    called = f"space {space.name}" + (" (retired)" if space.is_retired else "")
    problems = [*_index(library, seen), *_columns(library, seen)]
    if space.is_melody:
        problems += _contours(library, seen)
    else:
        problems += _neighbourhoods(library, seen)
    yield from (f"{called}: {problem}; {_REINDEX}" for problem in problems)


def _index(library: Library, view: SpaceView) -> Iterator[str]:
    """Compare every id and every vector of a space's index with the catalog."""
    held, expected, differing = view.index.ids(), [np.empty(0, np.int64)], [np.empty(0, np.int64)]
    for change in library.catalog.changes(view.space.id, 0):
        if change.vectors is not None:
            expected.append(change.segment_ids)
            indexed = rows_of(held, change.segment_ids) >= 0
            stored = view.index.vectors(change.segment_ids[indexed])
            same = (stored.astype(np.float16) == np.asarray(change.vectors, np.float16)[indexed]).all(axis=1)
            differing.append(change.segment_ids[indexed][~same])
    contents, _, _ = view.columns.place(held)
    for what, ids in (
        ("lacks", np.setdiff1d(np.concatenate(expected), held)),
        ("still holds", np.setdiff1d(held, np.concatenate(expected))),
        ("has another vector for", np.concatenate(differing)),
        ("has no clip for", held[contents < 0]),
    ):
        if len(ids):
            yield f"the index {what} {len(ids)} segments, the first is {ids[0]}"


def _columns(library: Library, view: SpaceView) -> Iterator[str]:
    """Compare the published columns, brought up to date, with columns built from the catalog."""
    anew = ClipColumns.build(library.catalog, view.space)
    if anew.sequence == view.columns.sequence:
        yield from differences(view.columns, anew)


def _contours(library: Library, view: SpaceView) -> Iterator[str]:
    """Compare the newest contours on disk with the catalog, and find windows without a contour."""
    source = partial(library.catalog.contours, view.space.id)
    directory = library.spaces.folder(view.space) / publishing.CONTOURS
    newest = Snapshots(directory, contours.KIND).newest(contours.read)
    if newest is not None:
        with source() as reader:
            yield from contours.differences(*newest, reader)
    rows, _ = contours.ContourFollower(directory, source).follow().locate(view.index.ids())
    if (rows < 0).any():
        yield f"{int((rows < 0).sum())} windows belong to no tune"


def _neighbourhoods(library: Library, view: SpaceView) -> Iterator[str]:
    """Compare the newest neighbourhoods on disk with the vectors."""
    directory, dim = library.spaces.folder(view.space) / publishing.NEIGHBOURHOODS, view.space.dim
    newest = near.snapshots(directory).newest(lambda snapshot: near.read(snapshot, dim))
    if newest is not None:
        yield from near.differences(newest[1], dim, view.index)


def _single_files(library: Library) -> Iterator[str]:
    """Check the duplicates of the library, and the map of each of its spaces."""
    yield from _duplicates(library)
    for space in library.catalog.spaces():
        yield from _map(library, library.spaces.folder(space))


def _duplicates(library: Library) -> Iterator[str]:
    try:
        pairs = duplicates.read_or_raise(library.cache)
    except SnapshotError as error:
        yield str(error)
        return
    if pairs is not None:
        contents = np.concatenate((pairs.shorter, pairs.longer))
        for problem in _of_contents(library, pairs.sequence, contents):
            yield f"{printable(str(library.cache / duplicates.FILE))}: {problem}; {duplicates.REMEDY}"


def _map(library: Library, folder: Path) -> Iterator[str]:
    try:
        drawn = maps.read_or_raise(folder)
    except SnapshotError as error:
        yield str(error)
        return
    if drawn is not None:
        for problem in _of_contents(library, drawn.sequence, drawn.content_ids):
            yield f"{printable(str(folder / maps.FILE))}: {problem}; {maps.REMEDY}"


def _of_contents(library: Library, sequence: int, content_ids: Ids) -> Iterator[str]:
    """Check that data about contents, made at a sequence, belongs to this catalog. Removed contents are allowed."""
    reached = library.catalog.sequence()
    if sequence > reached:
        yield f"it is at sequence {sequence}, the catalog at {reached}"
    elif sequence == reached:
        asked = np.unique(content_ids).tolist()
        unknown = set(asked) - library.catalog.contents(asked).keys()
        if unknown:
            yield f"it names {len(unknown)} contents that are not in the catalog"
