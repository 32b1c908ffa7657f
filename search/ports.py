"""The seams of Soundalike, as Protocols. Read this first.

Audio goes up through an `Encoder` into vectors; the `CatalogWriter` keeps them (the truth), a `VectorIndex` finds
among them, a `CatalogReader` says what was found. Only numpy arrays and the frozen values of `search.model` cross;
torch, faiss and SQLAlchemy stay inside their adapters. Which adapter serves is decided in `search.wiring` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from search.model import (
    MAX_MATCHES,
    NO_WORDS,
    AudioEncoding,
    Bitmap,
    Claim,
    Clip,
    ClipChange,
    Collected,
    Collection,
    Content,
    ContentEncoding,
    EncoderSpec,
    Feedback,
    FrameEncoding,
    Ids,
    IndexChange,
    Job,
    JobKind,
    JobOutcome,
    JobProgress,
    JobRequest,
    JobState,
    Key,
    KnownFile,
    Mark,
    NewSearch,
    PassState,
    RecognisedSpeech,
    Root,
    SavedMatch,
    SavedSearch,
    Scope,
    Scores,
    Sending,
    Shipment,
    Space,
    StoredFacts,
    StoredObject,
    TextEncoding,
    TuneFile,
    Vectors,
    Wave,
    Waves,
    WordMatch,
    WorkCounts,
    WorkFile,
    WorkPass,
    WorkResult,
)
from search.settings import Device


class Encoder(Protocol):
    """Turns audio (and, where it can, text) into vectors of one space.

    Deterministic: same samples, same vector (to 1e-5 on one device), whatever else is in the batch.

    Examples:
        >>> encoder = library.encoders.of(library.spaces.get())
        >>> waves = np.zeros((2, encoder.spec.window_samples), np.float32)
        >>> encoder.encode_audio(waves).vectors.shape
        (2, 256)
    """

    @property
    def spec(self) -> EncoderSpec:
        """The model's facts."""

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """``waves`` (n, spec.window_samples) -> vectors (n, dim) with unit rows, and tags in the same pass. n may be 0.

        Silence has a vector too. Raises EncoderError when the shape is not the window's or a sample is not finite.
        """

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """(n, dim) unit rows in the same space. Raises EncoderError when ``spec.can_text`` is false."""


@runtime_checkable
class WordReader(Protocol):
    """What an `Encoder` with words and a vocabulary may offer as well: hits of words then have a probability.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.WordReader)
        False
    """

    def read_text(self, texts: Sequence[str], language: str = "") -> TextEncoding:
        """The vectors of `Encoder.encode_text` and, in the same pass, which classes are meant.

        ``language`` (a code of `search.model.LANGUAGES`) is that of all ``texts``, where it is known.
        """


@runtime_checkable
class MeaningReader(Protocol):
    """What an `Encoder` with words may offer as well: names that say in other words what is asked for are then found.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.MeaningReader)
        False
    """

    def meanings(self, texts: Sequence[str], language: str = "") -> Vectors:
        """(n, d) unit rows whose cosines say how much alike texts mean, about 0 where they have nothing in common.

        ``language`` as in `WordReader.read_text`.
        """


@runtime_checkable
class FrameReader(Protocol):
    """What an `Encoder` may offer as well: what sounds at each moment within its windows (events, passages).

    A frame is a narrow part of a window, and knows of the rest of it what the network tells it.

    Examples:
        >>> isinstance(library.encoders.of(library.spaces.get()), soundalike.FrameReader)
        False
    """

    @property
    def frame_s(self) -> float:
        """Seconds from one frame to the next. The first is centred on a window's start."""

    def encode_frames(self, waves: Waves, *, with_vectors: bool = False) -> FrameEncoding:
        """What `Encoder.encode_audio` gives and, in the same pass, how likely each class is in each frame.

        ``with_vectors``: and what `frame_vectors` gives.
        """

    def frame_vectors(self, waves: Waves) -> NDArray[np.float32]:
        """(n, frames, dim) unit rows in the encoder's space, each of a frame and its two neighbours."""


