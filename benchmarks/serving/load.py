"""``python -m benchmarks.serving.load``: how fast a service answers, also under long mixed load.

The figures are in docs/figures/serving.md. The load generator runs on the same machine and takes its share of it. The
library is made once (1 million segments in 125,000 clips, vectors and words distributed like real ones) and kept under
``--work``.
"""

from __future__ import annotations

import argparse
import http.client
import itertools
import json
import os
import sys
import threading
import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.common import report
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.serving import http_load
from benchmarks.serving.http_load import Request, Tally
from benchmarks.serving.library import WORK, clips_in, copy_of, made
from benchmarks.serving.questions import API, shuffled, stream, wav
from benchmarks.serving.served import Served
from benchmarks.speed.command import anchors
from search import wiring
from search.ground import process
from search.ground.ending import with_status
from search.model import ClipPart, Query, RecommendQuery
from search.service.app import create_app
from search.service.config import ServiceConfig
from search.service.service import Service
from search.settings import Settings

PARTS = ("similar", "recommend", "text", "upload", "mixed")
ENGINE_CALLS, WARM_UP_CALLS = 300, 100
_UPLOAD_FILES = 20


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. ``cpu_ms`` is the service's CPU time for a request; other load hardly changes it."""

    what: str
    requests: int
    per_second: float
    p50_ms: float
    p99_ms: float
    cpu_ms: float
    failures: int


@dataclass(frozen=True, slots=True)
class Alone:
    """One caller at a time: median CPU milliseconds of the engine's own calls, and what a request adds to one.

    ``within_ms`` is Flask, validation and JSON, without a network; ``over_http_ms`` is the whole way there and back.
    """

    engine_ms: Mapping[str, float]
    within_ms: float
    over_http_ms: float


@dataclass(frozen=True, slots=True)
class Mixed:
    """The long run: what failed, and the processes' anonymous memory after a minute and at the end."""

    minutes: float
    requests: int
    failures: int
    jobs_done: int
    own_mb_after_1_min: float
    own_mb_at_end: float
    restarts: int


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    process.own()
    args = _parser().parse_args(argv)
    settings = Settings.from_env(os.environ)
    library = args.library or made(
        args.work,
        args.encoder,
        args.segments,
        seed=args.seed,
        settings=settings,
        anchors=partial(anchors, args, settings),
    )
    clips = clips_in(library, settings)
    rows: list[Row] = []
    mixed = None
    engine_ms, within_ms = _alone(library, clips, settings, args)
    with (
        copy_of(library) as scratch,
        Served(scratch, "--workers", str(args.workers), "--threads", str(args.threads)) as server,
    ):
        warm = stream("similar", shuffled(clips, args.seed + 1))
        http_load.run(server.url, itertools.islice(warm, 200), 4, 60)
        for part in args.only or PARTS:
            report_progress(f"{part} ...")
            if part == "mixed":
                mixed = _mixed(server, clips, args)
            else:
                rows.append(_measured(server, part, clips, args))
        over_http_ms = _over_http(server.url, clips, args)
    markdown = _markdown(args, clips, rows, Alone(engine_ms, within_ms, over_http_ms), mixed)
    print(markdown)
    if args.report is not None:
        args.report.write_text(markdown + "\n", encoding="utf-8")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.load", description=__doc__)
    parser.add_argument("--library", type=Path, metavar="DIR", help="an existing library (default: a generated one)")
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR", help=f"folder for the library ({WORK})")
    parser.add_argument(
        "--segments", type=int, default=1_000_000, metavar="N", help="segments of the library (1 million)"
    )
    parser.add_argument("--encoder", default="cnn:mn04", metavar="NAME", help="encoder of the library (cnn:mn04)")
    parser.add_argument("--audio", type=Path, metavar="DIR", help="recordings that the vectors are grown from")
    parser.add_argument("--anchor-files", type=int, default=2000, metavar="N", help="number of these recordings (2000)")
    parser.add_argument("--only", nargs="+", choices=PARTS, help="measure only these parts")
    parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="seconds each of similar and recommend (60)"
    )
    parser.add_argument(
        "--connections", type=int, default=16, metavar="N", help="client connections for similar and recommend (16)"
    )
    parser.add_argument("--queries", type=int, default=300, metavar="N", help="number of texts, and of uploads (300)")
    parser.add_argument("--minutes", type=float, default=10.0, metavar="M", help="minutes of mixed load (10)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes of the service (1)")
    parser.add_argument("--threads", type=int, default=8, metavar="N", help="threads of each worker process (8)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed (7)")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the report to this file")
    return parser


