"""The events of a library: finds them, stores them with the encoder's space, and reads those of a clip."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import numpy as np

from search.analysis.time.background import background
from search.analysis.time.events import EventRows
from search.analysis.time.filling import of_file
from search.analysis.time.journal import FoundEvents, Journal
from search.analysis.time.table import EventTable
from search.catalog.store import Catalog
from search.engine.views import SpaceView
from search.errors import QueryError
from search.model import Clip, Event, Ids, JobFailure, TimeLine
from search.ports import Encoder, FrameReader, Lease
from search.snapshots.filling import OnProgress, Rest, fill
from search.snapshots.latest import Latest

SHOWN: Final = 0.3
"""The default lowest probability of an event."""


def view_with_events(views: Sequence[SpaceView]) -> SpaceView:
    """Return the first space with a vocabulary. Raises QueryError if there is none."""
    for view in views:
        if view.space.vocabulary:
            return view
    names = ", ".join(view.space.name for view in views)
    raise QueryError(f"events need an encoder that names sounds (cnn:soundalike-1), not {names}")


def frame_reader(encoder: Encoder) -> FrameReader:
    """Return the encoder if it is a `FrameReader`. Raises QueryError if it is not."""
    if isinstance(encoder, FrameReader):
        return encoder
    raise QueryError(f"{encoder.spec.name} does not name what sounds at each moment; cnn:soundalike-1 does")


def find(
    view: SpaceView,
    encoder: Encoder,
    latest: Latest[EventTable],
    catalog: Catalog,
    lease: Lease,
    *,
    progress: OnProgress,
    rest: Rest,
    again: bool,
) -> tuple[JobFailure, ...]:
    """Find the missing events of a space's sounds and drop those of deleted ones. Return the files that failed."""
    now = catalog.sequence()
    make = partial(of_file, frame_reader(encoder), encoder.spec, rest=rest)
    return fill(latest, make, sounds(view), catalog, lease, progress=progress, rest=rest, sequence=now, again=again)


@dataclass(frozen=True, slots=True)
class NewEvents:
    """The events that an indexing job finds while it processes files, for one space."""

    latest: Latest[EventTable]
    journal: Journal
    catalog: Catalog
    fetch: Callable[[], None]
    """Fetches what other machines published."""

    def add(self, events: Iterable[FoundEvents]) -> None:
        """Record events of contents that will be written to the catalog next. Raises LibraryUnwritable."""
        self.journal.add(events)

    def publish(self, lease: Lease) -> None:
        """Publish the events whose contents are in the catalog, and drop the others.

        This includes what a killed job recorded. Raises LibraryBusy if the lease is lost, LibraryUnwritable.
        """
        found = self.journal.read()
        if found:
            lease.check()
            self.fetch()
            table, sequence = self.latest.value(), self.catalog.sequence()
            self.latest.publish(table.changed(self._by_content(found), np.ones(len(table), np.bool_)), sequence)
        self.journal.clear()

    def _by_content(self, events: Sequence[FoundEvents]) -> Iterator[tuple[int, EventRows]]:
        for one in events:
            contents, _ = self.catalog.find(one.digest) or ((), frozenset())
            yield from ((content.id, one.rows) for content in contents if content.track == one.track)


def time_line(
    clip_id: int, view: SpaceView, encoder: Encoder, table: EventTable, catalog: Catalog, *, least: float
) -> TimeLine:
    """Return the events of a clip with a probability of at least ``least``: stored ones, or found in its file now.

    Raises QueryError if the clip is unknown or holds notes, AudioError for a file that cannot be read.
    """
    line = stored_line(clip_id, view, table, catalog, least=least)
    if line is not None:
        return line
    clip = _clip(catalog, clip_id)
    (content,) = catalog.contents([clip.content_id]).values()
    rows = of_file(frame_reader(encoder), encoder.spec, content, clip)
    return TimeLine(clip, named(rows, view.space.vocabulary or (), least, clip.duration_s), stored=False)


def stored_line(clip_id: int, view: SpaceView, table: EventTable, catalog: Catalog, *, least: float) -> TimeLine | None:
    """Return the stored events of a clip with a probability of at least ``least``; None if it was never analysed.

    Raises QueryError if the clip is unknown or holds notes.
    """
    clip = _clip(catalog, clip_id)
    rows = table.rows(clip.content_id)
    if rows is None:
        return None
    return TimeLine(clip, named(rows, view.space.vocabulary or (), least, clip.duration_s), stored=True)


def named(rows: EventRows, vocabulary: Sequence[str], least: float, duration_s: float) -> tuple[Event, ...]:
    """Return the named events with a probability of at least ``least`` of a sound that lasts ``duration_s``."""
    shown = np.flatnonzero(rows.probabilities >= 255 * least - 0.5)
    starts, ends = rows.starts_ms[shown] / 1000, (rows.starts_ms[shown] + rows.lengths_ms[shown]) / 1000
    columns = (rows.classes[shown].tolist(), starts.tolist(), ends.tolist(), (rows.probabilities[shown] / 255).tolist())
    return tuple(
        Event(vocabulary[class_], start_s, end_s, probability, is_background)
        for class_, start_s, end_s, probability, is_background in zip(
            *columns, background(rows, duration_s)[shown].tolist(), strict=True
        )
    )


def sounds(view: SpaceView) -> Ids:
    """Return the contents (n,) of the clips of a space, ascending."""
    columns = view.columns
    encoded = np.concatenate([part.encoding_content for part in (columns.base, columns.recent)])
    return np.intersect1d(encoded, columns.content_ids[columns.present])


def _clip(catalog: Catalog, clip_id: int) -> Clip:
    clips = catalog.clips([clip_id])
    if not clips:
        raise QueryError(f"no clip has the id {clip_id}")
    if clips[0].notes:
        raise QueryError(f"clip {clip_id} holds notes (MIDI): there is no sound in it to find events in")
    return clips[0]
