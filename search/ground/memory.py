"""Controls what the C library does with freed memory: keep it for the next batch, or return it before other work."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from functools import cache
from typing import cast

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8
_LARGEST_MMAP_THRESHOLD = 32 << 20  # glibc takes no more


def keep_freed_memory() -> bool:
    """Tell glibc to keep freed memory, for the whole process. Return false if there is another C library.

    A network allocates and frees hundreds of activations of tens of megabytes. By default each is mapped and zeroed
    again. That takes a third of the CPU time of encoding with ``cnn:mn04`` (1.6 instead of 1.06 ms for a second of
    sound), and a fifth of a training step. The peak memory stays the same.
    """
    mallopt = _function("mallopt")
    if mallopt is None:
        return False
    return bool(mallopt(_MMAP_THRESHOLD, _LARGEST_MMAP_THRESHOLD)) and bool(mallopt(_TRIM_THRESHOLD, 2**31 - 1))


def share_heaps(count: int) -> bool:
    """Tell glibc to use at most ``count`` heaps for all threads. Return false if it cannot.

    Call it before threads start. By default each thread has its own heap. Long-lived objects in a heap keep its free
    pages from being returned to the system, so a service grows as long as new threads take over work.
    """
    mallopt = _function("mallopt")
    return mallopt is not None and bool(mallopt(_ARENA_MAX, count))


def give_back_freed_memory() -> bool:
    """Return the freed memory of every thread to the system. Return false if the C library cannot.

    Call it before other work that needs memory: the peak is then the larger of the two, not their sum.
    """
    malloc_trim = _function("malloc_trim")
    return malloc_trim is not None and bool(malloc_trim(0))


def _function(name: str) -> Callable[..., int] | None:
    """Return a function of the C library, None if it does not exist."""
    return cast("Callable[..., int] | None", getattr(_libc(), name, None))


@cache
def _libc() -> ctypes.CDLL | None:
    """Return the C library of this process; None if it cannot be opened without a name, as on Windows."""
    try:
        return ctypes.CDLL(None)
    except (OSError, TypeError):
        return None
