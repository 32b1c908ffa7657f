"""Jobs that give way to answers: while somebody asks a library something, a job takes a small share of a core.

A service writes into a file of the library's folder when it was last asked. A job looks there between small units of
its work, and rests so long that all of its threads together take no more than their share. Two processors cannot give
both all they want, and an answer is waited for by somebody. Niceness alone does not do it (docs/figures/busy.md).
"""

from __future__ import annotations

import hashlib
import os
import platform
import struct
import threading
import time
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Final

FILE: Final = "asked"
"""In the folder of snapshots: when the last question came, as a double, in seconds since the machine started, and 8
bytes that stand for this start of this machine. What follows means nothing."""
HOLD_S: Final = 1.0
"""A question is one of this moment for so long."""
NOTE_S: Final = 0.1
"""Between two questions that are noted, at least."""
LOOK_S: Final = 0.05
"""Between two looks at the file; a job that rests goes on so soon after the last question is no more of this moment."""
LONGEST_S: Final = 1.0
"""No rest takes longer once it is a thread's turn, whatever a unit of work has cost. Threads go on one at a time, so
that each of N may wait N times as long: else they would take N times the share."""
APART_S: Final = 0.005
"""Between two threads that go on after a rest: what the first takes shows by then, so that the other waits for it. A
thread that goes on once more has shown what it took: pieces far smaller than this (a file that is looked at) are paid
for as they are."""
_SHORTEST_S: Final = 0.001
"""Who would rest for less goes on: it is owed with what comes."""
_RETRY_S: Final = 10.0
_NOTE: Final = struct.Struct("<d8s")
_MODE: Final = 0o666
"""Less what the user's umask takes away, as for every file of a library: a group that shares one writes it in turns."""
_WRITE: Final = os.O_WRONLY | os.O_CREAT | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)


class GivingWay:
    """Tells the jobs of one library that somebody asks it something. `Library.giving_way` is one; threads share it.

    What a process left that is dead is old after a moment. What one wrote before the machine was started anew, or on
    another machine that shares the folder, is not of this start of this machine. None of that slows a job.
    """

    def __init__(
        self,
        folder: Path,
        share: float,
        *,
        clock: Callable[[], float] = time.monotonic,
        spent: Callable[[], float] = time.process_time,
        sleep: Callable[[float], None] = time.sleep,
        machine: bytes = b"",
    ) -> None:
        """``share``: how much of one core this process may take while somebody asks (1: all it can get).

        ``spent`` gives its CPU seconds so far, ``clock`` seconds that are the same in every process of the machine.
        ``machine``: 8 bytes that no other has, nor this one once it was started anew (default: found out).
        """
        self._machine = machine or _this_start()
        self._path = folder / FILE
        self._share = share
        self._clock = clock
        self._spent = spent
        self._sleep = sleep
        self._note_at_s = float("-inf")
        self._look_at_s = float("-inf")
        self._is_recent = False
        self._turn = threading.Lock()
        self._resting = False
        self._debt_s = 0.0
        """CPU seconds that were taken beyond the share, and not made up for by resting."""
        self._seen_s, self._seen_spent_s, self._passed_s = 0.0, 0.0, float("-inf")
        self._passed_by = 0
        """The thread that went on last."""

    def note_question(self) -> None:
        """Say that somebody asks. Costs next to nothing; where the folder cannot be written, nothing is said.

        Examples:
            >>> library.giving_way.note_question()
        """
        now_s = self._clock()
        if now_s < self._note_at_s:
            return
        self._note_at_s = now_s + NOTE_S
        try:
            file = os.open(self._path, _WRITE, _MODE)
            try:
                os.write(file, _NOTE.pack(now_s, self._machine))
            finally:
                os.close(file)
        except OSError:  # full or read-only: no job writes there either
            self._note_at_s = now_s + _RETRY_S

    def is_asked(self) -> bool:
        """Whether somebody asked within the last second, as of a moment ago.

        Examples:
            >>> library.giving_way.is_asked() in (True, False)
            True
        """
        now_s = self._clock()
        if now_s >= self._look_at_s:
            self._look_at_s = now_s + LOOK_S
            self._is_recent = abs(now_s - self._last_s()) <= HOLD_S
        return self._is_recent

    def rest(self) -> None:
        """Wait until this process has taken no more than its share since somebody began to ask.

        A second at most once it is the thread's turn; threads go on one at a time. Whoever works calls it before each
        small unit of work, holding nothing that others need. Returns at once where nobody asks.

        Examples:
            >>> library.giving_way.rest()
        """
        if self._share >= 1 or not self.is_asked():
            self._resting = False
            return
        with self._turn:  # one thread goes on at a time
            self._count()
            until_s = self._clock() + LONGEST_S
            while (wait_s := self._wait_s()) > _SHORTEST_S and self._clock() < until_s:
                self._sleep(min(wait_s, LOOK_S))
                if not self.is_asked():
                    self._resting = False
                    return
                self._count()
            self._passed_s, self._passed_by = self._clock(), threading.get_ident()

    def _wait_s(self) -> float:
        paid_s = self._debt_s / self._share
        if threading.get_ident() == self._passed_by:
            return paid_s
        return max(paid_s, self._passed_s + APART_S - self._clock())

    def _count(self) -> None:
        """Add what was spent since the last time, and take off the share of that time. What was not used is lost."""
        now_s, spent_s = self._clock(), self._spent()
        if self._resting:
            debt_s = self._debt_s + (spent_s - self._seen_spent_s) - self._share * (now_s - self._seen_s)
            self._debt_s = min(max(debt_s, 0.0), self._share * LONGEST_S)
        else:
            self._resting, self._debt_s = True, 0.0
        self._seen_s, self._seen_spent_s = now_s, spent_s

    def _last_s(self) -> float:
        try:
            with self._path.open("rb") as file:
                at_s, machine = _NOTE.unpack(file.read(_NOTE.size))
        except (OSError, struct.error):
            return float("-inf")
        return float(at_s) if machine == self._machine else float("-inf")


@cache
def _this_start() -> bytes:
    """What stands for this machine since it was started: its monotonic clock counts from there, and says the same in
    every container of it.
    """
    try:
        name = Path("/proc/sys/kernel/random/boot_id").read_text("ascii")
    except (OSError, UnicodeDecodeError):  # not Linux
        name = platform.node()
    return hashlib.blake2b(name.encode(errors="replace"), digest_size=8).digest()
