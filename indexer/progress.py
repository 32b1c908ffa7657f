"""How the progress of a job is shown: a bar on a terminal, a line now and then elsewhere, failures always.

Everything goes to stderr; stdout is for the summary.
"""

from __future__ import annotations

import sys
import time
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Protocol

from search.errors import printable

if TYPE_CHECKING:
    from rich.progress import Progress as Bar

    from indexer.model import Failure, Progress, Warned

LINE_EVERY_S = 5.0


class Reporter(Protocol):
    """Implements `indexer.ports.Report`, and may control the terminal while a job runs."""

    def running(self) -> AbstractContextManager[object]:
        """The block in which a job runs."""

    def progress(self, progress: Progress) -> None:
        """Show how far the job is."""

    def failure(self, failure: Failure) -> None:
        """Show a file that could not be indexed."""

    def warning(self, warned: Warned) -> None:
        """Show a file that was indexed despite a defect."""

    def note(self, text: str) -> None:
        """Show one line for people."""

    def confirm(self, question: str, *, otherwise: bool) -> bool:
        """Whether a person says yes; ``otherwise`` if there is nobody to ask."""


class FailuresOnly:
    """Shows failures and notes only (``--json``, ``--quiet``)."""

    def running(self) -> AbstractContextManager[object]:
        """See `Reporter`."""
        return nullcontext()

    def progress(self, progress: Progress) -> None:
        """See `Reporter`."""

    def failure(self, failure: Failure) -> None:
        """See `Reporter`."""
        self.note(failure_line(failure))

    def warning(self, warned: Warned) -> None:
        """See `Reporter`. The summary counts it, and `soundalike info` has it."""

    def note(self, text: str) -> None:
        """See `Reporter`."""
        print(f"soundalike: {text}", file=sys.stderr, flush=True)

    def confirm(self, question: str, *, otherwise: bool) -> bool:
        """See `Reporter`."""
        return otherwise


class Lines(FailuresOnly):
    """A line every few seconds, for logs and pipes."""

    def __init__(self) -> None:
        self._printed_s = time.monotonic()

    def progress(self, progress: Progress) -> None:
        """See `Reporter`."""
        now_s = time.monotonic()
        if now_s - self._printed_s >= LINE_EVERY_S:
            self._printed_s = now_s
            print(progress_line(progress), file=sys.stderr, flush=True)

    def warning(self, warned: Warned) -> None:
        """See `Reporter`."""
        self.note(warning_line(warned))


class TerminalBar(FailuresOnly):
    """A bar that moves, with failures above it."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, TextColumn
        from rich.progress import Progress as Bar

        columns = (BarColumn(bar_width=30), TextColumn("{task.description}", markup=False))
        self._bar: Bar = Bar(*columns, console=Console(stderr=True), transient=True)
        self._task = self._bar.add_task("looking", total=None)

    def running(self) -> AbstractContextManager[object]:
        """See `Reporter`."""
        return self._bar

    def progress(self, progress: Progress) -> None:
        """See `Reporter`."""
        if progress.bytes_total:
            done, total = progress.bytes_done, progress.bytes_total
        else:
            done, total = progress.files_done, progress.files_total
        self._bar.update(self._task, completed=done, total=max(total, done), description=progress_line(progress))

    def warning(self, warned: Warned) -> None:
        """See `Reporter`."""
        self.note(warning_line(warned))

    def note(self, text: str) -> None:
        """See `Reporter`."""
        self._bar.console.print(f"soundalike: {text}", markup=False, highlight=False, soft_wrap=True)

    def confirm(self, question: str, *, otherwise: bool) -> bool:
        """See `Reporter`."""
        if not sys.stdin.isatty():
            return otherwise
        self._bar.stop()
        answer = self._bar.console.input(f"soundalike: {question} {'[Y/n]' if otherwise else '[y/N]'} ", markup=False)
        self._bar.start()
        return answer.strip().lower().startswith("y") if answer.strip() else otherwise


def reporter(*, quiet: bool) -> Reporter:
    """The reporter that suits this process's stderr."""
    if quiet:
        return FailuresOnly()
    return TerminalBar() if sys.stderr.isatty() else Lines()


def failure_line(failure: Failure) -> str:
    """``path: cause`` on one line, even if the name contains line breaks."""
    return f"{printable(failure.path)}: {printable(failure.cause)}"


def warning_line(warned: Warned) -> str:
    """``warning: path: defect`` on one line."""
    return f"warning: {printable(warned.path)}: {printable(warned.warning)}"


def progress_line(progress: Progress) -> str:
    """Files; hours and times real time if there is sound (MIDI files have none); failures; time left."""
    parts = [f"{progress.files_done} of {progress.files_total} files"]
    if progress.audio_s:
        parts += [f"{progress.audio_s / 3600:.2f} h", f"{progress.times_real_time:.0f}x real time"]
    if progress.failed:
        parts.append(f"{progress.failed} failed")
    left_s = progress.left_s
    if left_s is not None:
        parts.append(f"{clock_time(left_s)} left")
    return ", ".join(parts)


def clock_time(seconds: float) -> str:
    """``m:ss``, or ``h:mm:ss`` from an hour on."""
    whole = round(seconds)
    hours, minutes = whole // 3600, whole // 60 % 60
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"
