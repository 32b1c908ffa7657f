"""The work on one file and on one batch: hash, decode and cut; encode; put a content together again.

Windows of many files share a batch, and a file may be spread over many batches: an `Assembly` collects its rows
by their place, so neither the order nor the company in which they were encoded shows in the result.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from indexer.channel import Cancelled
from indexer.clock import StageClock
from indexer.handles import check_handles
from indexer.model import Kind, Outcome, Task, Twin
from indexer.plan import Decision, Ledger
from indexer.scan import facts_of
from search import audio, metadata
from search.errors import AudioError
from search.model import (
    TAGS_PER_SEGMENT,
    AddContent,
    ClipChange,
    Content,
    ContentEncoding,
    EncoderSpec,
    LinkClip,
    MoveClip,
    Probabilities,
    RecordFailure,
    SegmentTags,
    Space,
    Wave,
    Waves,
)
from search.ports import Encoder


class Assembly:
    """The segments of one content while they are being encoded; complete when every window's row is there."""

    def __init__(self, finish: Callable[[Assembly], Outcome]) -> None:
        self.spans: list[tuple[float, float]] = []
        self.silent: list[bool] = []
        self.rows: dict[int, tuple[NDArray[np.float16], SegmentTags | None]] = {}
        self.failed = False
        self._finish = finish
        self._lock = threading.Lock()
        self._closed = False

    def add(self, place: int, vector: NDArray[np.float16], tags: SegmentTags | None) -> Outcome | None:
        """Take in one window's row; the outcome when it was the last."""
        with self._lock:
            self.rows[place] = (vector, tags)
            return self._outcome()

    def close(self) -> Outcome | None:
        """Say that every window was cut; the outcome when they are all encoded by now."""
        with self._lock:
            self._closed = True
            return self._outcome()

    def encoding(self) -> ContentEncoding:
        """All rows in their order."""
        rows = [self.rows[place] for place in range(len(self.spans))]
        tags = [t for _, t in rows if t is not None]
        return ContentEncoding(
            spans=np.array(self.spans, np.float64).reshape(-1, 2),
            vectors=np.stack([vector for vector, _ in rows]),
            silent=np.array(self.silent, np.bool_),
            tags=SegmentTags(np.stack([t.classes for t in tags]), np.stack([t.probabilities for t in tags]))
            if tags
            else None,
        )

    def _outcome(self) -> Outcome | None:
        if self._closed and not self.failed and len(self.rows) == len(self.spans):
            return self._finish(self)
        return None


@dataclass(frozen=True, slots=True)
class Piece:
    """One window on its way to the encoder: ``samples`` (window,) of the segment at ``place`` of its content."""

    assembly: Assembly
    place: int
    samples: Wave


class FileReader:
    """The reading side: tells what a file needs and cuts into windows what has to be encoded. Threads share one."""

    def __init__(
        self, spec: EncoderSpec, space: Space, ledger: Ledger, clock: StageClock, max_duration_s: float | None
    ) -> None:
        self._spec = spec
        self._space = space
        self._ledger = ledger
        self._clock = clock
        self._max_duration_s = max_duration_s

    def read(self, task: Task, put: Callable[[Piece], None]) -> Outcome | Twin | None:
        """Settle ``task``, or ``put`` its windows; None while they are being encoded.

        Whatever is wrong with the file is its outcome. Raises JobError when no file can be opened any more.
        """
        try:
            with self._clock.stage("hash"):
                digest = _digest(task.path)
        except OSError as error:
            return _failure(task, error)
        decision = self._ledger.decide(task, digest)
        assembly: Assembly | None = None
        try:
            with self._clock.stage("decode"):
                title, tags = metadata.read(task.path)
            if decision.need == "wait":
                return Twin(task, digest, title, tags)
            if decision.need != "encode":
                return _settled(task, decision, title, tags)
            assembly = self._assembly(task, decision, digest, title, tags)
            self._cut(task, assembly, put)
            return assembly.close()
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001  # the edge of one file: whatever a decoder raises is its failure
            if assembly is not None:
                assembly.failed = True
            return _failure(task, error, digest if decision.need == "encode" else None)

    def _cut(self, task: Task, assembly: Assembly, put: Callable[[Piece], None]) -> None:
        windows = audio.windows(task.path, self._spec, max_duration_s=self._max_duration_s)
        while True:
            with self._clock.stage("decode"):
                window = next(windows, None)
            if window is None:
                break
            assembly.spans.append((window.start_s, window.end_s))
            assembly.silent.append(window.silent)
            put(Piece(assembly, len(assembly.spans) - 1, window.samples))
        if facts_of(task.path, task.facts.path) != task.facts:
            raise AudioError(task.path, "changed while it was being read; the next run takes it")

    def _assembly(self, task: Task, decision: Decision, digest: str, title: str, tags: Mapping[str, str]) -> Assembly:
        with self._clock.stage("decode"):
            info = audio.probe(task.path)

        def finish(assembly: Assembly) -> Outcome:
            content = Content(
                digest=digest,
                duration_s=max(end_s for _, end_s in assembly.spans),
                sample_rate_hz=info.sample_rate_hz,
                channels=info.channels,
                container=info.container,
                codec=info.codec,
                silent=all(assembly.silent),
            )
            moved: tuple[ClipChange, ...] = ()
            if decision.clip_id is not None:
                moved = (MoveClip(decision.clip_id, task.root.id, task.facts),)
            add = AddContent(task.root.id, task.facts, content, title, tags, self._space.id, assembly.encoding())
            return Outcome(
                _kind(task, digest),
                task.path,
                (*moved, add),
                digest,
                content.duration_s,
                task.facts.size_bytes,
                content.silent,
            )

        return Assembly(finish)


