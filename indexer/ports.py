"""What the bulk job needs, and does not make: a library, whom to ask, where to report."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Protocol

from indexer.clock import JobGivingWay
from indexer.model import Failure, Options, Progress, Warned
from indexer.work import FileWork
from search.analysis.exact.found import FoundFingerprint
from search.analysis.time.journal import FoundEvents
from search.model import EncoderSpec, Root, Space
from search.ports import CatalogWriter, Lease


class Confirm(Protocol):
    """Asks somebody."""

    def __call__(self, question: str, *, otherwise: bool) -> bool:
        """Whether the answer is yes; ``otherwise`` where there is nobody to ask."""


class JobLibrary(Protocol):
    """What a job needs of a library (`search.library.library.Library` is one)."""

    @property
    def path(self) -> Path:
        """Its folder."""

    @property
    def writer(self) -> CatalogWriter:
        """Where a job writes."""

    def roots(self) -> list[Root]:
        """Its roots."""

    @property
    def publisher(self) -> JobPublisher:
        """What makes snapshots of what was written."""

    @property
    def spaces(self) -> JobSpaces:
        """What keeps what belongs to a space."""

    @property
    def recordings(self) -> JobRecordings:
        """What keeps fingerprints."""

    @property
    def giving_way(self) -> JobGivingWay:
        """What tells that somebody asks the library something."""


class JobPublisher(Protocol):
    """Makes snapshots."""

    def publish(self, space: Space, lease: Lease) -> bool:
        """Turn what was written into a snapshot when enough is pending."""


class JobSpaces(Protocol):
    """Keeps what belongs to a space and no catalog holds."""

    def new_events(self, space: Space) -> JobEvents:
        """What keeps the events that are found on the way."""


class JobEvents(Protocol):
    """Keeps the events of a space, of contents as they come."""

    def add(self, events: Iterable[FoundEvents]) -> None:
        """Keep those of contents that are about to be written, so that a killed job has them."""

    def publish(self, lease: Lease) -> None:
        """Publish those whose contents are written."""


class JobRecordings(Protocol):
    """Keeps fingerprints, which no catalog holds."""

    def new_fingerprints(self) -> JobFingerprints:
        """What keeps those that are made on the way."""


class JobFingerprints(Protocol):
    """Keeps the fingerprints of contents as they come."""

    def add(self, fingerprints: Sequence[FoundFingerprint]) -> None:
        """Keep those of contents that are about to be written, so that a killed job has them."""

    def publish_if_many(self, lease: Lease) -> None:
        """Publish those whose contents are written, where they are worth it."""

    def publish(self, lease: Lease) -> None:
        """Publish those whose contents are written."""


class Share(Protocol):
    """Makes the pass for sounds one whose work is shared."""

    def __call__(self, spec: EncoderSpec, options: Options, note: Callable[[str], None]) -> FileWork:
        """See `indexer.sharing.SharedWork`."""


class Report(Protocol):
    """What a job reports to. The thread that runs the job calls it."""

    def progress(self, progress: Progress) -> None:
        """How far it is, a few times a second."""

    def failure(self, failure: Failure) -> None:
        """A file that could not be indexed, when that turns out."""

    def warning(self, warned: Warned) -> None:
        """A file that was indexed although something was amiss with it."""

    def note(self, text: str) -> None:
        """Something that a person wants to know, one line."""