class SpeechRecogniser(Protocol):
    """Writes what is said. Threads may share one.

    It is given what voices say and no more: a recogniser makes words of noise, too.

    Examples:
        >>> class Parrot:
        ...     name, fingerprint, sample_rate_hz, languages = "parrot", "parrot-1", 16_000, ("en",)
        ...
        ...     def recognise(self, wave, language=None):
        ...         word = soundalike.SpokenWord("Hello", 0.0, len(wave) / 16_000, 0.5)
        ...         return soundalike.RecognisedSpeech("en", 1.0, (soundalike.SpokenLine((word,)),))
        >>> Parrot().recognise(np.zeros(8_000, np.float32)).lines[0].text
        'Hello'
    """

    @property
    def name(self) -> str:
        """``family:variant``, as people ask for it."""

    @property
    def fingerprint(self) -> str:
        """What says that another recogniser, or another version of its model, would write other words."""

    @property
    def sample_rate_hz(self) -> int:
        """Of what it listens to."""

    @property
    def languages(self) -> tuple[str, ...]:
        """The codes of those that it knows (``en``)."""

    def recognise(self, wave: Wave, language: str | None = None) -> RecognisedSpeech:
        """The words of ``wave`` (samples,) with their times in it, in ``language`` or, without, the likeliest.

        Lines are in order of time, each with a word at least. Raises QueryError for a language that it does not know.
        """


class VoiceDetector(Protocol):
    """Finds where somebody speaks. Threads may share one.

    Examples:
        >>> class Always:
        ...     fingerprint, sample_rate_hz = "always-1", 16_000
        ...
        ...     def voiced(self, blocks):
        ...         return ((0.0, sum(map(len, blocks)) / 16_000),)
        >>> Always().voiced([np.zeros(8_000, np.float32)])
        ((0.0, 0.5),)
    """

    @property
    def fingerprint(self) -> str:
        """What says that another detector would find other stretches."""

    @property
    def sample_rate_hz(self) -> int:
        """Of what it listens to."""

    def voiced(self, blocks: Iterable[Wave]) -> tuple[tuple[float, float], ...]:
        """The stretches with a voice, start and end in seconds, ascending, of a sound that comes in blocks."""


class MelodyExtractor(Protocol):
    """Finds the tunes of files: contours and their windows, with time stamps. Threads may share one.

    It is no `Encoder`: a passage of sound has no vector in the melody space, and a hum is matched by more than vectors.
    """

    @property
    def spec(self) -> EncoderSpec:
        """The melody space's facts."""

    def midi(self, path: str) -> TuneFile:
        """A MIDI file with its melodies. Raises AudioError when it is damaged, or has no melody."""

    def recording(self, blocks: Iterable[Wave]) -> ContentEncoding:
        """The tune of a recording, given as blocks (samples,) at ``spec.sample_rate_hz``; without segments where it has
        none. What the blocks raise is raised.
        """


class VectorIndex(Protocol):
    """Nearest vectors by inner product of unit rows (cosine), in one state of an index that never changes.

    Threads share it and never wait for each other.

    Examples:
        >>> index = library.view().of()[0].index
        >>> scores, ids = index.search(index.vectors(index.ids()[:1]), k=2)
        >>> scores.shape, round(float(scores[0, 0]), 2), bool(ids[0, 0] == index.ids()[0])
        ((1, 2), 1.0, True)
    """

    @property
    def sequence(self) -> int:
        """The catalog sequence that this state reflects; 0 before any change."""

    def search(self, queries: Vectors, k: int, among: Bitmap | None = None) -> tuple[Scores, Ids]:
        """(q, dim) -> scores and ids (q, k), best first, equal scores by ascending id; absent = -inf / -1.

        ``among`` restricts the search itself, not its result: k hits come back whenever k segments pass.
        """

    def vectors(self, ids: Ids) -> Vectors:
        """The rows of these ids (n, dim), in their order. Raises LibraryError for an id that is not there."""

    def ids(self) -> Ids:
        """The ids (n,) of every segment that would be found, ascending."""

    def __len__(self) -> int:
        """How many vectors would be found."""


