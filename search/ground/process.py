"""Settings of a whole process: threads of numeric calls, and what the C library does with freed memory.

Only Soundalike's own programs change them, by calling `own` at their start: the command line, the processes of a
service, benchmarks, training. A program that uses Soundalike as a library, such as a notebook, keeps its own settings.
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
"""The variable for the threads of a call. Numeric libraries read it when they are loaded."""
THREADS_OF_PRODUCTS: Final = "OPENBLAS_NUM_THREADS"

_MOST_FILES: Final = 1 << 16

_owned: Final = threading.Event()
_chose_threads: Final = threading.Event()


def own(*, threads: int | None = None, heaps: int | None = None, switch_s: float | None = None) -> None:
    """Set up this process for encoding and searching. Call it at the start, before numeric libraries are loaded.

    ``threads``: how many threads each call of a numeric library may use; None: only torch is limited, to one.
    ``heaps``: the number of heaps for all threads (`search.ground.memory.share_heaps`). ``switch_s``: how long a thread
    may keep the interpreter when another waits for it. A second call adds to the settings of the first.
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
    """Import modules in the block without garbage collection, and exclude them from it afterwards.

    Otherwise Python would scan them repeatedly during the imports, which takes a seventh of the start-up time, and
    again at every later collection.
    """
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()


def environment_for_others() -> dict[str, str]:
    """Return the environment for another process of ours, which chooses its own number of threads.

    A number that the user set before this process started is kept.
    """
    return {name: value for name, value in os.environ.items() if name != THREADS or not _chose_threads.is_set()}


def raise_file_limit() -> int | None:
    """Raise this process's limit of open files to what the system allows, at most 65,536. Child processes inherit it.

    Return the limit; None if the system has none (Windows).
    """
    if sys.platform == "win32":
        return None
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, _MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        with suppress(OSError, ValueError):  # macOS reports no limit, but has one
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
            return most
    return _MOST_FILES if soft == resource.RLIM_INFINITY else soft


def give_way(niceness: int) -> None:
    """Lower the priority of this process and its children, so that other programs, above all a service, go first.

    ``niceness``, 0 to 19, is added to the current value. It costs nothing if the processor is idle, and lasts until the
    process ends. Does nothing if the system has no niceness (Windows) or refuses it.
    """
    with suppress(OSError, AttributeError):
        os.nice(niceness)


def threads_of_a_call() -> int | None:
    """Return how many threads an encoder should use for a call on a CPU; None: whatever the host program has set.

    This is ``OMP_NUM_THREADS`` if set, else one in our own processes. Two threads are not faster for the few windows of
    a query (8.7 and 8.8 ms for 5 s of sound). If another program is busy, they wait for each other (7 and 28 ms, 184
    at worst).
    """
    said = os.environ.get(THREADS, "").partition(",")[0].strip()  # further numbers are for nested threads
    if said.isdecimal() and int(said):
        return int(said)
    return 1 if _owned.is_set() else None


def one_thread_for_products() -> None:
    """Make each process that is started from now on multiply matrices in one thread.

    This is for processes with concurrent requests. A second thread doubles the CPU time of a recommendation in a
    library of a million, because it waits for the first. Under other load, the slowest of a hundred takes three times
    as long.
    """
    os.environ.setdefault(THREADS_OF_PRODUCTS, "1")
