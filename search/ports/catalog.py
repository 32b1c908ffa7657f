"""The catalog, as its readers and its one writer see it."""

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
    """What readers need of the catalog."""

    def spaces(self) -> list[Space]:
        """Return the library's spaces, in the order they were made."""

    def clips(self, ids: Sequence[int]) -> list[Clip]:
        """Return the clips with these ids, in the order of ``ids``; unknown ids are left out.

        Tags come from the library's first space with a vocabulary, likeliest first.
        """

    def clips_of(self, content_ids: Sequence[int]) -> dict[int, list[int]]:
        """Map content id -> ids of the clips that point to it, ascending; contents without a clip are left out."""

    def encoding(self, content_id: int, space_id: int) -> ContentEncoding | None:
        """Return a content's segments in a space, as they were encoded; None if it has none."""

    def match_words(self, text: str, limit: int, other_words: Mapping[str, float] = NO_WORDS) -> list[WordMatch]:
        """Search titles, metadata and the words of file and folder names for ``text``, best first. Any text is safe.

        Clips that have every word come before clips that have some. After them come up to ``limit`` clips that match
        ``other_words``: other phrases, each with the probability that it means the same.
        """

    def changes(self, space_id: int, since: int) -> Iterator[IndexChange]:
        """Yield the catalog's changes after sequence ``since`` (0: its present content, as additions), in bounded
        memory.
        """


class ContentReader(CatalogReader, Protocol):
    """A `CatalogReader` that also gives contents."""

    def contents(self, ids: Iterable[int]) -> dict[int, Content]:
        """Map id -> content; unknown ids are left out."""

    def with_digest(self, digest: str) -> tuple[Content, ...]:
        """Return the contents of the sound tracks of the file with this digest, by track; empty if it is unknown."""


class FactsCatalog(ContentReader, Protocol):
    """What measuring needs of the catalog."""

    def without_facts(self, version: int) -> Ids:
        """Return the ids (n,) of the contents with sound that have no facts of this version, ascending."""

    def apply(self, lease: Lease, changes: Sequence[CatalogChange]) -> int:
        """Write all of ``changes`` in one transaction, or none. Return the new sequence number."""


class Lease(Protocol):
    """The right to write. A heartbeat renews it while it is held."""

    @property
    def holder(self) -> str:
        """The holder: host, process id, command."""

    def check(self) -> None:
        """Raises LibraryBusy if the lease was lost (the machine slept, or a clock jumped)."""


class FileCatalog(Protocol):
    """What a scan needs of the catalog: the roots, and their files as the catalog knows them."""

    def root(self, path: str, speed: float | None = None) -> Root:
        """Return the root at this absolute path. Make it if it is new, with sounds played at ``speed`` (default 1).

        Raises LibraryError if the root exists with another speed.
        """

    def files(self, root_id: int, space_id: int) -> Mapping[str, KnownFile]:
        """Map relative path -> every clip of a root."""

    def taken_out(self, root_id: int) -> Mapping[str, str]:
        """Map relative path -> digest of every file of a root that a person removed from the library."""


class CatalogWriter(FileCatalog, Protocol):
    """What the one writer needs of the catalog."""

    def lease(self, holder: str, wait_s: float) -> AbstractContextManager[Lease]:
        """Take the writer's lease. Wait up to ``wait_s`` for it, then raise LibraryBusy, which names the holder."""

    def space(self, spec: EncoderSpec) -> Space:
        """Return the space of this encoder. Make it if it is new.

        Raises SpaceMismatch if the name exists with another fingerprint.
        """

    def find(self, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
        """Return the stored contents of a file's sound tracks, by track, and the ids of the spaces that encode all."""

    def facts(self, content_ids: Iterable[int]) -> Mapping[int, StoredFacts]:
        """Map content id -> its stored facts; contents without facts are left out."""

    def apply(self, lease: Lease, changes: Sequence[CatalogChange]) -> int:
        """Write all of ``changes`` in one transaction, or none. Return the new sequence number.

        Raises ChangeRefused for a change that the catalog cannot hold (a number too large, a content that is gone),
        LibraryError if the disk is full or the library is read-only, LibraryBusy if the lease is lost.
        """