ChangesSince: TypeAlias = Callable[[int], Iterable[IndexChange]]
"""The changes of a space after a catalog sequence, in their order (`CatalogReader.changes`)."""


class SpaceIndex(Protocol):
    """The index of one space: it follows the catalog, and one writer publishes it.

    What it keeps on disk is derived: from nothing it comes to the same state by following the catalog from 0.

    Examples:
        >>> space = library.spaces.get()
        >>> index = library.index_kind.open(library.spaces.folder(space) / "index", space.dim, "cpu")
        >>> len(index.view), index.verify()
        (4, [])
    """

    @property
    def view(self) -> VectorIndex:
        """The present state; a later change makes another one."""

    def follow(self, changes: ChangesSince) -> VectorIndex:
        """Take over what was published meanwhile, apply the changes since, and give the state that this makes."""

    def publish(self, changes: ChangesSince, sequence: int) -> None:
        """Keep the state of catalog sequence ``sequence``, so that whoever opens the index later begins there.

        ``changes`` may go beyond it. Only the holder of the library's lease calls this.
        """

    def verify(self) -> list[str]:
        """What is damaged of what is kept, a line each; none when it is sound."""


class IndexFactory(Protocol):
    """A kind of index: opens the `SpaceIndex` of one space in its folder (entry points ``soundalike.indexes``).

    Examples:
        >>> space = library.spaces.get()
        >>> index = library.index_kind.open(library.spaces.folder(space) / "index", space.dim, "cpu")
        >>> len(index.follow(lambda since: library.reader.changes(space.id, since)))
        4
    """

    def __call__(
        self, directory: Path, dim: int, device: Device, *, searches: bool = True, effort: float = 1.0
    ) -> SpaceIndex:
        """The index as it was last published, empty at sequence 0 where it never was; the folder may be absent.

        One that only publishes (not ``searches``) need not load what searching needs. A search visits so much of the
        usual as ``effort`` says: less is faster and misses more; one that misses nothing need not heed it. Raises
        UsageError for a device that is not there.
        """


class Source(Protocol):
    """A bucket of an object store, where sounds lie that are no files of this machine. Threads share it.

    Whatever is asked of it raises FileNotFoundError for an object or a bucket that is not there, PermissionError where
    it refuses, StoreAway when it does not answer: it is asked again for a minute before that.
    """

    def objects(self, prefix: str) -> Iterator[StoredObject]:
        """Every object whose key begins with ``prefix`` and a ``/`` ('' for all), in the order of their keys."""

    def look(self, key: str) -> StoredObject:
        """What is known of an object, without reading it."""

    def read(self, key: str, start: int = 0, end: int | None = None, etag: str = "") -> tuple[StoredObject, memoryview]:
        """The bytes from ``start`` up to ``end`` (None: all) of an object, by one request, and what is known of it.

        Raises OSError (ESTALE) when it has another ``etag``, where one is given, or is not so long any more.
        """


class ObjectStore(Source, Protocol):
    """A store that a library may write to, for what its machines share. What is asked raises as of a `Source`."""

    def write(self, key: str, data: bytes | Path, *, new: bool = False) -> bool:
        """Keep bytes, or those of a file, as an object: all of it, or nothing.

        With ``new`` only where there is none of this key (``If-None-Match: *``); whether it was kept.
        """

    def remove(self, key: str) -> None:
        """Take an object away, if it is there."""

    def signed(self, key: str, valid_s: float) -> str | None:
        """An address by which anybody may read an object for so long, without a right of their own.

        None of a store that makes none. The object need not be there.
        """


