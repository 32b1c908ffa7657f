"""The catalog as readers and the one writer see it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from search.model import (
    NO_WORDS,
    CatalogChange,
    Clip,
    Content,
    ContentEncoding,
    EncoderSpec,
    Ids,
    IndexChange,
    KnownFile,
    Root,
    Space,
    StoredFacts,
    WordMatch,
)


class CatalogReader(Protocol):
    """What readers ask of the catalog."""

    def spaces(self) -> list[Space]:
        """The library's spaces, in the order they were made."""

    def clips(self, ids: Sequence[int]) -> list[Clip]:
        """The clips with these ids, in their order; unknown ids are left out.

        Their tags are those of the library's first space with a vocabulary, likeliest first.
        """

    def clips_of(self, content_ids: Sequence[int]) -> dict[int, list[int]]:
        """Content id -> ids of the clips that point to it, ascending; contents without a clip are left out."""

    def encoding(self, content_id: int, space_id: int) -> ContentEncoding | None:
        """A content's segments in a space, as encoded."""

    def match_words(self, text: str, limit: int, other_words: Mapping[str, float] = NO_WORDS) -> list[WordMatch]:
        """Full-text search in title, metadata and the words of file and folder names, best first. Any text is safe.

        Clips that have every word come before those that have some. Behind them come as many that say it in
        ``other_words``: phrases with how likely each is what is meant.
        """

    def changes(self, space_id: int, since: int) -> Iterator[IndexChange]:
        """The catalog's tail after sequence ``since`` (0: everything that is there now, as adds), in bounded memory."""


class ContentReader(CatalogReader, Protocol):
    """What looks at contents as such asks beyond that."""

    def contents(self, ids: Iterable[int]) -> dict[int, Content]:
        """The contents with these ids; unknown ids are left out."""

    def with_digest(self, digest: str) -> tuple[Content, ...]:
        """The contents of the sound tracks of a file with this digest, by track; none of a file that is not there."""


class FactsCatalog(ContentReader, Protocol):
    """What measuring asks of a catalog."""

    def without_facts(self, version: int) -> Ids:
        """(n,) the contents with sound that have no facts of this version, ascending."""

    def apply(self, lease: Lease, changes: Sequence[CatalogChange]) -> int:
        """Write all of ``changes`` in one transaction, or none; the sequence number reached."""


class Lease(Protocol):
    """The right to write, renewed by a heartbeat while it is held."""

    @property
    def holder(self) -> str:
        """Who holds it: host, process id, command."""

    def check(self) -> None:
        """Raises LibraryBusy when the lease was lost (a machine that slept, a clock that jumped)."""


class FileCatalog(Protocol):
    """What a scan asks of the catalog: the roots and what is known of their files."""

    def root(self, path: str, speed: float | None = None) -> Root:
        """The root at this absolute path, made when it is new, its sounds to be played at ``speed`` (1 unless said).

        Raises LibraryError when it is there with another speed.
        """

    def files(self, root_id: int, space_id: int) -> Mapping[str, KnownFile]:
        """Every clip of a root by its relative path."""

    def taken_out(self, root_id: int) -> Mapping[str, str]:
        """Relative path -> digest of every file of a root that somebody took out of the library."""


class CatalogWriter(FileCatalog, Protocol):
    """What the one writer asks of the catalog."""

    def lease(self, holder: str, wait_s: float) -> AbstractContextManager[Lease]:
        """Take the writer's lease, waiting up to ``wait_s`` for it. Raises LibraryBusy that names the holder."""

    def space(self, spec: EncoderSpec) -> Space:
        """The space of this encoder, made when it is new.

        Raises SpaceMismatch when the name is there with another fingerprint.
        """

    def find(self, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
        """The stored contents of a file's sound tracks, by track, and the ids of the spaces that all are encoded in."""

    def facts(self, content_ids: Iterable[int]) -> Mapping[int, StoredFacts]:
        """What was measured of contents, without those that nobody measured."""

    def apply(self, lease: Lease, changes: Sequence[CatalogChange]) -> int:
        """Write all of ``changes`` in one transaction, or none; the sequence number reached.

        Raises ChangeRefused for a change that the catalog cannot hold (a number too large, a content that is gone),
        LibraryError when the disk is full or the library is read-only, LibraryBusy when the lease is lost.
        """
