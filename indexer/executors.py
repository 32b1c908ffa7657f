"""Where the work runs: threads of this process (a cluster can take their place behind the same method).

Decoders, resamplers, networks and hashes release the GIL, so threads use every processor and share memory; nothing is
copied between processes. There are more decoding and encoding threads than processors: bounded channels hold back
the faster side, so the slower side gets the processors.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Protocol, TypeAlias

import numpy as np

from indexer.assembly import EncodedRows
from indexer.channel import Cancelled, Channel, Closed
from indexer.clock import StageClock
from indexer.model import Copy, Outcome, Task
from indexer.pipeline import Piece, encode
from search.model import EncoderSpec, Waves

Result: TypeAlias = Outcome | Copy

TICK_S = 0.2
"""How often `LocalExecutor.run` yields None while there are no results."""
BATCH_AUDIO_S = 15.0
"""Initial size of a batch, in seconds of audio. With mn04, batches of 30 s need 40 MB more per thread and are not
faster; batches of 5 s take a quarter longer."""
QUICK_S = 0.02
MAX_BATCH = 256
"""If a device encodes a batch within `QUICK_S`, batches are doubled, up to this many windows: GPUs need large ones."""
MAX_ENCODING_THREADS = 4
WAITING_RESULTS = 64
WAITING_WINDOWS = 16
"""Minimum capacity of the queue of windows (10 MB at 32 kHz): with fewer, decoders and encoders wait for each other."""


def encoding_threads(workers: int | None) -> int:
    """How many threads encode when ``workers`` (None: one per processor) decode."""
    return min(workers or os.cpu_count() or 1, MAX_ENCODING_THREADS)


class Reader(Protocol):
    """The reading side of the work on a file (`indexer.pipeline.FileReader` is one). Threads share it."""

    def read(self, task: Task, put: Callable[[Piece], None]) -> Outcome | Copy | None:
        """Settle ``task``, or ``put`` its windows; None while they are being encoded."""


class Executor(Protocol):
    """Runs the reading and encoding of many files."""

    def run(self, tasks: Iterator[Task | Outcome], reader: Reader) -> Generator[Result | None]:
        """Yield results in any order, and None when there was none for a moment. Closing the iterator stops the work.

        ``tasks`` is consumed as the work goes on, by one thread at a time; outcomes in it are passed on unchanged.
        """


class LocalExecutor:
    """``workers`` threads that decode and as many (up to four) that encode, in this process."""

    def __init__(
        self, spec: EncoderSpec, rows_of: Callable[[Waves], EncodedRows], workers: int, clock: StageClock
    ) -> None:
        """``rows_of`` encodes windows of the encoder that ``spec`` describes."""
        self._spec, self._rows_of = spec, rows_of
        self._workers = workers
        self._clock = clock
        self.batch = max(1, min(MAX_BATCH, round(BATCH_AUDIO_S / spec.window_s)))
        """How many windows make a batch at present."""

    def run(self, tasks: Iterator[Task | Outcome], reader: Reader) -> Generator[Result | None]:
        """See `Executor.run`. Raises what a thread raised (EncoderError, JobError)."""
        pieces: Channel[Piece] = Channel(max(self.batch, WAITING_WINDOWS))
        results: Channel[Result] = Channel(WAITING_RESULTS)
        source = _Shared(tasks, self._clock)
        turns = threading.Lock()
        encoders = encoding_threads(self._workers)
        with ThreadPoolExecutor(self._workers + encoders, thread_name_prefix="index") as pool:
            crew = _Crew(pieces.cancel, results.cancel)
            try:
                crew.start(
                    [pool.submit(_read_all, source, reader, pieces, results) for _ in range(self._workers)],
                    pieces.close,
                )
                crew.start(
                    [pool.submit(self._encode_all, turns, pieces, results) for _ in range(encoders)],
                    results.close,
                )
                while True:
                    yield results.get(TICK_S)
            except (Closed, Cancelled):
                crew.check()
            finally:
                pieces.cancel()
                results.cancel()

    def _encode_all(self, turns: threading.Lock, pieces: Channel[Piece], results: Channel[Result]) -> None:
        """Encode batch after batch until the channel is closed."""
        waves = np.empty((self.batch, self._spec.window_samples), np.float32)
        while True:
            with turns:  # one thread at a time fills its batch; otherwise two threads would each get half of one
                batch = _collect(pieces, self.batch)
            if not batch:
                return
            if len(batch) > len(waves):
                waves = np.empty((len(batch), self._spec.window_samples), np.float32)
            started_s = self._clock.now_s()
            with self._clock.stage("encode"):
                outcomes = encode(self._rows_of, batch, waves)
            if len(batch) == self.batch and self._clock.now_s() - started_s < QUICK_S:
                self.batch = min(2 * self.batch, MAX_BATCH)
            del batch
            for outcome in outcomes:
                results.put(outcome)


def _read_all(source: _Shared, reader: Reader, pieces: Channel[Piece], results: Channel[Result]) -> None:
    """Read file after file until none is left."""
    for item in source:
        result = item if isinstance(item, Outcome) else reader.read(item, pieces.put)
        if result is not None:
            results.put(result)


def _collect(pieces: Channel[Piece], size: int) -> list[Piece]:
    """The next ``size`` windows, or fewer if the channel is closed first."""
    batch: list[Piece] = []
    try:
        while len(batch) < size:
            piece = pieces.get()
            if piece is not None:
                batch.append(piece)
    except Closed:
        pass
    return batch


class _Shared(Iterator["Task | Outcome"]):
    """An iterator that several threads can consume; a lock serializes them."""

    def __init__(self, tasks: Iterator[Task | Outcome], clock: StageClock) -> None:
        self._tasks = tasks
        self._clock = clock
        self._lock = threading.Lock()

    def __next__(self) -> Task | Outcome:
        with self._lock, self._clock.stage("scan"):
            return next(self._tasks)


class _Crew:
    """Groups of threads. When the last thread of a group ends, ``when_done`` is called; if one fails, all stop."""

    def __init__(self, *stops: Callable[[], None]) -> None:
        self._stops = stops
        self._lock = threading.Lock()
        self._futures: list[Future[None]] = []

    def start(self, group: list[Future[None]], when_done: Callable[[], None]) -> None:
        """Watch over the threads of ``group``."""
        self._futures += group
        left = len(group)

        def ended(future: Future[None]) -> None:
            nonlocal left
            if future.exception() is not None:
                for stop in self._stops:
                    stop()
            with self._lock:
                left -= 1
                last = left == 0
            if last:
                when_done()

        for future in group:
            future.add_done_callback(ended)

    def check(self) -> None:
        """Raise what went wrong in a thread, if anything did."""
        for future in self._futures:
            error = future.exception()
            if error is not None and not isinstance(error, Cancelled):
                raise error
