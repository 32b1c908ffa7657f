"""What belongs to a whole process: how many threads a call takes, and what the C library does with freed memory.

Only the edges decide that, by `own` at their start: the command line, the processes of a service, benchmarks, training.
A program that uses Soundalike as a library, a notebook say, keeps its own settings whatever it loads.
"""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

from search.ground.memory import keep_freed_memory, share_heaps

THREADS: Final = "OMP_NUM_THREADS"
"""Who sets this says how many threads a call takes; the numeric libraries read it when they are loaded."""
THREADS_OF_PRODUCTS: Final = "OPENBLAS_NUM_THREADS"

_MOST_FILES: Final = 1 << 16

_owned: Final = threading.Event()
_chose_threads: Final = threading.Event()


def own(*, threads: int | None = None, heaps: int | None = None, switch_s: float | None = None) -> None:
    """Set up this process for encoding and searching; the edge that starts it calls this, before anything is loaded.

    ``threads`` is how many each call of any numeric library may use; without it torch alone is held to one.
    ``heaps`` is how many there are for all threads (`search.ground.memory.share_heaps`). ``switch_s`` is how long a
    thread may keep the interpreter when another wants it. Calling it again adds to what was said.
    """
    _owned.set()
    keep_freed_memory()
    if threads is not None and THREADS not in os.environ:
        os.environ[THREADS] = str(threads)
        _chose_threads.set()
    if heaps is not None:
        share_heaps(heaps)
    if switch_s is not None:
        sys.setswitchinterval(switch_s)


@contextmanager
def loading() -> Iterator[None]:
    """Import within the block what stays for as long as the process: nobody looks through it for garbage.

    Python would again and again while it grows, a seventh of the time of a start, and then whenever it looks.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def environment_for_others() -> dict[str, str]:
    """The environment for a process of ours that has other work: it chooses itself how many threads a call takes.

    Who chose that before this process was started is heard there, too.
    """
    return {name: value for name, value in os.environ.items() if name != THREADS or not _chose_threads.is_set()}


def raise_file_limit() -> int | None:
    """Let this process, and those it starts, open as many files as the system allows it (65,536 at most).

    How many that are; None where the system has no such limit (Windows).
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # macOS says that there is no limit, and has one
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return most
    return _MOST_FILES if soft == resource.RLIM_INFINITY else soft


def give_way(niceness: int) -> None:
    """Let other programs go first, a service that answers people above all: this process and those it starts.

    ``niceness`` is added to what the process has, 0 to 19; where nothing else wants the processor, nothing is lost.
    It holds until the process ends. Does nothing where the system knows no niceness (Windows) or refuses it.
    """
    with suppress(OSError, AttributeError):
        os.nice(niceness)


def threads_of_a_call() -> int | None:
    """How many threads an encoder should use for a call on a CPU; None: as many as the program that runs it has set.

    What ``OMP_NUM_THREADS`` says, else one in a process of ours: two are done with a query's few windows no sooner (8.7
    and 8.8 ms for 5 s of sound), and where another program is busy they wait for each other (7 and 28 ms, at the worst
    184).
    """
    said = os.environ.get(THREADS, "").partition(",")[0].strip()  # further numbers are for threads of threads
    if said.isdecimal() and int(said):
        return int(said)
    return 1 if _owned.is_set() else None


def one_thread_for_products() -> None:
    """Let each process that is started from now on multiply matrices in one thread.

    For processes whose requests run beside each other: a second thread doubles the CPU time of a recommendation in a
    library of a million by waiting for the first, and when other work goes on, the slowest of a hundred takes three
    times as long.
    """
    os.environ.setdefault(THREADS_OF_PRODUCTS, "1")
