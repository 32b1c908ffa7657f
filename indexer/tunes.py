"""The pass for tunes: the melodies of MIDI files and, on request, of recordings.

It runs after the pass for sounds and fills the melody space. It owns MIDI files: it creates their clips, recognises
moves and marks missing files. Recordings already are clips; this pass only adds their tunes. A recording without a
tune is stored as an encoding without segments, so that its pitch is not tracked again.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Generator, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import replace

import numpy as np

from indexer.channel import Cancelled
from indexer.clock import StageClock
from indexer.executors import TICK_S, Result
from indexer.ledger import Decision, Ledger
from indexer.model import Copy, Options, Outcome, Task, UnderWay
from indexer.outcomes import failure_of, settled
from indexer.pipeline import at_hand, check_unchanged, digest_of_file
from search import audio
from search.audio import FileKind, metadata
from search.errors import AudioError
from search.model import NOTES, AddContent, CatalogChange, Content, ContentEncoding, KeepTracks, MoveClip, Space, Wave
from search.ports import MelodyExtractor


class TuneWork:
    """See `indexer.work.FileWork`."""

    def __init__(self, extractor: MelodyExtractor, options: Options) -> None:
        self._extractor = extractor
        self._options = options
        self.spec = extractor.spec

    def takes(self, kind: FileKind) -> bool:
        """Notes; with ``options.melody``, sounds too."""
        return kind == "notes" or (self._options.melody and kind == "sound")

    def owns(self, kind: FileKind) -> bool:
        """Notes alone."""
        return kind == "notes"

    def results(
        self, tasks: Iterator[Task | Outcome], space: Space, ledger: Ledger, clock: StageClock
    ) -> Generator[Result | None]:
        """See `FileWork.results`. Raises JobError."""
        workers = self._options.workers or os.cpu_count() or 1
        stop = threading.Event()
        reader = _TuneReader(self._extractor, self._options, space, ledger, clock=clock, stop=stop)
        waiting: set[Future[Result | None]] = set()
        with ThreadPoolExecutor(workers, thread_name_prefix="tunes") as pool:
            try:
                for task in tasks:
                    if isinstance(task, Outcome):
                        yield task
                        continue
                    waiting.add(pool.submit(reader.read, task))
                    while len(waiting) >= 2 * workers:
                        waiting = yield from _some(waiting)
                while waiting:
                    waiting = yield from _some(waiting)
            finally:
                stop.set()
                for future in waiting:
                    future.cancel()

    def under_way(self) -> UnderWay:
        """Nothing: tunes have no partial progress."""
        return UnderWay()


def _some(
    waiting: set[Future[Result | None]],
) -> Generator[Result | None, None, set[Future[Result | None]]]:
    """Yield the results that come within a tick (None if there are none). Return the futures that are not done."""
    finished, unfinished = wait(waiting, TICK_S, FIRST_COMPLETED)
    if not finished:
        yield None
    for future in finished:
        result = future.result()
        if result is not None:
            yield result
    return unfinished


class _TuneReader:
    """Settles one file at a time; threads share it."""

    def __init__(
        self,
        extractor: MelodyExtractor,
        options: Options,
        space: Space,
        ledger: Ledger,
        *,
        clock: StageClock,
        stop: threading.Event,
    ) -> None:
        self._extractor = extractor
        self._options = options
        self._space = space
        self._ledger = ledger
        self._clock = clock
        self._stop = stop

    def read(self, task: Task) -> Result | None:
        """The result of a file; None for a recording that the pass for sounds could not index.

        Any defect of the file becomes its outcome. Raises JobError if no file can be opened any more.
        """
        with ExitStack() as held:
            try:
                known = held.enter_context(at_hand(task, self._clock))
                with self._clock.stage("hash"):
                    digest = known or digest_of_file(task.path, self._clock.rest)
            except (OSError, AudioError) as error:
                return failure_of(task, error)
            return self._read(task, digest)

    def _read(self, task: Task, digest: str) -> Result | None:
        is_midi = task.holds == "notes"
        if not is_midi and (task.known_file is None or task.known_file.digest != digest):
            return None
        decision = self._ledger.decide(task, digest)
        try:
            return self._notes(task, digest, decision) if is_midi else self._recording(task, digest, decision)
        except Cancelled:
            return None
        except Exception as error:  # noqa: BLE001  # the edge of one file: whatever its reader raises is its failure
            return failure_of(task, error, digest if decision.need == "encode" else None)

    def _notes(self, task: Task, digest: str, decision: Decision) -> Result:
        with self._clock.stage("decode"):
            file = self._extractor.midi(task.path)
        if decision.need == "wait":
            return Copy(task, digest, file.title, file.metadata)
        if decision.need != "encode":
            return settled(task, decision, file.title, file.metadata)
        content = Content(digest, file.duration_s, sample_rate_hz=0, channels=0, container=NOTES, codec=NOTES)
        changes: list[CatalogChange] = []
        if decision.clip_id is not None:
            changes.append(MoveClip(decision.clip_id, task.root.id, task.facts))
        changes.append(self._addition(task, content, file.title, file.metadata, file.encoding))
        changes.append(KeepTracks(task.root.id, task.facts.path, (content.track,)))  # the path may have held a film
        is_new = task.known_file is None or task.known_file.digest == digest
        return Outcome(
            "indexed" if is_new else "changed",
            task.path,
            tuple(changes),
            digest=digest,
            size_bytes=task.facts.size_bytes,
            tunes=len(file.encoding.contours),
        )

    def _recording(self, task: Task, digest: str, decision: Decision) -> Outcome | None:
        if decision.need != "encode":
            return None  # a copy of a recording whose tune is known or is being extracted
        with self._clock.stage("decode"):
            title, fields = metadata.read(task.path)
        with self._clock.stage("encode"):
            encodings = [self._played(task, content.track) for content in decision.stored]
        additions = [
            self._addition(task, content, title, fields, encoding)
            for content, encoding in zip(decision.stored, encodings, strict=True)
        ]
        return Outcome(
            "melody",
            task.path,
            tuple(additions),
            digest=digest,
            duration_s=sum(content.duration_s for content in decision.stored),
            size_bytes=task.facts.size_bytes,
            tunes=sum(bool(encoding.contours) for encoding in encodings),
        )

    def _played(self, task: Task, track: int) -> ContentEncoding:
        """The tunes of a recording's track, played at its root's speed; times are those of the file."""
        speed = task.root.speed
        rate_hz = round(self._extractor.spec.sample_rate_hz / speed)
        encoding = self._extractor.recording(self._blocks(task.path, track, rate_hz))
        if speed == 1.0:
            return encoding
        contours = tuple(replace(one, knots=one.knots * (1.0, speed)) for one in encoding.contours)
        return replace(encoding, spans=encoding.spans * speed, contours=contours)

    def _blocks(self, path: str, track: int, rate_hz: int) -> Iterator[Wave]:
        """The sound of a recording's track, until the job is stopped. Raises Cancelled then."""
        limit_s = self._options.max_duration_s
        for block in audio.stream(path, rate_hz, track=track, max_duration_s=limit_s):
            self._clock.rest()  # the whole recording is one stage, so give way between blocks
            if self._stop.is_set():
                raise Cancelled
            yield np.clip(block, -1.0, 1.0, out=block)

    def _addition(
        self, task: Task, content: Content, title: str, fields: Mapping[str, str], encoding: ContentEncoding
    ) -> AddContent:
        check_unchanged(task)
        return AddContent(task.root.id, task.facts, content, title, fields, self._space.id, encoding)
