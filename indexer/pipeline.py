"""The work on one file and on one batch: hash, decode and cut; encode; put a content together again.

Windows of many files share a batch, and a file may be spread over many batches: an `Assembly` collects its rows
by their place, so neither the order nor the company in which they were encoded shows in the result.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from indexer.assembly import Assembly, Rows
from indexer.channel import Cancelled
from indexer.clock import StageClock
from indexer.handles import check_handles
from indexer.model import Copy, Kind, Outcome, Task, UnderWay
from indexer.plan import Decision, Ledger
from indexer.scan import facts_of
from search import audio
from search.audio import metadata
from search.errors import AudioError
from search.model import (
    AddContent,
    AudioInfo,
    ClipChange,
    Content,
    EncoderSpec,
    LinkClip,
    MoveClip,
    NoteFile,
    RecordFailure,
    SegmentTags,
    Space,
    Wave,
    Waves,
)
from search.ports import Encoder


@dataclass(frozen=True, slots=True)
class InWork:
    """A file on its way to be a clip. ``moved`` is the clip that was found again under its path, if one was."""

    task: Task
    digest: str
    title: str
    metadata: Mapping[str, str]
    info: AudioInfo
    space_id: int
    moved: int | None
    assembly: Assembly = field(default_factory=Assembly)
    warnings: list[str] = field(default_factory=list)

    def so_far(self) -> UnderWay:
        """What of it is encoded; none of its bytes where its header does not say how long it is."""
        done_s, whole_s = self.assembly.encoded_s, self.info.duration_s
        share = min(1.0, done_s / whole_s) if whole_s else 0.0
        return UnderWay(int(share * self.task.facts.size_bytes), done_s)

    def outcome(self) -> Outcome:
        """What is to be written, once the assembly is complete."""
        task, assembly = self.task, self.assembly
        content = Content(
            digest=self.digest,
            duration_s=max(end_s for _, end_s in assembly.spans),
            sample_rate_hz=self.info.sample_rate_hz,
            channels=self.info.channels,
            container=self.info.container,
            codec=self.info.codec,
            silent=all(assembly.silent),
            tracks=self.info.tracks,
            warnings=tuple(self.warnings),
        )
        changes: list[ClipChange] = []
        if self.moved is not None:
            changes.append(MoveClip(self.moved, task.root.id, task.facts))
        changes.append(
            AddContent(task.root.id, task.facts, content, self.title, self.metadata, self.space_id, assembly.encoding())
        )
        is_new = task.known_file is None or task.known_file.digest == self.digest
        return Outcome(
            "indexed" if is_new else "changed",
            task.path,
            tuple(changes),
            digest=self.digest,
            duration_s=content.duration_s,
            size_bytes=task.facts.size_bytes,
            silent=content.silent,
            warnings=content.warnings,
        )


@dataclass(frozen=True, slots=True)
class Piece:
    """One window on its way to the encoder: ``samples`` (window,) of the segment at ``place`` of its content."""

    content: InWork
    place: int
    samples: Wave


class FileReader:
    """The reading side: decides what a file needs and cuts into windows what has to be encoded. Threads share one."""

    def __init__(
        self, spec: EncoderSpec, space: Space, ledger: Ledger, clock: StageClock, max_duration_s: float | None
    ) -> None:
        self._spec = spec
        self._space = space
        self._ledger = ledger
        self._clock = clock
        self._max_duration_s = max_duration_s
        self._opened: dict[str, InWork] = {}

    def under_way(self) -> UnderWay:
        """What is encoded of the files that are not settled."""
        parts = [content.so_far() for content in list(self._opened.values())]
        return UnderWay(sum(part.bytes for part in parts), sum(part.audio_s for part in parts))

    def settle(self, path: str) -> None:
        """Count a file no longer as under way: its outcome is."""
        self._opened.pop(path, None)

    def read(self, task: Task, put: Callable[[Piece], None]) -> Outcome | Copy | None:
        """Settle ``task``, or ``put`` its windows; None while they are being encoded.

        Whatever is wrong with the file is its outcome. Raises JobError when no file can be opened any more.
        """
        try:
            with self._clock.stage("hash"):
                digest = digest_of(task.path)
        except OSError as error:
            return failure_of(task, error)
        decision = self._ledger.decide(task, digest)
        content: InWork | None = None
        try:
            with self._clock.stage("decode"):
                title, fields = metadata.read(task.path)
            if decision.need == "wait":
                return Copy(task, digest, title, fields)
            if decision.need != "encode":
                return settled(task, decision, title, fields)
            with self._clock.stage("decode"):
                info = audio.probe(task.path)
            content = InWork(task, digest, title, fields, info, self._space.id, decision.clip_id)
            self._opened[task.path] = content
            self._cut(content, put)
            return content.outcome() if content.assembly.close() else None
        except Cancelled:
            raise
        except Exception as error:  # noqa: BLE001  # the edge of one file: whatever a decoder raises is its failure
            if content is not None:
                content.assembly.failed = True
            return failure_of(task, error, digest if decision.need == "encode" else None)

    def _cut(self, content: InWork, put: Callable[[Piece], None]) -> None:
        task, assembly = content.task, content.assembly
        limit_s, warn = self._max_duration_s, content.warnings.append
        speed = task.root.speed
        windows = audio.windows(task.path, self._spec, max_duration_s=limit_s, speed=speed, warn=warn)
        while True:
            with self._clock.stage("decode"):
                window = next(windows, None)
            if window is None:
                break
            assembly.spans.append((window.start_s, window.end_s))
            assembly.silent.append(window.silent)
            put(Piece(content, len(assembly.spans) - 1, window.samples))
        if facts_of(task.path, task.facts.path) != task.facts:
            raise AudioError(task.path, "changed while it was being read; the next run takes it")


def encode(encoder: Encoder, batch: Sequence[Piece], waves: Waves) -> list[Outcome]:
    """Encode a batch in one pass, by way of the buffer ``waves`` (batch, window); the contents that it completes."""
    pieces = [piece for piece in batch if not piece.content.assembly.failed]
    if not pieces:
        return []
    for row, piece in enumerate(pieces):
        waves[row] = piece.samples
    encoding = encoder.encode_audio(waves[: len(pieces)])
    rows: Rows = (encoding.vectors.astype(np.float16),)
    if encoding.tags is not None:
        tags = SegmentTags.likeliest(encoding.tags)
        rows += (tags.classes, tags.probabilities)
    return [
        piece.content.outcome()
        for row, piece in enumerate(pieces)
        if piece.content.assembly.add(piece.place, rows, row)
    ]


def link(task: Task, content_id: int, title: str, fields: Mapping[str, str]) -> Outcome:
    """The outcome of a file whose content is stored and encoded."""
    changes = (LinkClip(task.root.id, task.facts, content_id, title, fields),)
    known = task.known_file
    if known is None:
        kind: Kind = "linked"
    else:
        kind = "unchanged" if known.content_id == content_id else "changed"
    return Outcome(kind, task.path, changes, size_bytes=task.facts.size_bytes)


def failed(task: Task, cause: str, digest: str | None = None) -> Outcome:
    """The outcome of a file that cannot be indexed. ``digest`` where it was to be encoded."""
    change = RecordFailure(task.root.id, task.facts, cause)
    return Outcome("failed", task.path, (change,), digest, size_bytes=task.facts.size_bytes, cause=cause)


def refused(outcome: Outcome, cause: str) -> Outcome:
    """The failure that stands in for an outcome whose changes the catalog refused."""
    where = next((c for c in outcome.changes if isinstance(c, AddContent | LinkClip | MoveClip)), None)
    changes = () if where is None else (RecordFailure(where.root_id, where.file, cause),)
    return Outcome("failed", outcome.path, changes, size_bytes=outcome.size_bytes, cause=cause, instead_of=outcome)


def settled(task: Task, decision: Decision, title: str, fields: Mapping[str, str]) -> Outcome:
    """The outcome of a file that needs no encoding."""
    if decision.need == "move" and decision.clip_id is not None:
        move = MoveClip(decision.clip_id, task.root.id, task.facts)
        return Outcome("moved", task.path, (move,), size_bytes=task.facts.size_bytes)
    if decision.need == "stay out":
        return Outcome("taken_out", task.path, size_bytes=task.facts.size_bytes)
    known = task.known_file
    if known is not None and known.content_id == decision.content_id and task.is_only_noted:
        change = NoteFile(known.clip_id, task.facts)  # nobody wrote to it: what people called it stays
        return Outcome("unchanged", task.path, (change,), size_bytes=task.facts.size_bytes)
    return link(task, decision.content_id, title, fields)


def digest_of(path: str) -> str:
    """The SHA-256 of a file's bytes, hex. Raises OSError."""
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def failure_of(task: Task, error: Exception, digest: str | None = None) -> Outcome:
    """The failure that ``error`` means for a file. Raises JobError when it means that no file can be opened."""
    check_handles(error)
    if isinstance(error, AudioError):
        return failed(task, error.cause, digest)
    if isinstance(error, PermissionError):
        return failed(task, "no permission to read it", digest)
    if isinstance(error, OSError) and error.strerror:
        return failed(task, error.strerror.lower(), digest)
    return failed(task, f"{type(error).__name__}: {error}".splitlines()[0], digest)
