"""How long a service takes until it is ready, what its first questions take, and how it stops.

    python -m benchmarks.serving.starting --library LIBRARY --report docs/figures/starting.md

Each round starts ``soundalike serve`` on a copy of the library twice. The first time, every kind of question is asked
twice as soon as `/ready` answers 200; then the idle service is stopped. The second time, clients ask without a pause
while a job indexes uploaded files; then the busy service is stopped. Every request sent before the signal should be
answered.
"""

from __future__ import annotations

import argparse
import http.client
import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
import requests

from benchmarks.common import report
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.serving.library import clips_in, copy_of
from benchmarks.serving.questions import API, wav
from benchmarks.serving.served import Served
from search.errors import UsageError
from search.ground.ending import with_status
from search.settings import Settings

READY_POLL_S = 0.02
TIMEOUT_S = 60.0
UPLOADED_FILES = 40
UPLOADED_S = 10.0


@dataclass(frozen=True, slots=True)
class Round:
    """One round: seconds until the address was printed and until ready, milliseconds of first and second questions.

    ``lost``: requests that were sent before the signal and not answered. ``idle_bytes``: the anonymous memory of each
    process after those questions, the largest first.
    """

    printed_s: float
    ready_s: float
    ready_cpu_s: float
    questions_ms: dict[str, tuple[float, float]]
    idle_stop_s: float
    busy_stop_s: float
    statuses: tuple[int, int]
    answered: int
    lost: int
    idle_bytes: tuple[int, ...]


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    args = _parser().parse_args(argv)
    if min(args.rounds, args.connections) < 1 or not args.seconds > 0:
        raise UsageError("--rounds and --connections must be at least 1, --seconds more than 0")
    clips = clips_in(args.library, Settings.from_env(os.environ))
    rounds = []
    for number in range(args.rounds):
        report_progress(f"round {number + 1} ...")
        rounds.append(measured(args.library, args))
    text = markdown(args, clips, rounds)
    print(text)
    if args.report is not None:
        report.write(args.report, text + "\n")
    return 0


def measured(library: Path, args: argparse.Namespace) -> Round:
    """Run one round on a copy of ``library``."""
    options = ("--workers", str(args.workers))
    with copy_of(library) as copy:
        begun_s = time.monotonic()
        with Served(copy, *options) as server:
            printed_s = time.monotonic() - begun_s
            _wait_until_ready(server.url)
            ready_s, ready_cpu_s = time.monotonic() - begun_s, server.cpu_s()
            questions_ms = {kind: (_ms(ask, server.url), _ms(ask, server.url)) for kind, ask in QUESTIONS.items()}
            idle_bytes = tuple(sorted(server.own_bytes_each(), reverse=True))
            idle_status, idle_stop_s = server.stop()
        with Served(copy, *options) as server:
            _wait_until_ready(server.url)
            clients = _Clients(server.url, args.connections)
            files = [("files", (f"{n}.wav", wav(n, UPLOADED_S))) for n in range(UPLOADED_FILES)]
            requests.post(f"{server.url}{API}/clips", files=files, timeout=TIMEOUT_S).raise_for_status()
            time.sleep(args.seconds)
            signal_s = time.monotonic()
            busy_status, busy_stop_s = server.stop()
            answered, lost = clients.end(signal_s)
    statuses = (idle_status, busy_status)
    return Round(
        printed_s, ready_s, ready_cpu_s, questions_ms, idle_stop_s, busy_stop_s, statuses, answered, lost, idle_bytes
    )


def _wait_until_ready(url: str) -> None:
    until_s = time.monotonic() + TIMEOUT_S
    while requests.get(f"{url}/ready", timeout=TIMEOUT_S).status_code != 200:
        if time.monotonic() > until_s:
            raise UsageError(f"the service was not ready within {TIMEOUT_S:g} s")
        time.sleep(READY_POLL_S)


def _ms(ask: Callable[[str], requests.Response], url: str) -> float:
    begun_s = time.monotonic()
    ask(url + API).raise_for_status()
    return (time.monotonic() - begun_s) * 1e3