class Shipments(Protocol):
    """Which snapshots lie in a library's store. Threads share it. Every method raises LibraryError."""

    def newest(self) -> list[Shipment]:
        """The one that counts of every place."""

    def kept(self) -> list[Shipment]:
        """The same, and those before them that a reader may still be fetching; in the order in which they came."""

    def add(self, shipment: Shipment, lease: Lease) -> Shipment:
        """Let readers follow a snapshot that is in the store whole; the same with its id. Raises LibraryBusy."""

    def withdraw(self, place: str, lease: Lease) -> None:
        """Let readers forget what is in a place; they keep what they have. Raises LibraryBusy."""

    def epoch(self) -> str:
        """What is another after a server that lost its last commits took over; of a file always the same."""


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

    def apply(self, lease: Lease, changes: Sequence[ClipChange]) -> int:
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

    def apply(self, lease: Lease, changes: Sequence[ClipChange]) -> int:
        """Write all of ``changes`` in one transaction, or none; the sequence number reached.

        Raises ChangeRefused for a change that the catalog cannot hold (a number too large, a content that is gone),
        LibraryError when the disk is full or the library is read-only, LibraryBusy when the lease is lost.
        """


class FeedbackStore(Protocol):
    """What people thought of clips, kept under names (profiles) that the caller chooses. Needs no lease.

    Examples:
        >>> library.feedback.add("anna", [soundalike.Feedback(1, "like")])
        >>> [(known.clip_id, known.opinion) for known in library.feedback.get("anna")]
        [(1, 'like')]
        >>> library.feedback.forget("anna")
        1
    """

    def add(self, profile: str, feedback: Sequence[Feedback]) -> None:
        """Remember these opinions, in one transaction or not at all; a newer one of the same clip replaces the older.

        Only "seen" does not: a clip that was liked stays liked when it is seen again. An ``at`` of 0 becomes now.
        Raises QueryError for a profile name that is empty, longer than 200 characters or has a "/" in it, a weight
        that is not above 0, more than `search.model.MAX_FEEDBACK` opinions; LibraryError when the library is
        read-only or the disk is full.
        """

    def put(self, profile: str, feedback: Sequence[Feedback]) -> None:
        """The same, after forgetting what was known under that name."""

    def get(self, profile: str) -> list[Feedback]:
        """Everything known under that name, newest first; empty for a name that was never used."""

    def forget(self, profile: str, clip_id: int | None = None) -> int:
        """Delete everything known under that name, or about this clip alone; how many opinions that were."""


class CollectionStore(Protocol):
    """Clips that somebody keeps together under names. Needs no lease.

    Examples:
        >>> doors = library.collections.add("doors")
        >>> library.collections.change(doors.id, [soundalike.Collected(1)])
        True
        >>> [(one.name, one.clips) for one in library.collections.all()]
        [('doors', 1)]
        >>> library.collections.remove(doors.id)
        True
    """

    def all(self) -> list[Collection]:
        """Every collection, by name."""

    def add(self, name: str) -> Collection:
        """Make an empty one.

        Raises QueryError for a name that is empty, longer than 200 characters, or taken; LibraryError when the library
        is read-only or the disk is full.
        """

    def rename(self, collection_id: int, name: str) -> bool:
        """Give one another name; whether it is there. Raises as `add`."""

    def remove(self, collection_id: int) -> bool:
        """Delete one, and no clip; whether it was there."""

    def change(self, collection_id: int, added: Sequence[Collected], removed: Sequence[int] = ()) -> bool:
        """Take the clips of these ids out, then put ``added`` in, each clip once; whether the collection is there.

        An ``at`` of 0 becomes now. Raises QueryError beyond `search.model.MAX_COLLECTED` clips.
        """

    def collected(self, collection_id: int) -> list[Collected] | None:
        """What is in one, oldest first, also clips that were removed from the library; None where there is none."""


class SearchStore(Protocol):
    """Saved searches. Needs no lease.

    Examples:
        >>> saved = library.searches.add(soundalike.NewSearch("doors", '{"parts": [{"text": "door"}]}'))
        >>> [one.name for one in library.searches.all()]
        ['doors']
        >>> library.searches.remove(saved.id)
        True
    """

    def all(self) -> list[SavedSearch]:
        """Every saved search, by name."""

    def add(self, new: NewSearch) -> SavedSearch:
        """Save one, looked at up to now.

        Raises QueryError for a name that is empty, longer than 200 characters, or taken, a sound that is too large, a
        probability that is none, and beyond `search.model.MAX_SEARCHES`; LibraryError when the library is read-only or
        the disk is full.
        """

    def change(self, search: SavedSearch) -> bool:
        """Give one this name, least probability and webhook; whether it is there. Raises as `add`."""

    def remove(self, search_id: int) -> bool:
        """Delete one with its sounds and matches; whether it was there."""

    def sound(self, search_id: int, place: int) -> bytes | None:
        """The file of that place that one asks with; None where there is none."""


