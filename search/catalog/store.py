"""The catalog: the source of truth of a library, behind the ports CatalogReader and CatalogWriter.

This module opens a database and gives each method its transaction; the SQL statements are in the sibling modules
(`reading`, `writing`, `tail`, `words`, `leases`, `upkeep` and others).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from types import TracebackType

from search.catalog import (
    clipreading,
    comparing,
    contentreading,
    diagnosing,
    leases,
    measured,
    merges,
    reading,
    replacing,
    spaces,
    tail,
    transcripts,
    transferring,
    upkeep,
    words,
    writing,
)
from search.catalog.allowances import CatalogAllowances
from search.catalog.chunks import CatalogChunks
from search.catalog.collections import CatalogCollections
from search.catalog.columnar import ColumnReader
from search.catalog.contours import ContourReader
from search.catalog.database import Database
from search.catalog.exporting import VectorReader
from search.catalog.feedback import CatalogFeedback
from search.catalog.jobs import CatalogJobs
from search.catalog.keys import CatalogKeys
from search.catalog.opening import open_database
from search.catalog.searches import CatalogMatches, CatalogSearches
from search.catalog.shipments import CatalogShipments
from search.catalog.sqlite import SQLiteDatabase
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
    Merge,
    RecordFailure,
    Root,
    RootState,
    Space,
    StoredFacts,
    Transcript,
    Unmerged,
    WordMatch,
)
from search.ports import Lease

ASKED_SPACE = "asked space"


class Catalog:
    """An open catalog. Safe to use from several threads; each process opens its own, also after a fork."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url_or_path: str | Path, *, create: bool = True, read_only: bool = False) -> Catalog:
        """Open the catalog in a file, at ``sqlite:///file`` or ``postgresql://user@host/database``.

        An absent catalog is made if ``create`` is set, and an older one is migrated.

        Raises LibraryError if it is absent, damaged, not a catalog, made by a newer version, or cannot be read.
        """
        return cls(open_database(url_or_path, create=create and not read_only, read_only=read_only))

    def close(self) -> None:
        """Close the database. Closing twice is harmless."""
        self._database.close()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """The path of its file, or its URL, which may contain a password. Another process can open it with this."""
        return self._database.url

    @property
    def name(self) -> str:
        """The name to show to users: printable, without a password."""
        return self._database.name

    # --- CatalogReader ----------------------------------------------------------------------------------------

    def spaces(self) -> list[Space]:
        """The library's spaces, in the order they were made."""
        with self._database.reading() as connection:
            return reading.spaces(connection)

    def clips(self, ids: Sequence[int]) -> list[Clip]:
        """The clips with these ids, in the order given; unknown ids are left out."""
        with self._database.reading() as connection:
            return clipreading.clips(connection, ids)

    def clips_of(self, content_ids: Sequence[int]) -> dict[int, list[int]]:
        """Content id -> ids of the clips that point to it, ascending; contents without a clip are left out."""
        with self._database.reading() as connection:
            return clipreading.clips_of(connection, content_ids)

    def encoding(self, content_id: int, space_id: int) -> ContentEncoding | None:
        """A content's segments in a space, as encoded."""
        with self._database.reading() as connection:
            return contentreading.encoding(connection, content_id, space_id)

    def match_words(self, text: str, limit: int, other_words: Mapping[str, float] = NO_WORDS) -> list[WordMatch]:
        """Full-text search over title, metadata and the words of file and folder names, best first."""
        with self._database.reading() as connection:
            return words.match(connection, text, limit, other_words)

    def changes(self, space_id: int, since: int) -> Iterator[IndexChange]:
        """Yield the changes of a space after the sequence ``since`` (see `tail.changes`)."""
        return tail.changes(self._database, space_id, since)

    @property
    def feedback(self) -> CatalogFeedback:
        """Opinions of clips."""
        return CatalogFeedback(self._database)

    @property
    def collections(self) -> CatalogCollections:
        """Collections of clips."""
        return CatalogCollections(self._database)

    @property
    def searches(self) -> CatalogSearches:
        """Saved searches."""
        return CatalogSearches(self._database)

    @property
    def matches(self) -> CatalogMatches:
        """New matches of saved searches."""
        return CatalogMatches(self._database)

    @property
    def queue(self) -> CatalogJobs:
        """The job queue of a service."""
        return CatalogJobs(self._database)

    @property
    def chunks(self) -> CatalogChunks:
        """Work that is shared between workers."""
        return CatalogChunks(self._database)

    @property
    def shipments(self) -> CatalogShipments:
        """Snapshots in the library's store."""
        return CatalogShipments(self._database)

    @property
    def keys(self) -> CatalogKeys:
        """API keys of a service."""
        return CatalogKeys(self._database)

    @property
    def allowances(self) -> CatalogAllowances | None:
        """Rate limits of clients, shared by all services; None for a catalog in a file, where services count alone."""
        return None if isinstance(self._database, SQLiteDatabase) else CatalogAllowances(self._database)

    # --- CatalogWriter -----------------------------------------------------------------------------------------

    def lease(self, holder: str, wait_s: float) -> AbstractContextManager[Lease]:
        """Take the writer's lease, waiting up to ``wait_s`` for it. Raises LibraryBusy, which names the holder."""
        return leases.held(self._database, holder, wait_s)

    def space(self, spec: EncoderSpec) -> Space:
        """The space of this encoder, made if it is new. Raises SpaceMismatch if it has another fingerprint."""
        return spaces.space(self._database, spec)

    def root(self, path: str, speed: float | None = None) -> Root:
        """The root at this absolute path, made if it is new. Raises LibraryError if it has another ``speed``."""
        return spaces.root(self._database, path, speed)

    def files(self, root_id: int, space_id: int) -> Mapping[str, KnownFile]:
        """Every file of a root by relative path, as of now."""
        with self._database.reading() as connection:
            return clipreading.files(connection, root_id, space_id)

    def taken_out(self, root_id: int) -> Mapping[str, str]:
        """Relative path -> digest of every file of a root that somebody took out."""
        with self._database.reading() as connection:
            return reading.taken_out(connection, root_id)

    def find(self, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
        """The contents of a file with this digest, and the ids of the spaces in which all are encoded; or None."""
        with self._database.reading() as connection:
            return contentreading.tracks(connection, digest)

    def content_ids(self, digests: Iterable[str]) -> dict[tuple[str, int], int]:
        """The content ids of files with these digests, by digest and sound track."""
        with self._database.reading() as connection:
            return contentreading.ids_of(connection, digests)

    def apply(self, lease: Lease, changes: Sequence[CatalogChange]) -> int:
        """Write all of ``changes`` in one transaction, or none; return the sequence number reached."""
        token = leases.token_of(lease)
        with self._database.writing() as connection:
            leases.require(connection, token)
            return writing.apply(connection, changes)

    def merge(self, lease: Lease, keep: int, others: Sequence[int]) -> Merge:
        """Keep one clip and take the others out; this can be undone. Raises QueryError for unknown clips."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            return merges.merge(connection, keep, others)

    def unmerge(self, lease: Lease, merge_id: int) -> Unmerged:
        """Undo a merge. Raises QueryError if it does not exist, or if a later merge must be undone first."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            return merges.undo(connection, merge_id)

    def make_merge_final(self, lease: Lease, merge_id: int) -> Merge:
        """Delete the undo data of a merge; return the merge. Raises QueryError if it does not exist."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            return merges.make_final(connection, merge_id)

    # --- for the library ------------------------------------------------------------------------------------

    def merges(self, offset: int = 0, limit: int | None = None) -> tuple[int, list[Merge]]:
        """The number of merges that can be undone, and a page of them, newest first; all if ``limit`` is None."""
        with self._database.reading() as connection:
            return merges.page(connection, offset, limit)

    def has_merge(self, merge_id: int) -> bool:
        """Whether a merge with this id can be undone."""
        with self._database.reading() as connection:
            return merges.exists(connection, merge_id)

    def sequence(self) -> int:
        """The last sequence number given; 0 for an empty library."""
        return reading.newest(self._database)

    def pending(self, space_id: int, since: int) -> int:
        """How many segments were added to or removed from a space after the sequence ``since``."""
        with self._database.reading() as connection:
            return tail.pending(connection, space_id, since)

    @contextmanager
    def columns(self, space_id: int) -> Iterator[ColumnReader]:
        """A bulk reader of one state of the catalog, for `search.columns`; the block is one read transaction."""
        with self._database.reading() as connection:
            yield ColumnReader(connection, space_id)

    @contextmanager
    def contours(self, space_id: int) -> Iterator[ContourReader]:
        """A reader of one state of a space's tunes (`search.analysis.melody`); the block is one read transaction."""
        with self._database.reading() as connection:
            yield ContourReader(connection, space_id)

    @contextmanager
    def vectors(self, space: Space) -> Iterator[VectorReader]:
        """A reader of one state of a space's vectors, for exports; the block is one read transaction."""
        with self._database.reading() as connection:
            yield VectorReader(connection, space)

    def contents(self, ids: Iterable[int]) -> dict[int, Content]:
        """The contents with these ids; unknown ids are left out."""
        with self._database.reading() as connection:
            return contentreading.contents(connection, ids)

    def with_digest(self, digest: str) -> tuple[Content, ...]:
        """The contents of the sound tracks of a file with this digest, by track."""
        with self._database.reading() as connection:
            return contentreading.with_digest(connection, digest)

    def facts(self, content_ids: Iterable[int]) -> dict[int, StoredFacts]:
        """The facts of contents; contents without facts are left out."""
        with self._database.reading() as connection:
            return measured.facts(connection, content_ids)

    def without_facts(self, version: int) -> Ids:
        """The ids (n,) of contents with sound that have no facts of this version, ascending."""
        with self._database.reading() as connection:
            return measured.without(connection, version)

    def measured_clips(self, version: int) -> tuple[int, int]:
        """How many clips with sound have facts of this version, and how many do not."""
        with self._database.reading() as connection:
            return measured.clips(connection, version)

    def transcripts(self, content_ids: Iterable[int]) -> dict[int, Transcript]:
        """The transcripts of contents; contents without one are left out."""
        with self._database.reading() as connection:
            return transcripts.transcripts(connection, content_ids)

    def transcripts_since(self, sequence: int) -> Iterator[tuple[int, Transcript]]:
        """Yield the transcripts added after a sequence number, oldest first, each with its content id."""
        with self._database.reading() as connection:
            yield from transcripts.since(connection, sequence)

    def last_transcript(self) -> int:
        """The sequence number of the newest transcript; 0 if there is none."""
        with self._database.reading() as connection:
            return transcripts.last(connection)

    def with_transcript(self) -> Ids:
        """The ids (n,) of contents that have a transcript, ascending."""
        with self._database.reading() as connection:
            return transcripts.contents(connection)

    def without_transcript(self, recogniser: str) -> Ids:
        """The ids (n,) of contents with sound that this recogniser has not transcribed, ascending."""
        with self._database.reading() as connection:
            return transcripts.without(connection, recogniser)

    def roots(self) -> list[Root]:
        """Every root, in the order they were made."""
        with self._database.reading() as connection:
            return reading.roots(connection)

    def root_states(self) -> list[RootState]:
        """Every root with its clips, its missing files and its last scan, in the order they were made."""
        with self._database.reading() as connection:
            return reading.root_states(connection)

    def clips_of_root(self, root_id: int) -> list[int]:
        """The ids of the clips of a root, ascending."""
        with self._database.reading() as connection:
            return clipreading.clips_of_root(connection, root_id)

    def move_root(self, root_id: int, path: str) -> Root:
        """Set the absolute path of a root that was moved. Raises LibraryError if another root is there."""
        return spaces.move_root(self._database, root_id, path)

    def missing(self) -> list[int]:
        """Ids of the clips that the last scan did not find, ascending."""
        with self._database.reading() as connection:
            return clipreading.missing(connection)

    def file(self, clip_id: int) -> KnownFile | None:
        """A clip's file as the catalog remembers it; ``encoded`` says whether in any space."""
        with self._database.reading() as connection:
            return clipreading.file(connection, clip_id)

    def failures(self) -> list[tuple[str, str]]:
        """Absolute path and cause of every file that could not be indexed."""
        with self._database.reading() as connection:
            return clipreading.failures(connection)

    def failed_files(self) -> list[RecordFailure]:
        """The files that could not be indexed, as recorded, by root and path."""
        with self._database.reading() as connection:
            return clipreading.failed_files(connection)

    def warnings(self) -> list[tuple[str, str]]:
        """Absolute path and warning of every clip whose file was read despite a defect."""
        with self._database.reading() as connection:
            return clipreading.warnings(connection)

    def stats(self) -> upkeep.CatalogStats:
        """The number of clips and contents, hours, and bytes and segments of every space."""
        return upkeep.stats(self._database)

    def diagnose(self) -> list[diagnosing.Finding]:
        """Whether the database can be reached and written, its version, clock and round trip."""
        return diagnosing.diagnose(self._database)

    def verify(self) -> list[str]:
        """Return one line for each defect of the catalog; empty if there is none."""
        return upkeep.verify(self._database)

    def backup(self, target: Path) -> None:
        """Copy the catalog to the new file ``target`` while it is in use. Raises LibraryError."""
        upkeep.backup(self._database, target)

    def restore(self, source: Path, lease: Lease) -> None:
        """Replace this catalog with a backup while it is in use. Raises LibraryError if ``source`` is no backup."""
        replacing.restore(self._database, source, leases.token_of(lease))

    def copy_to(self, target: Catalog, folder: str, progress: Callable[[int, int], None]) -> None:
        """Copy every row to the new catalog of the library in ``folder``, under the leases of both.

        An interrupted copy is resumed.
        """
        transferring.transfer(self._database, target._database, folder, progress)

    def differences(self, other: Catalog) -> list[str]:
        """One line for each difference between this catalog and another; leases are ignored."""
        return comparing.differences(self._database, other._database)

    def retire_space(self, space_id: int, lease: Lease) -> None:
        """Free a space's name for its successor; its vectors stay until `drop_space`."""
        spaces.retire(self._database, space_id, leases.token_of(lease))

    def choice(self, name: str) -> str | None:
        """A choice made when the library was made (``index``: its kind of index); None if it was not made."""
        with self._database.reading() as connection:
            return reading.choice(connection, name)

    def choose(self, name: str, value: str) -> None:
        """Store a choice for good. Raises LibraryError if another value was chosen before."""
        with self._database.writing() as connection:
            writing.choose(connection, name, value)

    def asked_space(self) -> str | None:
        """The name of the space to search if a query names none; None for all spaces of sounds."""
        return self.choice(ASKED_SPACE)

    def ask_space(self, name: str | None, lease: Lease) -> None:
        """Set the space to search if a query names none; None for all spaces of sounds. Raises LibraryBusy."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            writing.prefer(connection, ASKED_SPACE, name)

    def count_only_in(self, space_id: int, other_id: int) -> int:
        """How many contents have vectors in one space and none in the other."""
        return replacing.count_only_in(self._database, space_id, other_id)

    def drop_space(self, space_id: int, lease: Lease) -> None:
        """Delete a space and its vectors. Raises LibraryError if a content has vectors only there."""
        replacing.drop_space(self._database, space_id, leases.token_of(lease))

    def prune_changes(self, before_sequence: int) -> None:
        """Delete the removals before ``before_sequence``. For older readers, `changes` then yields all absent ids."""
        with self._database.writing() as connection:
            upkeep.prune_changes(connection, before_sequence)
