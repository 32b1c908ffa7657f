"""Events: what sounds when in the clips of a library."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from search.catalog.store import Catalog
from search.library import events
from search.library.encoders import Encoders
from search.library.givingway import GivingWay
from search.library.publisher import Publisher
from search.library.spaces import Spaces
from search.model import Ids, JobFailure, TimeLine
from search.snapshots.filling import nobody


class EventFinder:
    """Finds and stores the events of sounds (`Library.events`)."""

    def __init__(
        self, catalog: Catalog, spaces: Spaces, publisher: Publisher, encoders: Encoders, *, giving_way: GivingWay
    ) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher
        self._encoders = encoders
        self._rest = giving_way.rest

    def of(self, clip_id: int, *, least: float = events.SHOWN, space: str | None = None) -> TimeLine:
        """Return the events of a clip with a probability of at least ``least``, in order of time.

        Stored events (`find`) are returned at once; otherwise the clip's file is analysed now. Raises QueryError if the
        clip is unknown or holds notes, or if no encoder reads frames (`soundalike.FrameReader`); AudioError for a file
        that cannot be read.

        Examples:
            >>> library.events.of(1)
            Traceback (most recent call last):
            search.errors.QueryError: events need an encoder that names sounds (cnn:soundalike-1), not spectral
        """
        view = events.view_with_events(self._spaces.view().of(space))
        encoder, table = self._encoders.of(view.space), self._spaces.events_of(view.space).value()
        return events.time_line(clip_id, view, encoder, table, self._catalog, least=least)

    def stored(self, clip_id: int, *, least: float = events.SHOWN, space: str | None = None) -> TimeLine | None:
        """Return what `of` returns if the clip's events are stored, else None.

        Reads no file. Raises QueryError if the clip is unknown or holds notes.

        Examples:
            >>> library.events.stored(1) is None
            True
        """
        view = next((view for view in self._spaces.view().of(space) if view.space.vocabulary), None)
        if view is None:
            return None
        return events.stored_line(clip_id, view, self._spaces.events_of(view.space).value(), self._catalog, least=least)

    def find(
        self, progress: Callable[[int, int], None] = nobody, *, again: bool = False, space: str | None = None
    ) -> tuple[JobFailure, ...]:
        """Find the events of sounds that have none stored (``again``: all). Return the files that could not be read.

        ``progress(done, total)`` is called after each sound; if it raises, the job stops, and the next run resumes
        there. The job holds the writer's lease. Raises LibraryBusy if another writer holds it, LibraryUnwritable if the
        events cannot be written, QueryError if no encoder reads frames (`soundalike.FrameReader`).

        Examples:
            >>> library.events.find(space="melody")
            Traceback (most recent call last):
            search.errors.QueryError: events need an encoder that names sounds (cnn:soundalike-1), not melody
        """
        with self._publisher.lease("events") as lease:
            view = events.view_with_events(self._spaces.refresh().of(space))
            latest, encoder = self._spaces.events_of(view.space), self._encoders.of(view.space)
            self._spaces.new_events(view.space).publish(lease)
            failures = events.find(
                view, encoder, latest, self._catalog, lease, progress=progress, rest=self._rest, again=again
            )
        self._spaces.refresh()
        return failures

    def clip_ids(self) -> Ids:
        """Return the ids (n,) of the clips whose events are stored, ascending.

        Examples:
            >>> library.events.clip_ids().tolist()
            []
        """
        view = self._spaces.view().of()[0]
        contents = np.empty(0, np.int64) if view.columns.events is None else view.columns.events.contents
        clips_of = view.columns.clips_of(contents)
        return np.unique(np.array([clip for clips in clips_of.values() for clip in clips], np.int64))
