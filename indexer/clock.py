"""The time of a job: its clock, its remaining time, and the CPU seconds of each stage."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, Protocol, TypeAlias, get_args

from indexer.model import StageTimes

Stage: TypeAlias = Literal["scan", "hash", "decode", "encode", "write", "publish", "facts", "fingerprint"]


PACE_FROM_S = 1.0
"""How long the work must run before its pace is reported."""
PACE_OVER_S = 60.0
"""The period over which pace is measured. It is short because a job may move from files that are only hashed to files
that are encoded."""


class Pace:
    """How fast a job goes, in bytes of the files that need work.

    The caller leaves out files that failed: they take no time, and would make a job seem endless or nearly over. For
    the same reason, the time before the first work (while a model loads) does not count. While a large file is hashed,
    no time is given: the pace of earlier files says nothing about it.
    """

    def __init__(self) -> None:
        self._samples: deque[tuple[float, int]] = deque()
        self._moved_s, self._moved_to = 0.0, 0

    def left_s(self, now_s: float, bytes_worked: int, bytes_left: int) -> float | None:
        """Seconds that ``bytes_left`` take at the pace of the last minute.

        None before there is a pace, and when nothing was done for more than half of the measured period.
        ``bytes_worked`` is how many bytes were done by ``now_s``.
        """
        samples = self._samples
        if bytes_worked <= 0:
            return None
        samples.append((now_s, bytes_worked))
        if bytes_worked != self._moved_to:
            self._moved_s, self._moved_to = now_s, bytes_worked
        while len(samples) > 2 and now_s - samples[1][0] >= PACE_OVER_S:
            samples.popleft()
        start_s, start_bytes = samples[0]
        spent_s, worked = now_s - start_s, bytes_worked - start_bytes
        if spent_s < PACE_FROM_S or worked <= 0 or now_s - self._moved_s > spent_s / 2:
            return None
        return spent_s * max(bytes_left, 0) / worked


class JobGivingWay(Protocol):
    """Reports to a job whether somebody is querying its library."""

    def is_asked(self) -> bool:
        """Whether somebody is querying the library now."""

    def rest(self) -> None:
        """Wait as long as the job must give way to queries."""


class StageClock:
    """Adds up the CPU seconds that threads spend in each stage. Waiting does not count.

    ``now_s`` is the clock, in seconds, that the rest of the job uses for its pace and progress. ``rest`` is called
    before each piece of work of each stage, and waits as long as the job must give way to queries.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic, rest: Callable[[], None] = lambda: None) -> None:
        self.now_s = now_s
        self.rest = rest
        self._lock = threading.Lock()
        self._spent: dict[Stage, float] = dict.fromkeys(get_args(Stage), 0.0)
        self._process_start_s = time.process_time()
        self._thread = _Inside()

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Add the calling thread's CPU time in the block to a stage. A nested block counts only for its own stage."""
        self.rest()
        start_s, outer_s = time.thread_time(), self._thread.inside_s
        self._thread.inside_s = 0.0
        try:
            yield
        finally:
            spent_s = time.thread_time() - start_s
            with self._lock:
                self._spent[name] += spent_s - self._thread.inside_s
            self._thread.inside_s = outer_s + spent_s

    def times(self) -> StageTimes:
        """The CPU seconds spent so far."""
        with self._lock:
            spent = dict(self._spent)
        return StageTimes(
            scan_s=spent["scan"],
            hash_s=spent["hash"],
            decode_s=spent["decode"],
            encode_s=spent["encode"],
            write_s=spent["write"],
            publish_s=spent["publish"],
            facts_s=spent["facts"],
            fingerprint_s=spent["fingerprint"],
            process_s=time.process_time() - self._process_start_s,
        )


class _Inside(threading.local):
    """CPU seconds that a thread spent in blocks nested in its current block."""

    inside_s = 0.0
