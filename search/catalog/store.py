"""The catalog: the truth about a library, behind the ports CatalogReader and CatalogWriter.

This module opens a database and gives each method its transaction; what a method says to the database stands in
its siblings (`reading`, `writing`, `tail`, `words`, `lease`, `upkeep`).
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
    """One catalog, open. Safe to use from several threads; each process opens its own (after a fork, too)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, url_or_path: str | Path, *, create: bool = True, read_only: bool = False) -> Catalog:
        """Open the catalog in a file, at ``sqlite:///file`` or ``postgresql://user@host/database``.

        It is made when absent and ``create``, and migrated when older.

        Raises LibraryError when it is absent, damaged, no catalog, made by a newer version, or cannot be read.
        """
        return cls(open_database(url_or_path, create=create and not read_only, read_only=read_only))

    def close(self) -> None:
        """Close the database. Closing twice does no harm."""
        self._database.close()

    def __enter__(self) -> Catalog:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def url(self) -> str:
        """What opens it again, in another process: the path of its file, or a URL that may hold a password."""
        return self._database.url

    @property
    def name(self) -> str:
        """What people are shown of that."""
        return self._database.name

    # --- CatalogReader ----------------------------------------------------------------------------------------

    def spaces(self) -> list[Space]:
        """The library's spaces, in the order they were made."""
        with self._database.reading() as connection:
            return reading.spaces(connection)

    def clips(self, ids: Sequence[int]) -> list[Clip]:
        """The clips with these ids, in their order; unknown ids are left out."""
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
        """The tail after ``since``; after each change the index stands at its sequence (see `tail.changes`)."""
        return tail.changes(self._database, space_id, since)

    @property
    def feedback(self) -> CatalogFeedback:
        """What people thought of clips."""
        return CatalogFeedback(self._database)

    @property
    def collections(self) -> CatalogCollections:
        """Clips that somebody keeps together."""
        return CatalogCollections(self._database)

    @property
    def searches(self) -> CatalogSearches:
        """Questions that somebody keeps."""
        return CatalogSearches(self._database)

    @property
    def matches(self) -> CatalogMatches:
        """What these found since."""
        return CatalogMatches(self._database)

    @property
    def queue(self) -> CatalogJobs:
        """The long work of a service."""
        return CatalogJobs(self._database)

    @property
    def chunks(self) -> CatalogChunks:
        """Work that is shared between workers."""
        return CatalogChunks(self._database)

    @property
    def shipments(self) -> CatalogShipments:
        """Snapshots that lie in the library's store."""
        return CatalogShipments(self._database)

    @property
    def keys(self) -> CatalogKeys:
        """Who may use a service."""
        return CatalogKeys(self._database)

    @property
    def allowances(self) -> CatalogAllowances | None:
        """How often clients of all services may ask; None in a file, where a service counts by itself."""
        return None if isinstance(self._database, SQLiteDatabase) else CatalogAllowances(self._database)

    # --- CatalogWriter -----------------------------------------------------------------------------------------

    def lease(self, holder: str, wait_s: float) -> AbstractContextManager[Lease]:
        """Take the writer's lease, waiting up to ``wait_s`` for it. Raises LibraryBusy that names the holder."""
        return leases.held(self._database, holder, wait_s)

    def space(self, spec: EncoderSpec) -> Space:
        """The space of this encoder, made when it is new. Raises SpaceMismatch when it has another fingerprint."""
        return spaces.space(self._database, spec)

    def root(self, path: str, speed: float | None = None) -> Root:
        """The root at this absolute path, made when it is new. Raises LibraryError when it has another ``speed``."""
        return spaces.root(self._database, path, speed)

    def files(self, root_id: int, space_id: int) -> Mapping[str, KnownFile]:
        """Every clip of a root by its relative path, as of now."""
        with self._database.reading() as connection:
            return clipreading.files(connection, root_id, space_id)

    def taken_out(self, root_id: int) -> Mapping[str, str]:
        """Relative path -> digest of every file of a root that somebody took out."""
        with self._database.reading() as connection:
            return reading.taken_out(connection, root_id)

    def find(self, digest: str) -> tuple[tuple[Content, ...], frozenset[int]] | None:
        """A stored content and the ids of the spaces it is encoded in."""
        with self._database.reading() as connection:
            return contentreading.tracks(connection, digest)

    def content_ids(self, digests: Iterable[str]) -> dict[tuple[str, int], int]:
        """The id of the content of each sound track of files with these digests, by digest and track."""
        with self._database.reading() as connection:
            return contentreading.ids_of(connection, digests)

    def apply(self, lease: Lease, changes: Sequence[CatalogChange]) -> int:
        """Write all of ``changes`` in one transaction, or none; the sequence number reached."""
        token = leases.token_of(lease)
        with self._database.writing() as connection:
            leases.require(connection, token)
            return writing.apply(connection, changes)

    def merge(self, lease: Lease, keep: int, others: Sequence[int]) -> Merge:
        """Keep one clip and take the others out, so that it can be undone. Raises QueryError for unknown clips."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            return merges.merge(connection, keep, others)

    def unmerge(self, lease: Lease, merge_id: int) -> Unmerged:
        """Undo a merge. Raises QueryError for one that is not there, or that a later one has to go before."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            return merges.undo(connection, merge_id)

    def make_merge_final(self, lease: Lease, merge_id: int) -> Merge:
        """Drop what would undo a merge; what it was. Raises QueryError for one that is not there."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            return merges.make_final(connection, merge_id)

    # --- for the library ------------------------------------------------------------------------------------

    def merges(self, offset: int = 0, limit: int | None = None) -> tuple[int, list[Merge]]:
        """How many merges can be undone, and a page of them, newest first; all without a ``limit``."""
        with self._database.reading() as connection:
            return merges.page(connection, offset, limit)

    def has_merge(self, merge_id: int) -> bool:
        """Whether there is a merge of that id that can be undone."""
        with self._database.reading() as connection:
            return merges.exists(connection, merge_id)

    def sequence(self) -> int:
        """The last sequence number given; 0 for an empty library."""
        return reading.newest(self._database)

    def pending(self, space_id: int, since: int) -> int:
        """How many segments came to a space or left it after the sequence ``since``."""
        with self._database.reading() as connection:
            return tail.pending(connection, space_id, since)

    @contextmanager
    def columns(self, space_id: int) -> Iterator[ColumnReader]:
        """One state of the catalog in bulk, for `search.columns`; the block is one read transaction."""
        with self._database.reading() as connection:
            yield ColumnReader(connection, space_id)

    @contextmanager
    def contours(self, space_id: int) -> Iterator[ContourReader]:
        """One state of a space's tunes (`search.analysis.melody.contourfiles`); the block is one read transaction."""
        with self._database.reading() as connection:
            yield ContourReader(connection, space_id)

    @contextmanager
    def vectors(self, space: Space) -> Iterator[VectorReader]:
        """One state of the vectors of a space, to be written elsewhere; the block is one read transaction."""
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
        """What was measured of contents; those that nobody measured are left out."""
        with self._database.reading() as connection:
            return measured.facts(connection, content_ids)

    def without_facts(self, version: int) -> Ids:
        """(n,) the contents with sound that have no facts of this version, ascending."""
        with self._database.reading() as connection:
            return measured.without(connection, version)

    def measured_clips(self, version: int) -> tuple[int, int]:
        """How many clips with sound have facts of this version, and how many have none."""
        with self._database.reading() as connection:
            return measured.clips(connection, version)

    def transcripts(self, content_ids: Iterable[int]) -> dict[int, Transcript]:
        """What is said in contents; those that nobody listened to for words are left out."""
        with self._database.reading() as connection:
            return transcripts.transcripts(connection, content_ids)

    def transcripts_since(self, sequence: int) -> Iterator[tuple[int, Transcript]]:
        """The contents whose transcripts came after a sequence number, with these, in the order in which they came."""
        with self._database.reading() as connection:
            yield from transcripts.since(connection, sequence)

    def last_transcript(self) -> int:
        """The sequence number of the transcript that came last; 0 without any."""
        with self._database.reading() as connection:
            return transcripts.last(connection)

    def with_transcript(self) -> Ids:
        """(n,) the contents that have a transcript, ascending."""
        with self._database.reading() as connection:
            return transcripts.contents(connection)

    def without_transcript(self, recogniser: str) -> Ids:
        """(n,) the contents with sound that this recogniser has not transcribed, ascending."""
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
        """Say that a root lies at another absolute path now. Raises LibraryError when another root is there."""
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
        """The same as they were recorded, by root and path."""
        with self._database.reading() as connection:
            return clipreading.failed_files(connection)

    def warnings(self) -> list[tuple[str, str]]:
        """Absolute path and warning of every clip whose file was read although something was amiss."""
        with self._database.reading() as connection:
            return clipreading.warnings(connection)

    def stats(self) -> upkeep.CatalogStats:
        """Clips, contents, hours, and bytes and segments of every space."""
        return upkeep.stats(self._database)

    def diagnose(self) -> list[diagnosing.Finding]:
        """Whether the database can be reached and written, its version, clock and round trip."""
        return diagnosing.diagnose(self._database)

    def verify(self) -> list[str]:
        """Everything that is wrong with the catalog, a line each; empty when it is sound."""
        return upkeep.verify(self._database)

    def backup(self, target: Path) -> None:
        """Copy the catalog to the new file ``target`` while it is in use. Raises LibraryError."""
        upkeep.backup(self._database, target)

    def restore(self, source: Path, lease: Lease) -> None:
        """Put a backup in this catalog's place while it is in use. Raises LibraryError when it is none."""
        replacing.restore(self._database, source, leases.token_of(lease))

    def copy_to(self, target: Catalog, folder: str, progress: Callable[[int, int], None]) -> None:
        """Copy every row to the new catalog of the library in ``folder``, under the leases of both.

        It goes on where an earlier copy ended.
        """
        transferring.transfer(self._database, target._database, folder, progress)

    def differences(self, other: Catalog) -> list[str]:
        """What another catalog holds otherwise than this one, a line each; leases apart."""
        return comparing.differences(self._database, other._database)

    def retire_space(self, space_id: int, lease: Lease) -> None:
        """Free a space's name for its successor; its vectors stay until `drop_space`."""
        spaces.retire(self._database, space_id, leases.token_of(lease))

    def choice(self, name: str) -> str | None:
        """What was chosen when the library was made (``index``: its kind of index), None where nothing was."""
        with self._database.reading() as connection:
            return reading.choice(connection, name)

    def choose(self, name: str, value: str) -> None:
        """Remember a choice for good: raises LibraryError when another was made before."""
        with self._database.writing() as connection:
            writing.choose(connection, name, value)

    def asked_space(self) -> str | None:
        """The name of the space that is asked where a question names none; None for every space of sounds."""
        return self.choice(ASKED_SPACE)

    def ask_space(self, name: str | None, lease: Lease) -> None:
        """Ask this space where a question names none; None: every space of sounds. Raises LibraryBusy."""
        with self._database.writing() as connection:
            leases.require(connection, leases.token_of(lease))
            writing.prefer(connection, ASKED_SPACE, name)

    def count_only_in(self, space_id: int, other_id: int) -> int:
        """How many contents have vectors in one space and none in the other."""
        return replacing.count_only_in(self._database, space_id, other_id)

    def drop_space(self, space_id: int, lease: Lease) -> None:
        """Forget a space and its vectors. Raises LibraryError when a content has vectors there alone."""
        replacing.drop_space(self._database, space_id, leases.token_of(lease))

    def prune_changes(self, before_sequence: int) -> None:
        """Forget what was removed before ``before_sequence``; for readers further back `changes` finds out anew."""
        with self._database.writing() as connection:
            upkeep.prune_changes(connection, before_sequence)
