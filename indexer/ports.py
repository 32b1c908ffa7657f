"""Interfaces that the bulk job needs from outside: a library, someone to ask, somewhere to report."""

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
    """Asks a person."""

    def __call__(self, question: str, *, otherwise: bool) -> bool:
        """Whether the answer is yes; ``otherwise`` if there is nobody to ask."""


class JobLibrary(Protocol):
    """What a job needs of a library (`search.library.library.Library` is one)."""

    @property
    def path(self) -> Path:
        """Its folder."""

    @property
    def writer(self) -> CatalogWriter:
        """The catalog, to write to."""

    def roots(self) -> list[Root]:
        """Its roots."""

    @property
    def publisher(self) -> JobPublisher:
        """Makes snapshots of what was written."""

    @property
    def spaces(self) -> JobSpaces:
        """Keeps data of a space, such as events."""

    @property
    def recordings(self) -> JobRecordings:
        """Keeps fingerprints."""

    @property
    def giving_way(self) -> JobGivingWay:
        """Reports whether somebody is querying the library."""


class JobPublisher(Protocol):
    """Makes snapshots."""

    def publish(self, space: Space, lease: Lease) -> bool:
        """Make a snapshot of what was written, if enough is pending."""


class JobSpaces(Protocol):
    """Keeps data of a space that is not in the catalog."""

    def new_events(self, space: Space) -> JobEvents:
        """A store for the events that a job finds."""


class JobEvents(Protocol):
    """Keeps the events of a space as a job finds them."""

    def add(self, events: Iterable[FoundEvents]) -> None:
        """Keep events of contents that are about to be written, so that a kill does not lose them."""

    def publish(self, lease: Lease) -> None:
        """Publish the events whose contents are written."""


class JobRecordings(Protocol):
    """Keeps fingerprints, which are not in the catalog."""

    def new_fingerprints(self) -> JobFingerprints:
        """A store for the fingerprints that a job makes."""


class JobFingerprints(Protocol):
    """Keeps fingerprints as a job makes them."""

    def add(self, fingerprints: Sequence[FoundFingerprint]) -> None:
        """Keep fingerprints of contents that are about to be written, so that a kill does not lose them."""

    def publish_if_many(self, lease: Lease) -> None:
        """Publish the fingerprints whose contents are written, if there are many."""

    def publish(self, lease: Lease) -> None:
        """Publish the fingerprints whose contents are written."""


class Share(Protocol):
    """Makes a shared pass for sounds."""

    def __call__(self, spec: EncoderSpec, options: Options, note: Callable[[str], None]) -> FileWork:
        """See `indexer.sharing.SharedWork`."""


class Report(Protocol):
    """What a job reports to. The thread that runs the job calls it."""

    def progress(self, progress: Progress) -> None:
        """Report how far the job is; called a few times a second."""

    def failure(self, failure: Failure) -> None:
        """Report a file that could not be indexed, as soon as that is known."""

    def warning(self, warned: Warned) -> None:
        """Report a file that was indexed despite a defect."""

    def note(self, text: str) -> None:
        """Report one line for people."""