SOUND = wav(1)
QUESTIONS: dict[str, Callable[[str], requests.Response]] = {
    "by a sound": lambda api: requests.post(f"{api}/search", files={"audio": ("a.wav", SOUND)}, timeout=TIMEOUT_S),
    "by words": lambda api: requests.post(f"{api}/search", json={"parts": [{"text": "rain"}]}, timeout=TIMEOUT_S),
    "similar clips": lambda api: requests.get(f"{api}/clips/1/similar", timeout=TIMEOUT_S),
    "recommended": lambda api: requests.post(f"{api}/recommend", json={"likes": [{"clip_id": 1}]}, timeout=TIMEOUT_S),
    "all clips": lambda api: requests.get(f"{api}/clips?facets=true", timeout=TIMEOUT_S),
}


@dataclass
class _Clients:
    """Threads that ask for similar clips, each again as soon as it has its answer, until the service is gone."""

    url: str
    connections: int
    _sent: list[tuple[float, bool]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._threads = [threading.Thread(target=self._ask) for _ in range(self.connections)]
        for thread in self._threads:
            thread.start()

    def end(self, signal_s: float) -> tuple[int, int]:
        """Return how many of the requests sent before ``signal_s`` were answered, and how many were not."""
        self._ended.set()
        for thread in self._threads:
            thread.join()
        before = [is_answered for sent_s, is_answered in self._sent if sent_s < signal_s]
        return sum(before), len(before) - sum(before)

    def _ask(self) -> None:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=TIMEOUT_S)
        with closing(connection):
            while not self._ended.is_set():
                try:
                    connection.request("GET", f"{API}/clips/1/similar")
                except OSError:
                    return  # it was not sent: the service is gone
                sent_s = time.monotonic()
                try:
                    answer = connection.getresponse()
                    answer.read()
                except (OSError, http.client.HTTPException):
                    self._sent.append((sent_s, False))
                    return
                self._sent.append((sent_s, answer.status == 200))


def markdown(args: argparse.Namespace, clips: int, rounds: Sequence[Round]) -> str:
    """Return the report: medians over the rounds."""

    def median(values: Sequence[float]) -> float:
        return float(np.median(values))

    first_and_second = [
        (kind, *(f"{median([one.questions_ms[kind][nth] for one in rounds]):.0f}" for nth in (0, 1)))
        for kind in QUESTIONS
    ]
    times = [
        ("from start until the address is printed", f"{median([one.printed_s for one in rounds]):.1f}"),
        ("from start until ready", f"{median([one.ready_s for one in rounds]):.1f}"),
        ("CPU seconds of all processes until ready", f"{median([one.ready_cpu_s for one in rounds]):.1f}"),
        ("from SIGTERM until the end, idle", f"{median([one.idle_stop_s for one in rounds]):.1f}"),
        ("from SIGTERM until the end, busy", f"{median([one.busy_stop_s for one in rounds]):.1f}"),
        ("from SIGTERM until the end, busy, longest", f"{max(one.busy_stop_s for one in rounds):.1f}"),
    ]
    statuses = sorted({status for one in rounds for status in one.statuses})
    return "\n\n".join(
        [
            "## Starting and ending",
            this_machine().sentence(),
            f"A library of {clips:,} clips, {args.workers} worker(s), {args.rounds} round(s), medians; busy: "
            f"{args.connections} connections ask for {args.seconds:g} s, and {UPLOADED_FILES} files of "
            f"{UPLOADED_S:g} s were uploaded and are indexed; load average {os.getloadavg()[0]:.1f} at the end.",
            report.markdown_table(("", "s"), times),
            "Questions as soon as the service is ready, milliseconds:",
            report.markdown_table(("question", "first", "second"), first_and_second),
            f"Anonymous memory of each idle process afterwards, largest first: {_memory(rounds)} MiB.",
            f"Of {sum(one.answered + one.lost for one in rounds):,} requests sent before SIGTERM "
            f"{sum(one.lost for one in rounds)} were not answered. Exit statuses: {', '.join(map(str, statuses))}.",
        ]
    )


def _memory(rounds: Sequence[Round]) -> str:
    each = zip(*(one.idle_bytes for one in rounds), strict=False)
    return ", ".join(f"{float(np.median(sizes)) / 2**20:.0f}" for sizes in each)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.starting", description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, required=True, metavar="DIR", help="the library to serve")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds; medians are reported (5)")
    parser.add_argument(
        "--connections", type=int, default=8, metavar="N", help="client connections that ask while the service ends (8)"
    )
    parser.add_argument(
        "--seconds", type=float, default=3.0, metavar="S", help="seconds of questions before the service ends (3)"
    )
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes of the service (1)")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the report to this file")
    return parser


if __name__ == "__main__":
    sys.exit(main())
