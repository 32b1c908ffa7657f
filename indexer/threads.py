"""How an indexing process shares the processors among its threads."""

from __future__ import annotations

import os

from search.ground import process

SWITCH_S = 0.0005
"""How long a thread may keep the interpreter while another waits for it. Threads that return from decoding or encoding
need it only briefly; with Python's default of 5 ms, a processor is idle for 5 % of a job."""


def one_thread_per_call(workers: int | None) -> None:
    """Give every encoding thread one processor: several threads use them better than one that splits every layer.

    ``workers``: how many processors the process may use, None for all. If these are more than
    ``MAX_ENCODING_THREADS``, each thread gets several. Two processes that each use a thread per processor wait for each
    other and take twice the time (measured on two processors). It is set early, because numeric libraries read it when
    they are loaded.
    """
    from indexer.executors import encoding_threads

    processors = workers or os.cpu_count() or 1
    process.own(threads=max(1, processors // encoding_threads(workers)), switch_s=SWITCH_S)
