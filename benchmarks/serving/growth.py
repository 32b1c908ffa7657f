"""How much more memory a service needs after clips were added while it ran than when it opens the same library fresh.

    python -m benchmarks.serving.growth --report docs/figures/growth.md

A service answers questions of several kinds all the time. Meanwhile another process writes clips into its library as a
bulk job does, in batches through the catalog's writer, and publishes snapshots in between. The vectors are synthetic;
nothing is encoded. The questions then continue for a while. Afterwards the service is started again and gets the same
questions. The figures are of anonymous memory (`Served.own_bytes`), because the system can reclaim the pages of mapped
snapshots.
"""

from __future__ import annotations

import argparse
import itertools
import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from pathlib import Path

import numpy as np

from benchmarks.common import names, report
from benchmarks.common.checkout import HERE
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.index.vectors import SEGMENTS_PER_CLIP, VectorSource, synthetic_anchors
from benchmarks.serving import http_load
from benchmarks.serving.http_load import Request, Tally
from benchmarks.serving.library import WORK, clips_in, copy_of, made
from benchmarks.serving.questions import API, shuffled, stream
from benchmarks.serving.served import Served
from benchmarks.speed.library import by_clip, clip_of
from search import wiring
from search.errors import SoundalikeError, UsageError
from search.ground.ending import with_status
from search.settings import Settings

ENCODER = "spectral"
ANCHORS = 2_000
"""The number of anchors that the added vectors are generated from."""
BATCH = 256
"""Clips in each transaction, as in the bulk job."""
WATCH_S = 1.0


@dataclass(frozen=True, slots=True)
class Growth:
    """Anonymous bytes of the service: before clips were added, at the peak, afterwards, and when opened fresh.

    ``writing_s`` is how long adding them took. ``questions`` were answered in all, ``failures`` of them with an error.
    """

    before_bytes: int
    most_bytes: int
    after_bytes: int
    fresh_bytes: int
    writing_s: float
    questions: int
    failures: int

    @property
    def above_fresh(self) -> float:
        """How far the memory is above that of the library opened fresh, as a share of the latter."""
        return self.after_bytes / self.fresh_bytes - 1


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    args = _parser().parse_args(argv)
    if min(args.clips, args.publish_every, args.connections) < 1 or not min(args.seconds, args.per_second) > 0:
        raise UsageError(
            "--clips, --publish-every and --connections must be at least 1, --seconds and --per-second above 0"
        )
    settings = Settings.from_env(os.environ)
    library = args.library or made(args.work, ENCODER, args.segments, seed=args.seed, settings=settings)
    clips = clips_in(library, settings)
    text = markdown(args, clips, run(library, clips, args))
    print(text)
    if args.report is not None:
        report.write(args.report, text + "\n")
    return 0


def run(library: Path, clips: int, args: argparse.Namespace) -> Growth:
    """Serve a copy of ``library``, which has ``clips``, while clips are added; then serve it fresh."""
    options = ("--workers", str(args.workers), "--threads", str(args.threads))
    with copy_of(library) as copy:
        with Served(copy, *options) as server, _watched(server) as memory:
            report_progress("asking before ...")
            before = _ask(server, clips, args, for_s=args.seconds)
            before_bytes = memory.settled()
            report_progress(f"{args.clips:,} clips come in ...")
            begun_s = time.monotonic()
            with _writing(copy, clips, args) as writer:
                meanwhile = _ask(server, clips, args, while_=writer.is_alive)
            writing_s = time.monotonic() - begun_s
            report_progress("asking after ...")
            after = _ask(server, clips + args.clips, args, for_s=args.seconds)
            after_bytes, most_bytes = memory.settled(), memory.most()
        with Served(copy, *options) as server, _watched(server) as memory:
            report_progress("asking it opened fresh ...")
            fresh = _ask(server, clips + args.clips, args, for_s=args.seconds)
            fresh_bytes = memory.settled()
    tallies = (before, meanwhile, after, fresh)
    return Growth(
        before_bytes,
        most_bytes,
        after_bytes,
        fresh_bytes,
        writing_s,
        questions=sum(tally.count for tally in tallies),
        failures=sum(tally.failures() for tally in tallies),
    )


def bring(library: Path, first: int, clips: int, publish_every: int, seed: int) -> None:
    """Write ``clips`` clips into a library, in batches like a bulk job's; their numbers begin at ``first``."""
    with wiring.library(library, Settings.from_env(os.environ)) as opened:
        (space,) = (space for space in opened.reader.spaces() if not space.is_melody)
        root = opened.writer.root("/incoming")
        source = VectorSource(synthetic_anchors(ANCHORS, space.dim, seed), seed)
        numbered = enumerate(by_clip(source, clips * SEGMENTS_PER_CLIP), first)
        changes = (clip_of(n, names.name(n), vectors, root.id, space.id) for n, vectors in numbered)
        written = published = 0
        with opened.writer.lease("bench growth", wait_s=5) as lease:
            while batch := list(itertools.islice(changes, BATCH)):
                opened.writer.apply(lease, batch)
                written += len(batch)
                if written - published >= publish_every:
                    opened.publisher.publish(space, lease)
                    published = written
            opened.publisher.publish(space, lease)