# --- measuring --------------------------------------------------------------------------------------------


def _measured(server: Served, part: str, clips: int, args: argparse.Namespace) -> Row:
    url, ids = server.url, shuffled(clips, args.seed)
    cpu_s = server.cpu_s()
    if part in ("similar", "recommend"):
        tally = http_load.run(url, stream(part, ids), args.connections, args.seconds)
        what = f"{part}, {args.connections} connections for {tally.seconds:.0f} s"
    else:
        made = list(itertools.islice(stream(part, ids), args.queries + 10))
        http_load.run(url, iter(made[:10]), 1, 60)  # the first one loads the encoder
        cpu_s = server.cpu_s()
        tally = http_load.run(url, iter(made[10:]), 1, 600)
        what = {"text": "words, one connection", "upload": "a 5-second WAV file, one connection"}[part]
    if tally.failures() or tally.statuses.keys() - {200}:
        report_progress(f"answers: {dict(tally.statuses)}, broken {tally.broken}, {tally.errors[:2]}")
    cpu_ms = (server.cpu_s() - cpu_s) * 1e3 / max(1, tally.count)
    p50_ms, p99_ms = tally.percentile(part, 50), tally.percentile(part, 99)
    return Row(what, tally.count, tally.per_second, p50_ms, p99_ms, cpu_ms, tally.failures())


def _alone(library: Path, clips: int, settings: Settings, args: argparse.Namespace) -> tuple[dict[str, float], float]:
    """In this process: median CPU milliseconds of the engine's own calls, and milliseconds that the service adds.

    The first figures show how fast the machine is at the moment.
    """
    ids = itertools.cycle(shuffled(clips, args.seed + 4))
    with wiring.library(library, settings, read_only=True) as opened, threadpool_limits(1):
        calls: dict[str, Callable[[], object]] = {
            "similar": lambda: opened.search(Query((ClipPart(next(ids)),))),
            "recommend": lambda: opened.recommend(RecommendQuery(likes=(ClipPart(next(ids)), ClipPart(next(ids))))),
        }
        engine_ms = {name: _median_cpu_ms(call) for name, call in calls.items()}
        client = create_app(Service.over(opened, ServiceConfig(library))).test_client()

        def ask(clip: int) -> bytes:
            body = json.dumps({"parts": [{"clip_id": clip}]})
            return client.post(f"{API}/search", data=body, content_type="application/json").get_data()

        return engine_ms, _added_ms(ask, (next(ids) for _ in range(args.queries)))


def _median_cpu_ms(call: Callable[[], object]) -> float:
    spent_ms = []
    for _ in range(WARM_UP_CALLS + ENGINE_CALLS):
        started_s = time.process_time()
        call()
        spent_ms.append((time.process_time() - started_s) * 1e3)
    return float(np.median(spent_ms[WARM_UP_CALLS:]))


def _over_http(url: str, clips: int, args: argparse.Namespace) -> float:
    """How much longer an answer takes than the engine's own time, in milliseconds, on one keep-alive connection."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)

    def ask(clip: int) -> bytes:
        body = json.dumps({"parts": [{"clip_id": clip}]}).encode()
        connection.request("POST", f"{API}/search", body, {"Content-Type": "application/json"})
        return connection.getresponse().read()

    added_ms = _added_ms(ask, shuffled(clips, args.seed + 2)[: args.queries])
    connection.close()
    return added_ms


def _added_ms(ask: Callable[[int], bytes], clips: Iterable[int]) -> float:
    """Median milliseconds of answers about ``clips``, without the engine's own time."""
    spent = []
    for clip in clips:
        started_s = time.perf_counter()
        answer = json.loads(ask(clip))
        spent.append((time.perf_counter() - started_s) * 1e3 - answer["took_ms"])
    return float(np.median(spent))


