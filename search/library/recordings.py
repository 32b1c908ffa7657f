"""The recordings of a library, recognised by fingerprints even if the sound was altered."""

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
    """Recognises recordings, and makes the fingerprints for that (`Library.recordings`)."""

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
        """The fingerprints as they were last published."""

    def identify(
        self,
        path: str | os.PathLike[str],
        *,
        start_s: float = 0.0,
        end_s: float | None = None,
        track: int = 0,
        k: int = 10,
    ) -> Identification:
        """Find the recordings of the library in a file, or in its passage from ``start_s`` to ``end_s``.

        It recognises them even if they were altered, for example by noise or compression. For a sound of up to ten
        seconds return the ``k`` likeliest; for a longer one what is played when. Only sounds with fingerprints
        (`fingerprint`) can be found. Raises AudioError for a file that cannot be read.

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
        """Return the recorder of fingerprints that an indexing job makes (`indexer.job.index`).

        Examples:
            >>> with library.publisher.lease("example") as lease:
            ...     library.recordings.new_fingerprints().publish(lease)
        """
        from search.library.fingerprinting import NewFingerprints

        return NewFingerprints(self.fingerprints, self._catalog)

    def fingerprint(
        self, progress: Callable[[int, int], None] = nobody, *, again: bool = False
    ) -> tuple[JobFailure, ...]:
        """Fingerprint the sounds that came since the last run (``again``: all). Return the files that could not be
        read.

        ``progress(done, total)`` is called after each sound; if it raises, the job stops, and the next run resumes
        there. The job holds the writer's lease. Raises LibraryBusy if another writer holds it, LibraryUnwritable if the
        fingerprints cannot be written.

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
