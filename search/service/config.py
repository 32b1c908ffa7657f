"""What the command line decides about a service; frozen, and small enough to be sent to every worker process."""

from __future__ import annotations

import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from search.errors import UsageError

MAX_K = 1000
MAX_QUERY_CHARACTERS = 1000
MAX_PARTS = 32
MAX_BATCH = 100
MAX_TASTES = 1000
MAX_PROFILE_CHARACTERS = 200
MAX_JSON_BYTES = 1 << 20
MIN_THREADS = 2
"""An event stream holds a thread for as long as it is open; another one has to be left for everything else."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request, one client and the whole service may cost.

    ``upload_bytes`` and ``files`` bound one request; ``query_s`` is the longest sound that a query decodes,
    ``shown_s`` the longest passage that peaks and pictures show, ``indexed_s`` the longest sound that an upload
    adds. ``requests_per_s`` holds for each key or address, 0: no limit; each worker process lets its
    share of them in. ``decodes`` run at once in a worker; a further one waits ``decode_wait_s`` before it is refused.
    ``streams`` are the most event streams that a worker keeps open (`ServiceConfig.streams`).
    """

    upload_bytes: int = 64 << 20
    files: int = 100
    query_s: float = 600.0
    shown_s: float = 2 * 3600.0
    indexed_s: float = 6 * 3600.0
    requests_per_s: float = 0.0
    decodes: int = max(2, os.cpu_count() or 1)
    decode_wait_s: float = 2.0
    streams: int = 4
    cache_bytes: int = 256 << 20


@dataclass(frozen=True, slots=True)
class ServiceConfig:
    """One service: which library, where it listens, whom it answers.

    ``needs_keys`` is false on loopback, and elsewhere only where ``--no-keys`` said so.
    """

    library: Path
    host: str = "127.0.0.1"
    port: int = 8000
    workers: int = 1
    threads: int = 8
    needs_keys: bool = False
    limits: Limits = field(default_factory=Limits)

    @property
    def streams(self) -> int:
        """Event streams that a worker keeps open: each holds a thread, and at least half of them answer the rest."""
        return min(self.limits.streams, max(1, self.threads // 2))

    @property
    def on_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)


def is_loopback(host: str) -> bool:
    """Whether ``host`` names this machine alone. Raises UsageError for what is neither an address nor ``localhost``."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError as error:
        raise UsageError(f"--host is {host!r}; give an address, like 127.0.0.1 or 0.0.0.0") from error
