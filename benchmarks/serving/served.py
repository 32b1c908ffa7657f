"""A ``soundalike serve`` to measure: started on a free port, watched, stopped."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from benchmarks.common.checkout import HERE, Checkout
from search.errors import UsageError

START_S = 180.0


class Served:
    """A running service of a library, with the code of a checkout; a context manager that stops it."""

    def __init__(self, library: Path, *options: str, checkout: Checkout = HERE) -> None:
        self._log = tempfile.NamedTemporaryFile(prefix="soundalike-serve-", suffix=".log")  # noqa: SIM115 - closed in __exit__
        command = checkout.soundalike("serve", "--library", str(library.resolve()), "--port", "0", *options)
        environ = {"SOUNDALIKE_FACTS": "off", **os.environ}  # measuring facts would disturb the figures
        self._process = subprocess.Popen(command, cwd=checkout.folder, stderr=self._log, env=environ)  # noqa: S603 - our own command
        self.url = self._url()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._process.poll() is None:
            self.stop()
        self._log.close()

    def stop(self) -> tuple[int, float]:
        """Stop it with SIGTERM; return its exit status and the seconds that this took."""
        begun_s = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60), time.monotonic() - begun_s

    def processes(self) -> list[psutil.Process]:
        """Return the supervisor and its children."""
        supervisor = psutil.Process(self._process.pid)
        return [supervisor, *supervisor.children(recursive=True)]

    def own_bytes(self) -> int:
        """Return the anonymous memory of these processes together, which a leak would increase."""
        return sum(self.own_bytes_each())

    def own_bytes_each(self) -> list[int]:
        """Return the anonymous memory of each process.

        Mapped files do not count: the system can reclaim their pages, and a worker touches more pages of a snapshot the
        longer it serves. USS would count the pages that only one worker has touched.
        """
        sizes = []
        for process in self.processes():
            try:
                memory = process.memory_info()
            except psutil.NoSuchProcess:
                continue  # it ended meanwhile
            sizes.append(memory.rss - memory.shared)
        return sizes

    def cpu_s(self) -> float:
        """Return the CPU seconds that these processes have used."""
        total = 0.0
        for process in self.processes():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total

    def restarts(self) -> int:
        """Return how many of its processes ended on their own."""
        return Path(self._log.name).read_text("utf-8", "replace").count("ended with status")

    def _url(self) -> str:
        deadline_s = time.monotonic() + START_S
        while time.monotonic() < deadline_s and self._process.poll() is None:
            for line in Path(self._log.name).read_text("utf-8", "replace").splitlines():
                if line.startswith("soundalike: serving"):
                    return line.rsplit(" at ", 1)[1].split()[0].rstrip("/")
            time.sleep(0.1)
        raise UsageError(f"the service did not start: {Path(self._log.name).read_text('utf-8', 'replace')[-2000:]}")
