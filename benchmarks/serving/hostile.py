"""``python -m benchmarks.serving.hostile``: what hostile uploads do to a service (docs/figures/hostile.md).

Corrupt uploads of every format, small files that hold hours of audio, clients that never finish sending, a thousand
uploads at once. The figures are 5xx answers, processes that ended, answers that took longer than 10 s, and the memory
of all processes together.
"""

from __future__ import annotations

import argparse
import itertools
import json
import socket
import sys
import tempfile
import threading
import time
import urllib.request
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.common.machine import this_machine
from benchmarks.common.report import markdown_table
from benchmarks.serving import http_load
from benchmarks.serving.hostile_files import bombs, spoiled, whole_files
from benchmarks.serving.http_load import Request, Tally
from benchmarks.serving.served import Served
from search.ground.ending import with_status

SEARCH, UPLOAD = "/api/v1/search", "/api/v1/clips"
HANG_MS = 10_000.0


@dataclass
class Watch:
    """The peak of the processes' anonymous memory, in bytes."""

    server: Served
    own: int = 0
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Sample a few times a second until ``stop``."""
        while not self.stop.wait(0.3):
            self.own = max(self.own, self.server.own_bytes())


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    requests: int
    statuses: str
    slowest_s: float
    hangs: int
    failures: int
    restarts: int


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Attack and report; return 1 if anything failed, hung or ended."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.hostile", description=__doc__)
    parser.add_argument("--files", type=int, default=10_000, metavar="N", help="damaged uploads (10,000)")
    parser.add_argument("--at-once", type=int, default=1000, metavar="N", help="simultaneous uploads (1,000)")
    parser.add_argument("--slow", type=int, default=300, metavar="N", help="senders that never finish (300)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed (7)")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the report to this file")
    args = parser.parse_args(argv)
    files = whole_files()
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, Served(Path(folder) / "library") as server:
        watch = Watch(server)
        watching = threading.Thread(target=watch.run)
        watching.start()
        rows.append(_attack(server, "whole files of every format", _alternating(files.items()), 2, expected={200, 202}))
        rows.append(_attack(server, "spoiled files", _alternating(spoiled(files, args.files, args.seed)), 4))
        rows.append(_attack(server, "small files that hold much", _alternating(bombs().items()), 2))
        rows.append(_slowly(server, args.slow))
        crowd = itertools.islice(itertools.cycle(_alternating(files.items())), args.at_once)
        rows.append(_attack(server, f"{args.at_once} at once", crowd, args.at_once))
        rows.append(_finished(server))
        watch.stop.set()
        watching.join()
    report = _markdown(rows, watch)
    print(report)
    if args.report is not None:
        args.report.write_text(report + "\n", encoding="utf-8")
    return int(any(row.hangs or row.failures or row.restarts for row in rows))


def _alternating(files: Iterable[tuple[str, bytes]]) -> Iterator[Request]:
    """Requests with every file as a query and every third file as an upload to index too."""
    for number, (name, content) in enumerate(files):
        yield http_load.form(name, SEARCH, [("audio", f"{name}.bin", content)])
        if number % 3 == 0:
            yield http_load.form(name, UPLOAD, [("files", f"{number}.{name.split('-')[0]}", content)])


def _attack(
    server: Served, what: str, requests: Iterator[Request], connections: int, expected: set[int] | None = None
) -> Row:
    before = server.restarts()
    tally = http_load.run(server.url, requests, connections, 3600)
    if expected is not None and tally.statuses.keys() - expected:
        print(f"{what}: {dict(tally.statuses)} {tally.errors[:3]}", file=sys.stderr)
    return _row(what, tally, server.restarts() - before)


def _row(what: str, tally: Tally, restarts: int) -> Row:
    every = [ms for found in tally.ms.values() for ms in found]
    statuses = ", ".join(f"{count} x {status}" for status, count in sorted(tally.statuses.items()))
    hangs = sum(ms > HANG_MS for ms in every)
    if tally.failures():
        print(f"{what}: broken {tally.broken}, {tally.errors}", file=sys.stderr)
    return Row(what, tally.count, statuses, max(every, default=0.0) / 1e3, hangs, tally.failures(), restarts)


def _slowly(server: Served, count: int) -> Row:
    """Clients that send one byte a second; other requests must be answered as usual meanwhile."""
    before = server.restarts()
    where = urlsplit(server.url)
    head = (
        f"POST {UPLOAD} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000000\r\n"
        "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    ).encode()
    slow = [socket.create_connection((where.hostname, where.port)) for _ in range(count)]
    for one in slow:
        one.sendall(head)
    stop = threading.Event()

    def trickle() -> None:
        while not stop.wait(1.0):
            for one in slow:
                one.sendall(b"x")

    sending = threading.Thread(target=trickle)
    sending.start()
    tally = http_load.run(server.url, itertools.repeat(http_load.get("clips", f"{UPLOAD}?limit=5")), 4, 15)
    stop.set()
    sending.join()
    for one in slow:
        one.close()
    return _row(f"others beside {count} senders of a byte a second", tally, server.restarts() - before)


def _finished(server: Served) -> Row:
    """Wait until every job of the uploads has ended; count the jobs by state."""
    before = server.restarts()
    states: Counter[str] = Counter()
    started_s = time.monotonic()
    while time.monotonic() - started_s < 3600:
        states.clear()
        for state in ("queued", "running", "done", "failed"):
            url = f"{server.url}/api/v1/jobs?limit=1&state={state}"
            with urllib.request.urlopen(url, timeout=30) as response:  # noqa: S310 - our own server
                states[state] = json.loads(response.read())["total"]
        if not states["queued"] + states["running"]:
            break
        time.sleep(1.0)
    left = states["queued"] + states["running"]
    counts = ", ".join(f"{count} {state}" for state, count in states.items() if count)
    return Row("jobs of the uploads", sum(states.values()), counts, 0.0, 0, left, server.restarts() - before)


def _markdown(rows: Sequence[Row], watch: Watch) -> str:
    header = ("what", "answers", "statuses", "slowest s", "over 10 s", "5xx or broken", "processes ended")
    cells = [
        (r.what, str(r.requests), r.statuses, f"{r.slowest_s:.2f}", str(r.hangs), str(r.failures), str(r.restarts))
        for r in rows
    ]
    return "\n\n".join(
        [
            "## Hostile uploads",
            this_machine().sentence(),
            markdown_table(header, cells),
            f"Peak memory of all processes together: {watch.own / 1e6:.0f} MB.",
        ]
    )


if __name__ == "__main__":
    sys.exit(main())
