"""How a process that indexes shares the processors among its threads."""

from __future__ import annotations

import os

from search.ground import process

SWITCH_S = 0.0005
"""How long a thread may keep the interpreter when another wants it. Threads that come back from decoding or encoding
need it for moments only; Python's own 5 ms leave a processor idle for 5 % of a job."""


def one_thread_per_call(workers: int | None) -> None:
    """Let every encoding thread compute alone: several fill the processors better than one that splits every layer.

    ``workers`` is how many processors the process may fill, None for all: where more than ``MAX_ENCODING_THREADS``
    are, a thread has several. Two processes that each compute in as many threads as there are processors wait for each
    other, and take twice the time (measured on two). The numeric libraries read it when they are loaded, which is why
    it is set here and now.
    """
    from indexer.executors import encoding_threads

    processors = workers or os.cpu_count() or 1
    process.own(threads=max(1, processors // encoding_threads(workers)), switch_s=SWITCH_S)