def _mixed(server: Served, clips: int, args: argparse.Namespace) -> Mixed:
    """All kinds of requests at once, while jobs index uploads all the time."""
    stop = threading.Event()
    memory: list[tuple[float, int]] = []
    started_s = time.monotonic()

    def watch() -> None:
        while not stop.wait(2.0):
            memory.append((time.monotonic() - started_s, server.own_bytes()))

    uploads = Tally()
    threads = [
        threading.Thread(target=watch),
        threading.Thread(target=lambda: _keep_indexing(server.url, stop, uploads)),
    ]
    for thread in threads:
        thread.start()
    tally = http_load.run(server.url, _everything(clips, args.seed + 3), args.connections, args.minutes * 60)
    stop.set()
    for thread in threads:
        thread.join()
    early = [own for at_s, own in memory if 50 <= at_s <= 70] or [own for _, own in memory]
    late = [own for _, own in memory[-10:]]
    if tally.failures():
        report_progress(f"answers: {dict(tally.statuses)}, broken {tally.broken}, {tally.errors[:3]}")
    return Mixed(
        minutes=tally.seconds / 60,
        requests=tally.count,
        failures=tally.failures() + uploads.failures(),
        jobs_done=uploads.statuses[200],
        own_mb_after_1_min=float(np.median(early)) / 1e6,
        own_mb_at_end=float(np.median(late)) / 1e6,
        restarts=server.restarts(),
    )


def _everything(clips: int, seed: int) -> Iterator[Request]:
    ids = shuffled(clips, seed)
    few = [wav(number) for number in range(20)]
    streams: list[Iterator[Request]] = [
        itertools.cycle(stream("similar", ids)),
        itertools.cycle(stream("recommend", ids)),
        itertools.cycle(stream("text", ids)),
        (http_load.form("upload", f"{API}/search", [("audio", "q.wav", wav)]) for wav in itertools.cycle(few)),
        (http_load.get("clip", f"{API}/clips/{clip}") for clip in itertools.cycle(ids)),
        (http_load.get("list", f"{API}/clips?limit=20&offset={clip}") for clip in itertools.cycle(ids)),
    ]
    weights = np.array([30, 20, 20, 1, 20, 9]) / 100
    rng = np.random.default_rng(seed)
    while True:
        for place in rng.choice(len(streams), 1000, p=weights):
            yield next(streams[place])


def _keep_indexing(url: str, stop: threading.Event, tally: Tally) -> None:
    """Upload some files, wait for their job, repeat. Status 200 counts the jobs that succeeded."""
    number = 1_000_000
    while not stop.is_set():
        number += _UPLOAD_FILES
        files = [("files", f"upload_{n}.wav", wav(n)) for n in range(number, number + _UPLOAD_FILES)]
        sent = http_load.run(url, iter([http_load.form("clips", f"{API}/clips", files)]), 1, 60)
        tally.statuses.update(sent.statuses)
        tally.broken += sent.broken
        while not stop.wait(0.5):
            with urllib.request.urlopen(f"{url}{API}/jobs?limit=1", timeout=30) as response:  # noqa: S310  a service of this machine
                state = json.loads(response.read())["jobs"][0]["state"]
            if state in ("done", "failed"):
                tally.statuses[200 if state == "done" else 500] += 1
                break


# --- the report ------------------------------------------------------------------------------------------


def _markdown(
    args: argparse.Namespace,
    clips: int,
    rows: Sequence[Row],
    alone: Alone,
    mixed: Mixed | None,
) -> str:
    cells = []
    for row in rows:
        measured = (row.per_second, row.p50_ms, row.p99_ms, row.cpu_ms)
        cells.append((row.what, str(row.requests), *(f"{value:.1f}" for value in measured), str(row.failures)))
    lines = [
        "## Serving",
        this_machine().sentence(),
        f"{clips:,} clips, encoder {args.encoder}, {args.workers} worker(s) of {args.threads} threads; "
        f"load generator on the same machine; load average {os.getloadavg()[0]:.1f} at the end.",
    ]
    if cells:
        lines.append(
            report.markdown_table(("what", "requests", "a second", "p50 ms", "p99 ms", "CPU ms", "5xx"), cells)
        )
    lines.append(
        f"Overhead over the engine, median: Flask, validation and JSON {alone.within_ms:.2f} ms; the whole HTTP round "
        f"trip {alone.over_http_ms:.2f} ms."
    )
    markdown = ", ".join(f"{name} {ms:.1f} ms" for name, ms in alone.engine_ms.items())
    lines.append(f"The engine alone, in one process just before, median CPU time: {markdown}.")
    if mixed is not None:
        growth = mixed.own_mb_at_end / mixed.own_mb_after_1_min - 1
        lines.append(
            f"Mixed load for {mixed.minutes:.1f} minutes: {mixed.requests} requests beside {mixed.jobs_done} indexing "
            f"jobs of {_UPLOAD_FILES} files; {mixed.failures} answers 5xx; memory {mixed.own_mb_after_1_min:.0f} MB "
            f"after a minute, {mixed.own_mb_at_end:.0f} MB at the end ({growth:+.1%}); {mixed.restarts} restarts."
        )
    return "\n\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