class MatchStore(Protocol):
    """What saved searches found since they were saved. Needs no lease.

    Examples:
        >>> library.matches.list(unseen=True)
        []
    """

    def candidates(self, mark: Mark, sequence: int) -> tuple[list[int], Mark]:
        """The clips that came, or whose sound changed, after a mark and up to a sequence number; the mark there."""

    def keep(self, search: SavedSearch, mark: Mark, matches: Sequence[SavedMatch]) -> list[SavedMatch]:
        """Remember what a search found up to ``mark``, unseen and with ids.

        Nothing where another process looked meanwhile: the search's own mark is another by now.
        """

    def fail(self, search: SavedSearch, trouble: str) -> None:
        """Remember why a search could not be asked, or that it can ("")."""

    def list(
        self,
        search_ids: Iterable[int] | None = None,
        *,
        after: int = 0,
        unseen: bool = False,
        limit: int = MAX_MATCHES,
    ) -> list[SavedMatch]:
        """The matches of some searches (None: of all) with ids above ``after``, oldest first; ``unseen``: no others."""

    def newest(self) -> int:
        """The id of the match that came last; 0 without any."""

    def see(self, search_id: int, up_to: int | None = None) -> int:
        """Mark the matches of a search as seen, those with ids up to ``up_to`` where it is given; how many were not."""


class JobQueue(Protocol):
    """The jobs of a service as its clients see them (`search.model`). Needs no lease."""

    def add(self, kind: JobKind, files: Sequence[tuple[str, str]], sending: Sending | None = None) -> Job:
        """Queue a job for ``files``: absolute path and the client's name of each. Once this returns it is kept.

        Files that join a job are done with it, by the job that has ended too: it is queued again. What was sent under
        the same key within a day is not added once more: the job has it already, and ``files`` are not among its paths.
        Raises QueryError for a job that takes no more files (`MAX_JOB_FILES`), is cancelled or not there, and for a
        key that other files were sent under; LibraryError when the disk is full or the library is read-only.
        """

    def get(self, job_id: int) -> Job | None:
        """The job, None where there is none of that id."""

    def version(self, job_id: int) -> int | None:
        """The job's version alone, which costs less: whoever follows a job reads it again when it has another."""

    def having(self, paths: Sequence[str]) -> frozenset[str]:
        """Those of ``paths`` that jobs have, once whoever adds one now has done so or failed. Raises LibraryError."""

    def list(self, state: JobState | None, offset: int, limit: int) -> tuple[int, list[Job]]:
        """How many jobs are in ``state`` (None: all), and a page of them, newest first."""

    def counts(self) -> Mapping[str, int]:
        """How many jobs are in each state; states without any are left out."""

    def request(self, job_id: int, request: JobRequest) -> Job | None:
        """Pause, resume or cancel; the job as it then is. A running one stops within seconds, not at once. Or forget
        it, which is for a job that has ended: the job as it was.

        None where there is no such job. Raises QueryError for what cannot be asked of a job in its state.
        """


class ChunkPlan(Protocol):
    """Work that a job shares with workers on any machine (`search.model.work`), as the job sees it."""

    def begin(
        self, space_id: int, kept_out: Sequence[str], *, max_duration_s: float | None = None, facts: bool = True
    ) -> WorkPass:
        """A new pass. What was left of another one is dropped, and who does it still writes nothing any more."""

    def put(self, pass_id: int, files: Sequence[WorkFile]) -> None:
        """Add a chunk. Raises ClaimLost when another job began a pass since."""

    def collect(self, pass_id: int) -> list[WorkResult]:
        """What became of the files of some chunks that are done, and written; each is given once."""

    def counts(self, pass_id: int) -> WorkCounts:
        """How much is left. Raises ClaimLost when another job began a pass since."""

    def set_state(self, state: PassState) -> WorkPass | None:
        """Let the newest pass wait, go on or end, if there is one; what is claimed is done in any case."""

    def current(self) -> WorkPass | None:
        """The newest pass."""


