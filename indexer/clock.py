"""The time of a job: how late it is, and where its CPU seconds go, stage by stage."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Literal, TypeAlias

from indexer.model import StageTimes

Stage: TypeAlias = Literal["scan", "hash", "decode", "encode", "write", "publish"]


class StageClock:
    """Adds up the CPU seconds that threads spend in each stage. Waiting costs nothing and counts for nothing.

    ``now_s`` gives the seconds by which the rest of a job is paced and its progress is reported.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        self.now_s = now_s
        self._lock = threading.Lock()
        self._spent: dict[Stage, float] = dict.fromkeys(("scan", "hash", "decode", "encode", "write", "publish"), 0.0)
        self._process_start_s = time.process_time()

    @contextmanager
    def stage(self, name: Stage) -> Iterator[None]:
        """Count the calling thread's CPU time within the block. Blocks must not be nested in one thread."""
        start_s = time.thread_time()
        try:
            yield
        finally:
            spent_s = time.thread_time() - start_s
            with self._lock:
                self._spent[name] += spent_s

    def times(self) -> StageTimes:
        """What was spent so far."""
        with self._lock:
            spent = dict(self._spent)
        return StageTimes(
            scan_s=spent["scan"],
            hash_s=spent["hash"],
            decode_s=spent["decode"],
            encode_s=spent["encode"],
            write_s=spent["write"],
            publish_s=spent["publish"],
            process_s=time.process_time() - self._process_start_s,
        )
