"""A shared pass: its files are cut into chunks, which workers on any machine claim (`indexer.claiming`).

To the job it is a pass like any other: it gives tasks and gets results a few seconds later. The workers have written
these results already. No state is kept here: a job that was killed plans again, and finds what its workers wrote.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator, Sequence
from itertools import chain, islice
from typing import cast

from indexer.clock import StageClock
from indexer.executors import TICK_S, Result
from indexer.ledger import Ledger
from indexer.model import Options, Outcome, OutcomeKind, Task, UnderWay
from indexer.patience import Patience
from search import audio
from search.audio import suffix_of
from search.model import EncoderSpec, KnownFile, Root, Space, WorkCounts, WorkFile, WorkPass, WorkResult
from search.ports import ChunkPlan

CHUNK_FILES = 128
CHUNK_AUDIO_S = 3600.0
"""About ten seconds of work for one processor: what is lost if a worker dies, and how long all wait at the end."""
LEAST_FILES = 4
LEAST_AUDIO_S = 120.0
SMALL_JOB = 1024
"""A job of fewer files is cut into `PARTS` chunks, so that a few workers end together. Its chunks are not
smaller than `LEAST_FILES` and `LEAST_AUDIO_S`."""
PARTS = 24
MOST_WAITING = 1000
"""How many chunks may wait to be claimed. A scan of millions of files pauses there until some are claimed."""
NO_WORKER_NOTE_S = 20.0
"""If nobody claims a chunk for this long, the job says so."""

_BYTES_PER_S = {"wav": 176_000, "aif": 176_000, "aiff": 176_000, "au": 176_000, "flac": 80_000}
_BYTES_PER_S_OF_OTHERS = 20_000


class SharedWork:
    """See `indexer.work.FileWork`: sounds that are decoded and encoded by the workers that claim them.

    ``note`` reports a line to people. With ``options.plan_only``, it does not wait for the workers.
    """

    def __init__(
        self,
        plan: ChunkPlan,
        spec: EncoderSpec,
        options: Options,
        note: Callable[[str], None],
        *,
        check: Callable[[int], None] = lambda _done: None,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """``check`` is called with the number of files done, once there is work and while waiting for it.

        It raises if the workers that the job started keep failing.
        """
        self.spec = spec
        self._plan = plan
        self._options = options
        self._note = note
        self._check = check
        self._pause = pause
        self._patience = Patience(pause=pause)
        self._counts = WorkCounts()
        self._done = 0

    def takes(self, kind: audio.FileKind) -> bool:
        """Sound."""
        return kind == "sound"

    def owns(self, kind: audio.FileKind) -> bool:
        """Sound."""
        return kind == "sound"

    def under_way(self) -> UnderWay:
        """See `FileWork.under_way`: what workers reported when they renewed their claims."""
        return UnderWay(self._counts.done_bytes, self._counts.done_audio_s)

    def results(
        self, tasks: Iterator[Task | Outcome], space: Space, ledger: Ledger, clock: StageClock
    ) -> Generator[Result | None]:
        """See `FileWork.results`. Raises ClaimLost if another job began a pass, JobError."""
        options = self._options
        begun = self._plan.begin(space.id, ledger.kept_out, max_duration_s=options.max_duration_s, facts=options.facts)
        cutter, chunks, files, ended = _Cutter(ledger), 0, 0, True
        try:
            for item in _cut(tasks, cutter, clock):
                if isinstance(item, Outcome):
                    yield item
                    continue
                self._plan.put(begun.id, item)
                chunks, files = chunks + 1, files + len(item)
                if not self._options.plan_only:
                    self._check(self._done)
                yield from self._collected(begun)
                while self._counts.waiting >= MOST_WAITING and not self._options.plan_only:
                    yield from self._wait(begun, clock)
            if self._options.plan_only:
                self._note(f"planned: {files} files in {chunks} chunks; to do them, run: soundalike work")
                ended = False
                return
            yield from self._until_done(begun, clock)
        finally:
            if ended:
                self._plan.set_state("ended")

    def _until_done(self, begun: WorkPass, clock: StageClock) -> Generator[Result | None]:
        """The results of all chunks. Notes once if there are no workers."""
        working_s, is_said = clock.now_s(), False
        while True:
            yield from self._collected(begun)
            counts = self._counts
            if not (counts.waiting or counts.claimed or counts.done):
                return
            if counts.claimed or counts.done:
                working_s = clock.now_s()
            elif clock.now_s() - working_s > NO_WORKER_NOTE_S and not is_said:
                is_said = True
                self._note(f"{counts.waiting} chunks wait, and no worker is running; start one: soundalike work")
            if not counts.done:
                yield from self._wait(begun, clock)

    def _wait(self, begun: WorkPass, clock: StageClock) -> Generator[Result | None]:
        self._check(self._done)
        yield None
        self._pause(TICK_S)
        yield from self._collected(begun)

    def _collected(self, begun: WorkPass) -> Generator[Result]:
        """The results of chunks that are done by now."""
        for result in self._patience.ask(lambda: self._plan.collect(begun.id)):
            self._done += 1
            yield outcome_of(result)
        self._counts = self._patience.ask(lambda: self._plan.counts(begun.id))


def outcome_of(result: WorkResult) -> Outcome:
    """The outcome that a job counts for a file that a worker wrote."""
    return Outcome(
        cast(OutcomeKind, result.kind),
        result.path,
        duration_s=result.duration_s,
        size_bytes=result.size_bytes,
        silent=result.silent,
        cause=result.cause,
        warnings=result.warnings,
        moved=result.moved,
    )


def audio_s_of(path: str, size_bytes: int) -> float:
    """Estimate the duration of a file by its suffix and size; exact enough to cut chunks of about equal work."""
    return size_bytes / _BYTES_PER_S.get(suffix_of(path), _BYTES_PER_S_OF_OTHERS)


def _cut(tasks: Iterator[Task | Outcome], cutter: _Cutter, clock: StageClock) -> Iterator[Outcome | list[WorkFile]]:
    """The outcomes among ``tasks`` unchanged, and the rest cut into chunks."""
    with clock.stage("scan"):
        first = list(islice(tasks, SMALL_JOB))
    if len(first) < SMALL_JOB:
        cutter.cut_small([item for item in first if isinstance(item, Task)])
    for item in chain(first, _scanned(tasks, clock)):
        if isinstance(item, Outcome):
            yield item
        elif cutter.add(item):
            yield cutter.take()
    yield from cutter.rest()


def _scanned(tasks: Iterator[Task | Outcome], clock: StageClock) -> Iterator[Task | Outcome]:
    while True:
        with clock.stage("scan"):
            item = next(tasks, None)
        if item is None:
            return
        yield item


class _Cutter:
    """Gathers files until they make a chunk.

    A new file may be a clip that moved if it has the same size. Such files of one size stay in one chunk, so that one
    worker decides which of them is the clip.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._gone = ledger.gone_by_size()
        self._may_have_moved: dict[int, list[Task]] = defaultdict(list)
        self._files: list[WorkFile] = []
        self._audio_s = 0.0
        self._most_files, self._most_audio_s = CHUNK_FILES, CHUNK_AUDIO_S

    def cut_small(self, tasks: Sequence[Task]) -> None:
        """Set the chunk size for a small job that consists of ``tasks``."""
        audio_s = sum(audio_s_of(task.facts.path, task.facts.size_bytes) for task in tasks)
        self._most_files = min(CHUNK_FILES, max(LEAST_FILES, -(-len(tasks) // PARTS)))
        self._most_audio_s = min(CHUNK_AUDIO_S, max(LEAST_AUDIO_S, audio_s / PARTS))

    def add(self, task: Task) -> bool:
        """Add a file. Return whether there is a chunk to `take` now."""
        if task.known_file is None and task.facts.size_bytes in self._gone:
            self._may_have_moved[task.facts.size_bytes].append(task)
            return False
        return self._add([file_of(task)])

    def take(self) -> list[WorkFile]:
        """The gathered files; gathering starts again from none."""
        files, self._files, self._audio_s = self._files, [], 0.0
        return files

    def rest(self) -> Iterator[list[WorkFile]]:
        """The chunks of files that may have moved, and the last, incomplete chunk."""
        for size, tasks in self._may_have_moved.items():
            if self._add([file_of(task, self._gone[size] if task is tasks[0] else ()) for task in tasks]):
                yield self.take()
        if self._files:
            yield self.take()

    def _add(self, files: list[WorkFile]) -> bool:
        self._files += files
        self._audio_s += sum(audio_s_of(file.facts.path, file.facts.size_bytes) for file in files)
        return len(self._files) >= self._most_files or self._audio_s >= self._most_audio_s


def file_of(task: Task, gone: list[tuple[Root, KnownFile]] | tuple[()] = ()) -> WorkFile:
    """A task as a chunk stores it; ``gone`` are the clips that may have moved to files of its size."""
    clips = tuple((root.id, file) for root, file in gone)
    return WorkFile(task.root.id, task.facts, task.known_file, task.forced, clips)