class ChunkWork(Protocol):
    """The same as a worker sees it. Needs no lease: a claim is one, for one chunk."""

    def current(self) -> WorkPass | None:
        """The newest pass."""

    def claim(self, holder: str) -> Claim | None:
        """The right to do the oldest chunk that nobody does, None where there is none. ``holder`` is for people.

        A claim that was not renewed, or whose process is gone from this machine, is another's to take; a chunk that
        was lost so three times is halved, and a single file becomes a recorded failure.
        """

    def renew(self, claim: Claim, done_bytes: int = 0, done_audio_s: float = 0.0) -> None:
        """Say that the worker lives, and how much it has done. Raises ClaimLost."""

    def close(
        self, claim: Claim, changes: Sequence[ClipChange], results: Sequence[WorkResult], rest: Sequence[WorkFile] = ()
    ) -> int:
        """Write all of ``changes`` and that the chunk is done, in one transaction, or none; the sequence reached.

        ``rest`` are files that were not looked at, which become a chunk of their own. Raises ClaimLost,
        and as `CatalogWriter.apply`.
        """

    def give_back(self, claim: Claim, *, failed: bool) -> None:
        """Let another do the chunk, unless the claim is lost; one that ``failed`` counts as if its worker had died."""


class Chunks(ChunkPlan, ChunkWork, Protocol):
    """Both sides of it."""


class JobWork(Protocol):
    """The jobs of a service as the process sees them that works them off."""

    def claim(self) -> Job | None:
        """Take the oldest queued job, now running; None without any.

        First, whatever a process was running that is gone by now is queued again, or failed after
        `search.model.MAX_ATTEMPTS`.
        """

    def report(self, job_id: int, progress: JobProgress) -> JobRequest | None:
        """Say that the job is alive and how far it is; what its client wants of it."""

    def finish(self, job_id: int, outcome: JobOutcome, files: int | None = None) -> None:
        """The job ended (done, failed, cancelled), or was stopped and is paused or queued again.

        ``files`` are how many of its files it did. Where more have joined it meanwhile it is queued again, for these.
        """


class KeyStore(Protocol):
    """The keys that let clients use a service."""

    def add(self, name: str, scopes: Iterable[Scope]) -> str:
        """Make a key; its secret, which is returned this once. Raises UsageError for a name that is in use."""

    def list(self) -> list[Key]:
        """Every key that was ever made, oldest first."""

    def revoke(self, name: str) -> bool:
        """End a key; whether there was one of that name that held."""

    def find(self, secret: str) -> Key | None:
        """The key of this secret, None where none holds."""


class IndexProgress(Protocol):
    """What the bulk job says of its progress."""

    @property
    def files_done(self) -> int:
        """Files that were looked at."""

    @property
    def files_total(self) -> int:
        """Files that there are."""

    @property
    def audio_s(self) -> float:
        """Seconds of sound decoded."""

    @property
    def failed(self) -> int:
        """Files that could not be indexed."""

    @property
    def share(self) -> float:
        """How much of the work is done, 0 to 1."""

    @property
    def left_s(self) -> float | None:
        """Seconds left, None where that is not known."""


class IndexFailure(Protocol):
    """What the bulk job says of a file that it could not index."""

    @property
    def path(self) -> str:
        """Where the file is, absolute."""

    @property
    def cause(self) -> str:
        """Why."""


class IndexWarning(Protocol):
    """What the bulk job says of a file that it indexed although something was amiss with it."""

    @property
    def path(self) -> str:
        """Where the file is, absolute."""

    @property
    def warning(self) -> str:
        """What was amiss."""
