"""A chunk while a worker does it: its files, their results, and what is written when all are done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from indexer.clock import StageClock
from indexer.executors import Result
from indexer.ledger import Contents, Ledger
from indexer.model import Copy, Outcome, OutcomeKind, Task, UnderWay
from indexer.outcomes import failed, refused
from indexer.pipeline import FileReader, Piece
from indexer.plan import moved_clips
from indexer.writer import refused_at
from search.errors import ChangeRefused
from search.model import (
    AddContent,
    CatalogChange,
    Claim,
    EncoderSpec,
    KeepTracks,
    LinkClip,
    Root,
    Space,
    WorkFile,
    WorkPass,
    WorkResult,
)


class HeldChunk:
    """One chunk, from its claim until `write` closes it. Copies are recognised only within the chunk.

    If files of two chunks have the same bytes, both are encoded, but they still become one content.
    """

    def __init__(
        self,
        claim: Claim,
        at: WorkPass,
        *,
        roots: Mapping[int, Root],
        contents: Contents,
        space: Space,
        spec: EncoderSpec,
        clock: StageClock,
    ) -> None:
        self.claim = claim
        self.is_lost = False
        ledger = Ledger(contents, space)
        ledger.keep_out(at.kept_out)
        for file in claim.files:
            for root_id, gone in file.gone:
                ledger.remember(roots[root_id], [gone])
        self._reader = FileReader(spec, space, ledger, clock, at.max_duration_s, facts=at.facts)
        self.tasks = [Task(roots[f.root_id], f.facts, f.known_file, forced=f.forced) for f in claim.files]
        self._outcomes: dict[str, Outcome] = {}
        self._made: dict[str, Outcome] = {}
        self._copies: dict[str, list[Copy]] = defaultdict(list)

    def read(self, task: Task, put: Callable[[Piece], None]) -> Result | None:
        """See `indexer.executors.Reader`. Once the claim is lost, no more files are read."""
        return failed(task, "the chunk was lost") if self.is_lost else self._reader.read(task, put)

    def take(self, result: Result) -> None:
        """Add the result of a file."""
        if isinstance(result, Copy):
            made = self._made.get(result.digest)
            if made is None:
                self._copies[result.digest].append(result)
            else:
                self._settle(copied(made, result))
            return
        self._settle(result)
        if result.digest is not None:
            self._made[result.digest] = result
            for copy in self._copies.pop(result.digest, ()):
                self._settle(copied(result, copy))

    @property
    def is_done(self) -> bool:
        """Whether every file has a result."""
        return len(self._outcomes) == len(self.tasks)

    @property
    def rest(self) -> list[WorkFile]:
        """The files without a result."""
        pairs = zip(self.claim.files, self.tasks, strict=True)
        return [file for file, task in pairs if task.path not in self._outcomes]

    @property
    def is_begun(self) -> bool:
        """Whether any file has a result."""
        return bool(self._outcomes)

    def so_far(self) -> UnderWay:
        """How much of it is done."""
        under_way, outcomes = self._reader.under_way(), list(self._outcomes.values())
        return UnderWay(
            under_way.bytes + sum(one.size_bytes for one in outcomes),
            under_way.audio_s + sum(one.duration_s for one in outcomes),
        )

    def write(self, close: Callable[[Sequence[CatalogChange], Sequence[WorkResult]], int]) -> list[Outcome]:
        """Pass all changes and results to ``close``, and return the final outcomes of the files.

        If the catalog refuses a file's changes, that file fails and the rest is written. Raises what ``close`` raises.
        """
        outcomes = list(self._outcomes.values())
        while True:
            try:
                close([change for one in outcomes for change in one.changes], [result_of(one) for one in outcomes])
            except ChangeRefused as error:
                place = refused_at(outcomes, error)
                outcomes[place] = _refused(outcomes[place], error.cause)
            else:
                return outcomes

    def _settle(self, outcome: Outcome) -> None:
        self._outcomes[outcome.path] = outcome
        self._reader.settle(outcome.path)


def _refused(outcome: Outcome, cause: str) -> Outcome:
    """The outcome that replaces one that the catalog refused. A failure stays a failure, without its record."""
    if outcome.kind == "failed":
        return replace(outcome, changes=())
    return replace(refused(outcome, cause), instead_of=None)


def copied(made: Outcome, copy: Copy) -> Outcome:
    """The outcome of a file with the same bytes as one that was encoded; both are written in one transaction."""
    task = copy.task
    if made.kind == "failed":
        return failed(task, made.cause or "the same bytes could not be indexed under another name")
    changes: list[CatalogChange] = []
    for change in made.changes:
        if isinstance(change, AddContent | LinkClip):
            changes.append(
                replace(change, root_id=task.root.id, file=task.facts, title=copy.title, metadata=copy.metadata)
            )
        elif isinstance(change, KeepTracks):
            changes.append(KeepTracks(task.root.id, task.facts.path, change.tracks))
    known = task.known_file
    if known is None:
        return Outcome("linked", task.path, tuple(changes), size_bytes=task.facts.size_bytes)
    kind: OutcomeKind = "unchanged" if known.digest == copy.digest else "changed"
    return Outcome(kind, task.path, tuple(changes), size_bytes=task.facts.size_bytes)


def result_of(outcome: Outcome) -> WorkResult:
    """An outcome as a worker reports it to the job."""
    return WorkResult(
        outcome.kind,
        outcome.path,
        outcome.duration_s,
        outcome.size_bytes,
        outcome.silent,
        outcome.cause,
        outcome.warnings,
        tuple(sorted(moved_clips(outcome))),
    )


def all_so_far(chunks: Iterable[HeldChunk]) -> UnderWay:
    """How much of several chunks is done."""
    parts = [chunk.so_far() for chunk in chunks]
    return UnderWay(sum(part.bytes for part in parts), sum(part.audio_s for part in parts))
