"""The recordings of a library, known by their fingerprints whatever became of them on the way."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from search.analysis.exact.stored import Fingerprints
from search.catalog.store import Catalog
from search.library.givingway import GivingWay
from search.library.publisher import Publisher
from search.library.spaces import Spaces
from search.model import Identification, JobFailure
from search.snapshots.filling import nobody

if TYPE_CHECKING:
    from search.library.fingerprinting import NewFingerprints


class Recordings:
    """Recognises recordings, and makes the fingerprints for it. `Library.recordings` is one."""

    def __init__(
        self,
        catalog: Catalog,
        spaces: Spaces,
        publisher: Publisher,
        fingerprints: Fingerprints,
        *,
        giving_way: GivingWay,
    ) -> None:
        self._catalog = catalog
        self._spaces = spaces
        self._publisher = publisher
        self._rest = giving_way.rest
        self.fingerprints = fingerprints
        """Those that were published last."""

    def identify(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        track: int = 0,
        k: int = 10,
    ) -> Identification:
        """Which recordings of the library are in a file, or a passage of it, whatever became of them on the way.

        Of ten seconds at most the ``k`` likeliest, of more what is played when. Only sounds that have fingerprints are
        known (`fingerprint`). Raises AudioError for a file that cannot be read.

        Examples:
            >>> library.recordings.fingerprint()
            ()
            >>> [one.title for one in library.recordings.identify("sounds/rain.wav").recognitions]
            ['rain']
        """
        from search.library import identifying

        table = self.fingerprints.table()
        return identifying.identify(
            self._spaces.view(), self._catalog, table, path, start_s=start_s, end_s=end_s, track=track, k=k
        )

    def new_fingerprints(self) -> NewFingerprints:
        """What keeps the fingerprints that a job makes on its way through the files (`indexer.job.index`).

        Examples:
            >>> with library.publisher.lease("example") as lease:
            ...     library.recordings.new_fingerprints().publish(lease)
        """
        from search.library.fingerprinting import NewFingerprints

        return NewFingerprints(self.fingerprints, self._catalog)

    def fingerprint(
        self, progress: Callable[[int, int], None] = nobody, *, again: bool = False
    ) -> tuple[JobFailure, ...]:
        """Fingerprint the sounds that came since the last time (``again``: all); the files that could not be read.

        ``progress(done, total)`` is called as sounds are listened to; what it raises stops the job, which goes on from
        there the next time. Holds the writer's lease meanwhile. Raises LibraryBusy when another writer does,
        LibraryUnwritable when the fingerprints cannot be written.

        Examples:
            >>> library.recordings.fingerprint()
            ()
        """
        from search.library import identifying

        with self._publisher.lease("fingerprints") as lease:
            return identifying.bring_up_to_date(
                self._spaces.refresh(),
                self._catalog,
                self.fingerprints,
                lease,
                progress,
                rest=self._rest,
                again=again,
            )
