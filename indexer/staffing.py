"""Which workers a job starts for its shared pass, and what it needs of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Staffing:
    """Which workers a job wants: how many, with how many threads each, on this machine or ``on`` a cluster.

    ``options`` are passed on to `soundalike work`. ``gpus`` is what each takes of a node's on Ray. ``job_share`` is how
    much of a core all of them together may take while somebody asks the library something (1: no worker waits).
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
        """What each worker is told by its environment: its part of the share, as if all were on one machine."""
        share = self.job_share if self.job_share >= 1 else self.job_share / max(self.count, 1)
        return {"SOUNDALIKE_JOB_SHARE": repr(share)}


class One(Protocol):
    """One worker that was started."""

    def ended(self) -> str | None:
        """None while it works, else why it ended, in a line."""

    def stop(self) -> None:
        """Ask it to end; what it has finished is written."""

    def wait(self, seconds: float) -> None:
        """Wait until it has ended; end it by force then."""