def encode(encoder: Encoder, batch: Sequence[Piece], waves: Waves) -> list[Outcome]:
    """Encode a batch in one pass, by way of the buffer ``waves`` (batch, window); the contents that it completes."""
    pieces = [piece for piece in batch if not piece.assembly.failed]
    if not pieces:
        return []
    for row, piece in enumerate(pieces):
        waves[row] = piece.samples
    encoding = encoder.encode_audio(waves[: len(pieces)])
    vectors = encoding.vectors.astype(np.float16)
    tags = None if encoding.tags is None else top_tags(encoding.tags)
    outcomes = []
    for row, piece in enumerate(pieces):
        mine = None if tags is None else SegmentTags(tags.classes[row], tags.probabilities[row])
        outcome = piece.assembly.add(piece.place, vectors[row], mine)
        if outcome is not None:
            outcomes.append(outcome)
    return outcomes


def top_tags(probabilities: Probabilities) -> SegmentTags:
    """The likeliest classes of each row of ``probabilities`` (n, classes), likeliest first, equal ones by number."""
    kept = min(TAGS_PER_SEGMENT, probabilities.shape[1])
    order = np.argsort(-probabilities, axis=1, kind="stable")[:, :kept]
    return SegmentTags(order.astype(np.uint16), np.take_along_axis(probabilities, order, axis=1).astype(np.float16))


def link(task: Task, content_id: int, title: str, tags: Mapping[str, str]) -> Outcome:
    """The outcome of a file whose content is stored and encoded."""
    changes = (LinkClip(task.root.id, task.facts, content_id, title, tags),)
    known = task.known
    if known is None:
        kind: Kind = "linked"
    else:
        kind = "unchanged" if known.content_id == content_id else "changed"
    return Outcome(kind, task.path, changes, size_bytes=task.facts.size_bytes)


def failed(task: Task, cause: str, digest: str | None = None) -> Outcome:
    """The outcome of a file that cannot be indexed. ``digest`` where it was to be encoded."""
    change = RecordFailure(task.root.id, task.facts, cause)
    return Outcome("failed", task.path, (change,), digest, size_bytes=task.facts.size_bytes, cause=cause)


def _settled(task: Task, decision: Decision, title: str, tags: Mapping[str, str]) -> Outcome:
    if decision.need == "move" and decision.clip_id is not None:
        change = MoveClip(decision.clip_id, task.root.id, task.facts)
        return Outcome("moved", task.path, (change,), size_bytes=task.facts.size_bytes)
    return link(task, decision.content_id, title, tags)


def _kind(task: Task, digest: str) -> Kind:
    return "changed" if task.known is not None and task.known.digest != digest else "indexed"


def _digest(path: str) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _failure(task: Task, error: Exception, digest: str | None = None) -> Outcome:
    """The failure that ``error`` means for a file. Raises JobError when it means that no file can be opened."""
    check_handles(error)
    if isinstance(error, AudioError):
        return failed(task, error.cause, digest)
    if isinstance(error, PermissionError):
        return failed(task, "no permission to read it", digest)
    if isinstance(error, OSError) and error.strerror:
        return failed(task, error.strerror.lower(), digest)
    return failed(task, f"{type(error).__name__}: {error}".splitlines()[0], digest)
