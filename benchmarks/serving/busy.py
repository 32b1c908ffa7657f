"""How a job that indexes clips into the served library delays answers, compared with the same load without the job.

    python -m benchmarks.serving.busy --report docs/figures/busy.md

Each round serves a fresh copy of the library with ``soundalike serve`` and asks for similar clips over keep-alive
connections: first without a job, then until the job ends, or for ``--beside`` seconds of it. ``--checkout`` measures
the code of another commit in turn with this one's. Only HTTP and the command line are used, so the other commit may be
any that can open the library. If it is older, let it make the library and pass that with ``--library``.

``--job command`` runs ``soundalike index`` in a process of its own. With ``--job uploads`` a client uploads files to
``POST /api/v1/clips``, a hundred per request, and the service indexes each request in a job. Either job indexes
generated clips of about a second with the encoder ``spectral``. The load generator runs on the same machine. To show
how much of the delay comes from sharing the machine, ``--job elsewhere`` runs the same command into a library that is
not served.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from benchmarks.common import report, synthetic
from benchmarks.common.checkout import HERE, Checkout
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.serving import http_load
from benchmarks.serving.http_load import Tally
from benchmarks.serving.library import WORK, clips_in, clips_now, copy_of, made
from benchmarks.serving.questions import API, shuffled, stream
from benchmarks.serving.served import Served
from search.errors import SoundalikeError, UsageError
from search.ground.ending import with_status
from search.settings import Settings

ENCODER = "spectral"
JOBS = ("command", "uploads", "elsewhere")
FILES_A_REQUEST = 100
POLL_S = 0.5
WARM_UP_S = 3.0


@dataclass(frozen=True, slots=True)
class Half:
    """Answers in one half of a round, with or without the job: how many per second, and milliseconds of each."""

    per_second: float
    p50_ms: float
    p99_ms: float
    slowest_ms: float
    failures: int


@dataclass(frozen=True, slots=True)
class Round:
    """One round of one commit. ``job_s``: how long its job ran or was watched; ``indexed``: the clips it indexed."""

    commit: str
    quiet: Half
    busy: Half
    job_s: float
    indexed: int

    @property
    def ratio(self) -> float:
        """The 99th percentile with the job, as a multiple of the one without it."""
        return self.busy.p99_ms / self.quiet.p99_ms


class Job(Protocol):
    """A running job that indexes clips into a library."""

    def is_over(self) -> bool:
        """Return whether it has ended, successfully or not."""

    def check(self) -> None:
        """Raise SoundalikeError if it failed."""

    def end(self) -> None:
        """Stop what still runs of it."""


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    args = _parser().parse_args(argv)
    if min(args.rounds, args.clips, args.connections) < 1 or not min(args.seconds, args.beside) > 0:
        raise UsageError("--rounds, --clips and --connections must be at least 1, --seconds and --beside more than 0")
    settings = Settings.from_env(os.environ)
    checkouts = [*([Checkout.at(args.checkout)] if args.checkout else []), HERE]
    library = args.library or made(args.work, ENCODER, args.segments, seed=args.seed, settings=settings)
    sounds = _sounds(args.work, args.clips, args.seed)
    rounds = []
    for number, checkout in itertools.product(range(args.rounds), checkouts):
        report_progress(f"round {number + 1}, {checkout.commit()} ...")
        rounds.append(measured(checkout, library, sounds, args, settings))
        one = rounds[-1]
        report_progress(f"  {one.ratio:.2f} times the 99th percentile; {one.indexed} clips in {one.job_s:.0f} s")
    text = markdown(args, clips_in(library, settings), rounds)
    print(text)
    if args.report is not None:
        report.write(args.report, text + "\n")
    return 0


def measured(checkout: Checkout, library: Path, sounds: Path, args: argparse.Namespace, settings: Settings) -> Round:
    """Run one round: ``checkout`` serves a copy of ``library``, first without the job, then with it."""
    clips = clips_in(library, settings)
    ids = shuffled(clips, args.seed)
    endless = itertools.cycle(stream("similar", ids))
    options = ("--workers", str(args.workers), "--threads", str(args.threads))
    with copy_of(library) as copy, Served(copy, *options, checkout=checkout) as server:
        http_load.run(server.url, endless, args.connections, min(WARM_UP_S, args.seconds))
        quiet = http_load.run(server.url, endless, args.connections, args.seconds)
        begun_s = time.monotonic()
        target = copy.with_name("elsewhere") if args.job == "elsewhere" else copy
        before = clips_now(target, settings)
        job = _begun(checkout, sounds, target, server.url, args.job)
        try:
            while_it_runs = itertools.takewhile(lambda _: not job.is_over(), endless)
            busy = http_load.run(server.url, while_it_runs, args.connections, args.beside)
            job_s = time.monotonic() - begun_s
            indexed = clips_now(target, settings) - before
            if job.is_over():
                job.check()
        finally:
            job.end()
    return Round(checkout.commit(), _half(quiet), _half(busy), job_s, indexed)


def markdown(args: argparse.Namespace, clips: int, rounds: Sequence[Round]) -> str:
    """Return the report: medians over the rounds of each commit."""
    commits = list(dict.fromkeys(one.commit for one in rounds))
    rows = []
    for commit in commits:
        own = [one for one in rounds if one.commit == commit]
        rows += [
            _row(f"{commit}, quiet", [one.quiet for one in own]),
            _row(f"{commit}, job", [one.busy for one in own]),
        ]
    lines = [
        "## Answers while a job indexes",
        this_machine().sentence(),
        f"`similar` in a library of {clips:,} clips, {args.connections} connections, {args.workers} worker(s) of "
        f"{args.threads} threads; the job is {_job_in_words(args)}; {args.rounds} round(s), each {args.seconds:g} s "
        f"without the job and then {_until(args)}, medians of rounds; load generator on the same machine; load average "
        f"{os.getloadavg()[0]:.1f} at the end.",
        report.markdown_table(("commit", "a second", "p50 ms", "p99 ms", "slowest ms", "5xx"), rows),
    ]
    for commit in commits:
        own = [one for one in rounds if one.commit == commit]
        each = ", ".join(f"{one.ratio:.2f}" for one in own)
        speed = float(np.median([one.indexed / one.job_s for one in own]))
        lines.append(
            f"{commit}: the 99th percentile with the job is {np.median([one.ratio for one in own]):.2f} times that "
            f"without (rounds: {each}); the job indexed {speed:.1f} clips a second."
        )
    return "\n\n".join(lines)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.busy", description=__doc__.splitlines()[0])
    parser.add_argument("--checkout", type=Path, metavar="DIR", help="measure another checkout in turn with this one")
    parser.add_argument("--library", type=Path, metavar="DIR", help="an existing library (default: a generated one)")
    parser.add_argument(
        "--work", type=Path, default=WORK, metavar="DIR", help=f"folder for the library and the clips ({WORK})"
    )
    parser.add_argument(
        "--segments", type=int, default=100_000, metavar="N", help="segments of the library (100 thousand)"
    )
    parser.add_argument(
        "--clips", type=int, default=20_000, metavar="N", help="clips that the job indexes (20 thousand)"
    )
    parser.add_argument("--job", choices=JOBS, default="command", help="what indexes them (command)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="rounds; medians are reported (3)")
    parser.add_argument(
        "--seconds", type=float, default=30.0, metavar="S", help="seconds of each round without the job (30)"
    )
    parser.add_argument(
        "--beside",
        type=float,
        default=float("inf"),
        metavar="S",
        help="seconds of each round with the job (until it ends)",
    )
    parser.add_argument("--connections", type=int, default=16, metavar="N", help="client connections (16)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="worker processes of the service (1)")
    parser.add_argument("--threads", type=int, default=8, metavar="N", help="threads of each worker process (8)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed (7)")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the report to this file")
    return parser


def _sounds(work: Path, clips: int, seed: int) -> Path:
    """The folder of clips kept below ``work``; made if it does not exist."""
    folder = (work / f"clips-{clips}-{seed}").absolute()
    done = folder.with_suffix(".complete")
    if not done.exists():
        report_progress(f"making {clips:,} clips (once) ...")
        synthetic.write_clips(folder, clips, seed)
        done.touch()
    return folder


def _begun(checkout: Checkout, sounds: Path, target: Path, url: str, job: str) -> Job:
    return Uploads(url, sounds) if job == "uploads" else IndexCommand(checkout, sounds, target)


def _until(args: argparse.Namespace) -> str:
    return "until it ends" if args.beside == float("inf") else f"{args.beside:g} s beside it"


def _half(tally: Tally) -> Half:
    if tally.statuses.keys() - {200} or tally.broken:
        report_progress(f"  answers: {dict(tally.statuses)}, broken {tally.broken}, {tally.errors[:2]}")
    p50_ms, p99_ms, slowest_ms = (tally.percentile("similar", q) for q in (50, 99, 100))
    return Half(tally.per_second, p50_ms, p99_ms, slowest_ms, tally.failures())


def _row(name: str, halves: Sequence[Half]) -> tuple[str, ...]:
    columns = [(half.per_second, half.p50_ms, half.p99_ms, half.slowest_ms) for half in halves]
    return (name, *(f"{value:.1f}" for value in np.median(columns, axis=0)), str(sum(half.failures for half in halves)))


def _job_in_words(args: argparse.Namespace) -> str:
    if args.job != "uploads":
        into = ", into another library" if args.job == "elsewhere" else ""
        return f"`soundalike index` of {args.clips:,} clips of about a second{into}, encoder {ENCODER}"
    return (
        f"{args.clips:,} clips of about a second that a client uploads, {FILES_A_REQUEST} a request, and the service's "
        f"jobs that index them, encoder {ENCODER}"
    )


class IndexCommand:
    """``soundalike index`` in a process of its own."""

    def __init__(self, checkout: Checkout, sounds: Path, library: Path) -> None:
        words = ("index", str(sounds), "--library", str(library), "--encoder", ENCODER, "--quiet")
        self._process = subprocess.Popen(  # noqa: S603 - our own command
            checkout.soundalike(*words),
            cwd=checkout.folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )

    def is_over(self) -> bool:
        """See `Job.is_over`."""
        return self._process.poll() is not None

    def check(self) -> None:
        """See `Job.check`."""
        if self._process.returncode != 0:
            printed = self._process.stderr.read() if self._process.stderr else ""
            raise SoundalikeError(f"the job ended with status {self._process.returncode}: {printed.strip()[-500:]}")

    def end(self) -> None:
        """See `Job.end`."""
        with suppress(ProcessLookupError):
            self._process.terminate()
        self._process.communicate()


class Uploads:
    """A client that uploads files as fast as the service accepts them, and waits until the service has indexed them."""

    def __init__(self, url: str, sounds: Path) -> None:
        self._url = url
        self._files = sorted(sounds.rglob("*.wav"))
        self._stop = threading.Event()
        self._problems: list[str] = []
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def is_over(self) -> bool:
        """See `Job.is_over`."""
        return not self._thread.is_alive()

    def check(self) -> None:
        """See `Job.check`."""
        if self._problems:
            raise SoundalikeError(f"uploads that were not indexed: {self._problems[0]}")

    def end(self) -> None:
        """See `Job.end`."""
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        sent = http_load.run(self._url, self._requests(), 1, float("inf"))
        if sent.broken or sent.statuses.keys() - {202}:
            self._problems.append(f"answers {dict(sent.statuses)}, {sent.broken} broken, {sent.errors[:1]}")
            return
        while not self._stop.wait(POLL_S):
            jobs = self._jobs()
            self._problems += [str(job) for job in jobs if job["state"] not in ("queued", "running", "done")]
            if self._problems or all(job["state"] == "done" for job in jobs):
                return

    def _requests(self) -> Iterator[http_load.Request]:
        for start in range(0, len(self._files), FILES_A_REQUEST):
            if self._stop.is_set():
                return
            batch = self._files[start : start + FILES_A_REQUEST]
            yield http_load.form("clips", f"{API}/clips", [("files", file.name, file.read_bytes()) for file in batch])

    def _jobs(self) -> list[dict[str, object]]:
        """The newest jobs. Earlier ones are done when the oldest of these begins."""
        with urllib.request.urlopen(f"{self._url}{API}/jobs?limit=100", timeout=60) as response:  # noqa: S310  a service of this machine
            jobs: list[dict[str, object]] = json.loads(response.read())["jobs"]
        return jobs


if __name__ == "__main__":
    sys.exit(main())
