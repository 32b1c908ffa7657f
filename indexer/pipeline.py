"""The work on one file and on one batch: hash, decode and cut; encode; reassemble the content.

Windows of many files share a batch, and a file may be spread over many batches. An `Assembly` collects rows by their
place, so the result does not depend on the order or the batches in which windows were encoded.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from indexer.assembly import Assembly, EncodedRows, WindowMismatch
from indexer.channel import Cancelled
from indexer.clock import StageClock
from indexer.facts import TrackFacts
from indexer.fingerprints import TrackFingerprint
from indexer.inwork import FileInWork, TrackInWork
from indexer.ledger import Decision, Ledger
from indexer.model import Copy, Outcome, Task, UnderWay
from indexer.outcomes import failure_of, settled
from indexer.scan import facts_of
from indexer.unfinished import Unfinished
from search import audio
from search.audio import Block, metadata
from search.audio.stores.copies import fetched, has_copy
from search.errors import AudioError
from search.ground.digests import digest_of
from search.ground.urls import is_in_store
from search.model import EncoderSpec, Space, Wave, Waves


@dataclass(frozen=True, slots=True)
class Piece:
    """One window on its way to the encoder: ``samples`` (window,) of the segment at ``place`` of its track.

    ``assembly`` is the one that it belongs to. If the track was restarted, the track has a newer one.
    """

    track: TrackInWork
    assembly: Assembly
    place: int
    samples: Wave


class FileReader:
    """The reading side: decides what a file needs, and cuts files that need encoding into windows. Threads share it.

    With ``frame_s`` (see `indexer.hearing`), it also finds the events of what is encoded.
    """

    def __init__(
        self,
        spec: EncoderSpec,
        space: Space,
        ledger: Ledger,
        clock: StageClock,
        max_duration_s: float | None,
        *,
        facts: bool = True,
        fingerprints: bool = False,
        frame_s: float | None = None,
        unfinished: Unfinished | None = None,
    ) -> None:
        """``facts``: measure what is decoded, unless its facts are known. ``fingerprints``: make fingerprints of it.
        ``unfinished`` keeps encoded blocks of long recordings.
        """
        self._unfinished = unfinished
        self._facts = facts
        self._fingerprints = fingerprints
        self._spec = spec
        self._space = space
        self._ledger = ledger
        self._clock = clock
        self._max_duration_s = max_duration_s
        self._frame_s = frame_s
        self._opened: dict[str, FileInWork] = {}

    def under_way(self) -> UnderWay:
        """How much is encoded of the files that are not settled."""
        parts = [file.so_far() for file in list(self._opened.values())]
        return UnderWay(sum(part.bytes for part in parts), sum(part.audio_s for part in parts))

    def settle(self, path: str) -> None:
        """Stop counting a file as under way, because its outcome is counted."""
        self._opened.pop(path, None)

    def read(self, task: Task, put: Callable[[Piece], None]) -> Outcome | Copy | None:
        """Return the outcome of ``task``, or ``put`` its windows and return None while they are being encoded.

        Any defect of the file becomes its outcome. Raises JobError if no file can be opened any more, StoreAway.
        """
        try:
            with at_hand(task, self._clock) as known, audio.OpenSound(task.path) as sound:
                with self._clock.stage("hash"):
                    digest = known or sound.digest(self._clock.rest)
                return self._read(task, sound, digest, put)
        except (AudioError, OSError) as error:
            return failure_of(task, error)

    def _read(
        self, task: Task, sound: audio.OpenSound, digest: str, put: Callable[[Piece], None]
    ) -> Outcome | Copy | None:
        """See `read`; ``sound`` is the file, open."""
        decision = self._ledger.decide(task, digest)
        file: FileInWork | None = None
        try:
            with self._clock.stage("decode"):
                title, fields = metadata.read(sound)
                info = audio.probe(sound) if _may_have_more(decision) else None
            if decision.need == "wait":
                return Copy(task, digest, title, fields)
            has_more = info is not None and (decision.need == "encode" or info.tracks > 1)
            if info is None or not has_more or (decision.need != "encode" and not self._ledger.claim(digest)):
                return settled(task, decision, title, fields)
            again = () if decision.need == "encode" else decision.stored
            file = FileInWork(
                task,
                digest,
                title,
                fields,
                info,
                space_id=self._space.id,
                moved=decision.clip_id,
                stored=again,
                frame_s=self._frame_s,
                unfinished=self._unfinished,
            )
            self._opened[task.path] = file
            measured = self._measured(decision)
            for track in file.tracks:
                self._cut(track, sound, put, measure=self._facts and track.number not in measured)
            check_unchanged(task)
            return file.close()
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001  # the edge of one file: whatever a decoder raises is its failure
            if file is not None:
                file.fail()
            return failure_of(task, error, digest if decision.need == "encode" or file is not None else None)

    def _measured(self, decision: Decision) -> set[int]:
        """The tracks whose facts are known."""
        return self._ledger.measured(decision.stored) if self._facts and decision.stored else set()

    def _cut(self, track: TrackInWork, sound: audio.OpenSound, put: Callable[[Piece], None], *, measure: bool) -> None:
        """Put the windows of a track.

        If the file has several tracks, one that cannot be decoded is left out, with its cause. If an earlier job cut
        the track differently, it is cut again from its beginning.
        """
        try:
            try:
                self._put_windows(track, sound, put, measure=measure)
            except WindowMismatch:
                track.begin_anew()
                self._put_windows(track, sound, put, measure=measure)
        except AudioError as error:
            if len(track.file.tracks) == 1:
                raise
            track.leave_out(error)

    def _put_windows(
        self, track: TrackInWork, sound: audio.OpenSound, put: Callable[[Piece], None], *, measure: bool
    ) -> None:
        """Put the windows of a track, and feed what is decoded to its facts and its fingerprint.

        Raises AudioError, WindowMismatch.
        """
        task, assembly, number = track.file.task, track.assembly, track.number
        made = track.fingerprint = TrackFingerprint(self._clock, is_mixed=measure) if self._fingerprints else None
        mixed = None if made is None else made.mixed
        facts = track.facts = TrackFacts(sound.info(number), self._clock, mixed) if measure else None
        takers = [each.add for each in (made, facts) if each is not None]
        windows = audio.windows(
            sound,
            self._spec,
            track=number,
            max_duration_s=self._max_duration_s,
            speed=task.root.speed,
            warn=track.warnings.append,
            ends=track.ends,
            decoded=partial(_given, takers) if takers else None,
        )
        while True:
            with self._clock.stage("decode"):
                window = next(windows, None)
            if window is None:
                break
            place = assembly.cut(window.start_s, window.end_s, silent=window.silent)
            if place is not None:
                put(Piece(track, assembly, place, window.samples))
        if facts is not None:
            facts.end(track.warnings, task.facts.size_bytes)
        if made is not None and (facts is None or not facts.failure):
            made.end()


def _given(takers: Sequence[Callable[[Block], None]], block: Block) -> None:
    for take in takers:
        take(block)


def _may_have_more(decision: Decision) -> bool:
    """Whether the tracks of a file must be listed: it needs encoding, or was indexed without counting its tracks."""
    known = decision.need in ("link", "move") and not any(content.tracks for content in decision.stored)
    return known or decision.need == "encode"


def encode(rows_of: Callable[[Waves], EncodedRows], batch: Sequence[Piece], waves: Waves) -> list[Outcome]:
    """Encode a batch in one pass, and return the outcomes that it completes. ``waves`` (batch, window) is a buffer."""
    pieces = [piece for piece in batch if not piece.assembly.failed]
    if not pieces:
        return []
    for row, piece in enumerate(pieces):
        waves[row] = piece.samples
    rows = rows_of(waves[: len(pieces)])
    completed = [piece for row, piece in enumerate(pieces) if piece.assembly.add(piece.place, rows, row)]
    outcomes = (piece.track.file.track_is_done() for piece in completed)
    return [outcome for outcome in outcomes if outcome is not None]


@contextmanager
def at_hand(task: Task, clock: StageClock) -> Iterator[str]:
    """Provide an object of a store as a local file within the block.

    Yield the SHA-256 of its bytes in hex, or '' for a file that is not in a store. Raises OSError, AudioError for an
    object that changed, StoreAway, JobError.
    """
    if not is_in_store(task.path):
        yield ""
        return
    with ExitStack() as held:
        with clock.stage("hash"):
            digest = held.enter_context(fetched(task.path, task.facts, clock.rest))
        yield digest


def check_unchanged(task: Task) -> None:
    """Raise AudioError unless a file is as the scan saw it."""
    if not has_copy(task.path) and facts_of(task.path, task.facts.path) != task.facts:
        raise AudioError(task.path, "changed while it was being read; the next run will index it")


def digest_of_file(path: str, rest: Callable[[], None] = lambda: None) -> str:
    """The SHA-256 of a file's bytes in hex; ``rest`` is called before each MB. Raises OSError."""
    with Path(path).open("rb", buffering=0) as file:
        return digest_of(file, rest)
