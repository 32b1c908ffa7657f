"""Which workers a job starts for its shared pass, and the interface of a worker."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Staffing:
    """Which workers a job wants: how many, with how many threads each, on this machine or ``on`` a cluster.

    ``options`` are passed on to `soundalike work`. ``gpus``: GPUs for each worker on Ray. ``job_share``: how much of a
    core all of them together may use while somebody queries the library (1: no worker waits).
    """

    count: int
    threads: int
    library: Path
    on: str | None = None
    gpus: float = 0.0
    options: tuple[str, ...] = ()
    job_share: float = 1.0

    @property
    def environment(self) -> dict[str, str]:
        """Environment variables of each worker: its part of ``job_share``, as if all ran on one machine."""
        share = self.job_share if self.job_share >= 1 else self.job_share / max(self.count, 1)
        return {"SOUNDALIKE_JOB_SHARE": repr(share)}


class StartedWorker(Protocol):
    """One worker that was started."""

    def ended(self) -> str | None:
        """None while it works, else one line that says why it ended."""

    def stop(self) -> None:
        """Ask it to end; it writes what it has finished."""

    def wait(self, seconds: float) -> None:
        """Wait up to ``seconds`` for it to end, then kill it."""