def markdown(args: argparse.Namespace, clips: int, grown: Growth) -> str:
    """Return the report."""
    rows = [
        ("before clips were added", grown.before_bytes),
        ("peak while clips were added", grown.most_bytes),
        (f"{args.seconds:g} s after the last clip", grown.after_bytes),
        ("same library opened fresh", grown.fresh_bytes),
    ]
    return "\n\n".join(
        [
            "## Memory of a service while clips are added",
            f"{this_machine().sentence()}; commit {HERE.commit()}",
            f"{args.clips:,} clips in {grown.writing_s:.0f} s into a library of {clips:,}, {BATCH} a "
            f"transaction, a snapshot at most every {args.publish_every:,} clips; {args.workers} worker(s) of "
            f"{args.threads} threads; {grown.questions:,} questions over {args.connections} connections, "
            f"{grown.failures} answered 5xx; anonymous memory of all of the service's processes, medians.",
            report.markdown_table(("memory", "MB"), [(name, f"{size / 1e6:.0f}") for name, size in rows]),
            f"Growth over the same library opened fresh: {grown.above_fresh:+.1%}.",
        ]
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.growth", description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, metavar="DIR", help="an existing library (default: a generated one)")
    parser.add_argument("--work", type=Path, default=WORK, metavar="DIR", help=f"folder for the library ({WORK})")
    parser.add_argument(
        "--segments", type=int, default=100_000, metavar="N", help="segments of the library (100 thousand)"
    )
    parser.add_argument("--clips", type=int, default=100_000, metavar="N", help="clips to add (100 thousand)")
    parser.add_argument(
        "--publish-every", type=int, default=20_000, metavar="N", help="publish a snapshot every N clips (20 thousand)"
    )
    parser.add_argument(
        "--seconds", type=float, default=60.0, metavar="S", help="seconds of questions before and after (60)"
    )
    parser.add_argument("--connections", type=int, default=4, metavar="N", help="client connections (4)")
    parser.add_argument("--per-second", type=float, default=50.0, metavar="N", help="questions a second, at most (50)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes of the service (1)")
    parser.add_argument("--threads", type=int, default=8, metavar="N", help="threads of each worker process (8)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed (7)")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the report to this file")
    return parser


class _Memory:
    """The memory of a service over time, sampled every `WATCH_S`."""

    def __init__(self, server: Served) -> None:
        self._server = server
        self._bytes = [server.own_bytes()]
        self._settled_from = 0

    def look(self) -> None:
        self._bytes.append(self._server.own_bytes())

    def settled(self) -> int:
        """The median of the last ten samples."""
        self.look()
        return int(np.median(self._bytes[-10:]))

    def most(self) -> int:
        return max(self._bytes)


@contextmanager
def _watched(server: Served) -> Iterator[_Memory]:
    memory, stop = _Memory(server), threading.Event()

    def watch() -> None:
        while not stop.wait(WATCH_S):
            memory.look()

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield memory
    finally:
        stop.set()
        thread.join()


@contextmanager
def _writing(library: Path, first: int, args: argparse.Namespace) -> Iterator[BaseProcess]:
    """The process that writes. Raises SoundalikeError if it fails."""
    context = multiprocessing.get_context("spawn")
    writer = context.Process(target=bring, args=(library, first, args.clips, args.publish_every, args.seed + 1))
    writer.start()
    try:
        yield writer
    finally:
        if sys.exc_info()[0] is not None:
            writer.terminate()
        writer.join()
    if writer.exitcode:
        raise SoundalikeError(f"the process that writes ended with status {writer.exitcode}")


def _ask(
    server: Served,
    clips: int,
    args: argparse.Namespace,
    *,
    for_s: float = float("inf"),
    while_: Callable[[], bool] = lambda: True,
) -> Tally:
    """Ask about ``clips`` repeatedly, at a rate that leaves processor time to the writer."""
    paced = _paced(_questions(shuffled(clips, args.seed)), args.per_second)
    questions = itertools.takewhile(lambda _: while_(), paced)
    return http_load.run(server.url, questions, args.connections, for_s)


def _paced(questions: Iterator[Request], per_second: float) -> Iterator[Request]:
    """The same questions, none before it is due."""
    begun_s = time.monotonic()
    for number, question in enumerate(questions):
        time.sleep(max(0.0, begun_s + number / per_second - time.monotonic()))
        yield question


def _questions(ids: Sequence[int]) -> Iterator[Request]:
    """Questions for similar clips, by words, for single clips and for pages of the list, in turn."""
    kinds = (
        itertools.cycle(stream("similar", ids)),
        itertools.cycle(stream("text", ids)),
        itertools.cycle(http_load.get("clip", f"{API}/clips/{clip}") for clip in ids),
        itertools.cycle(http_load.get("list", f"{API}/clips?limit=20&offset={clip}") for clip in ids),
    )
    for kind in itertools.cycle(kinds):
        yield next(kind)


if __name__ == "__main__":
    sys.exit(main())
