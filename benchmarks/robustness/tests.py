"""Run the tests repeatedly in random order under a load that keeps every processor busy: none may fail.

    python -m benchmarks.robustness.tests --rounds 20
    python -m benchmarks.robustness.tests --rounds 20 --at-once 2 --load 0

The tests are those of ``make test``. With ``--at-once`` several rounds run in parallel, each as the load of the others.

A test that depends on the machine's speed, on another test or on luck fails in one of the rounds. Each round has a
seed, printed with the command that runs the same order again: modules are shuffled, and the tests within each. Ctrl-C
ends the run and prints the results so far. The status is 1 if a round of this commit failed.

Whole rounds are kept in a folder (``--keep``) by commit and seed. The same command later runs those that are missing at
this commit; its report covers all kept rounds, of any commit. Rounds of code that has changed since its commit are
printed but not kept.

``--record FILE`` adds the whole rounds of all these tests to a small committed record
(`benchmarks.robustness.round_record`), which also has rounds from other machines and other runs.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import shlex
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.common import report as reports
from benchmarks.common.checkout import HERE
from benchmarks.common.machine import installed, this_machine
from benchmarks.common.report import markdown_table
from benchmarks.robustness.round_record import SLOWEST, Record, Recorded
from search.ground.ending import with_status

PLUGINS = ("pytest", "pytest-xdist", "pytest-random-order", "hypothesis")
KEPT = Path("run/rounds")
STOP_S = 60.0
"""How long an interrupted round may take to write its results."""
TAIL_LINES = 40
_BUSY = "import os\nparent = os.getppid()\nwhile os.getppid() == parent:\n    sum(range(1_000_000))"
"""Ends with the process that started it, however that one ends."""


@dataclass(frozen=True, slots=True)
class Options:
    """``paths``: what to run; if empty, all that ``make test`` runs. ``load``: processes that keep one processor busy
    each. ``at_once``: rounds in parallel.
    """

    rounds: int = 20
    workers: int = 2
    load: int = os.cpu_count() or 1
    at_once: int = 1
    seed: int = 7
    paths: tuple[str, ...] = ()

    @property
    def beside(self) -> str:
        """The conditions of a round, in words."""
        return f"{self.workers} workers, {self.load} busy processes, {self.at_once} rounds at once"

    def command(self, seed: int) -> list[str]:
        """Return the command line that runs the tests in a seed's order."""
        shared_out = ["-n", str(self.workers), "--dist", "worksteal"]
        return [sys.executable, "-m", "pytest", *shared_out, "--random-order-seed", str(seed), *self.paths]


@dataclass(frozen=True, slots=True)
class Ran:
    """One test in one round: its name as pytest accepts it, and its seconds including fixtures.

    ``failure`` is the reason of its failure, "" if it did not fail; ``trace`` the last lines of the traceback.
    """

    name: str
    seconds: float
    failure: str = ""
    trace: str = ""
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Round:
    """One run of the tests of a ``commit`` (`Checkout.commit`).

    ``status`` is pytest's, None if interrupted; ``output`` is the end of its output; ``at`` is when it ended (UTC).
    """

    commit: str
    seed: int
    seconds: float
    status: int | None
    ran: tuple[Ran, ...]
    output: str = ""
    at: str = ""

    @property
    def failures(self) -> list[Ran]:
        """The tests that failed."""
        return [one for one in self.ran if one.failure]

    @property
    def has_failed(self) -> bool:
        """Whether a test failed, or pytest itself."""
        return bool(self.failures) or self.status not in (0, None)

    def sentence(self) -> str:
        """Return one line."""
        skipped, failed = sum(one.skipped for one in self.ran), len(self.failures)
        passed = len(self.ran) - skipped - failed
        counts = f"{passed} passed, {skipped} skipped, {failed} failed in {self.seconds:.0f} s"
        end = {None: ", interrupted", 0: "", 1: ""}.get(self.status, f", pytest ended with status {self.status}")
        return f"seed {self.seed}: {counts}{end}"


@dataclass(frozen=True, slots=True)
class Kept:
    """The folder of whole rounds: one file for each commit and seed, by tests, workers and load."""

    folder: Path

    def add(self, options: Options, done: Round) -> None:
        """Keep a round, unless it was interrupted or its code differs from its commit."""
        if done.status is not None and done.commit.isalnum():
            reports.write(self._file(options, done.commit, done.seed), reports.to_json(done))

    def has(self, options: Options, commit: str, seed: int) -> bool:
        """Return whether this round is kept."""
        return self._file(options, commit, seed).exists()

    def rounds(self, options: Options) -> list[Round]:
        """Return all kept rounds, of every commit, in the order in which they were run."""
        files = sorted(self._of(options).glob("*.json"), key=lambda file: (file.stat().st_mtime_ns, file.name))
        return [_round(json.loads(file.read_text("utf-8"))) for file in files]

    def _of(self, options: Options) -> Path:
        asked = json.dumps(asdict(replace(options, rounds=0, seed=0)), sort_keys=True)
        return self.folder / hashlib.sha256(asked.encode()).hexdigest()[:12]

    def _file(self, options: Options, commit: str, seed: int) -> Path:
        return self._of(options) / f"{commit}-{seed}.json"


def _round(kept: dict[str, Any]) -> Round:
    return Round(**{**kept, "ran": tuple(Ran(**one) for one in kept["ran"])})


class RunningRounds:
    """The processes of running rounds: wait for one, or interrupt them all. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._going: set[subprocess.Popen[bytes]] = set()
        self._interrupted = False

    def wait(self, process: subprocess.Popen[bytes]) -> int | None:
        """Return pytest's status, None if interrupted. All processes that it started end with it."""
        with self._lock:
            self._going.add(process)
            if self._interrupted:
                _signal(process, signal.SIGINT)
        status = process.wait()
        with self._lock:
            self._going.discard(process)
            _signal(process, signal.SIGKILL)
            return None if self._interrupted else status

    def interrupt(self) -> None:
        """Ask running rounds, and later ones, to end; kill those that do not within a minute."""
        with self._lock:
            self._interrupted = True
            going = list(self._going)
            for process in going:
                _signal(process, signal.SIGINT)  # to its workers too, as Ctrl-C does; it waits 10 s for one that hangs
        until = time.monotonic() + STOP_S
        for process in going:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(until - time.monotonic(), 0))
            _signal(process, signal.SIGKILL)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send the signal to all processes that a process started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)


def run(options: Options, kept: Kept) -> Iterator[Round]:
    """Run the rounds that are not kept for this commit; keep each and yield it when it is done.

    After an interruption (SIGINT), yield the interrupted rounds last.
    """
    dice = random.Random(options.seed)  # noqa: S311 -- an order, not a secret
    seeds = [dice.randrange(100_000) for _ in range(options.rounds)]
    missing = [seed for seed in seeds if not kept.has(options, HERE.commit(), seed)]
    running = RunningRounds()
    with busy(options.load), ThreadPoolExecutor(options.at_once) as threads:
        begun = [threads.submit(run_once, options, seed, running) for seed in missing]
        try:
            for future in as_completed(begun):
                finished = future.result()
                kept.add(options, finished)
                yield finished
        except KeyboardInterrupt:
            running.interrupt()
            threads.shutdown(cancel_futures=True)
            ended = [future.result() for future in begun if not future.cancelled()]
            yield from (done for done in ended if done.status is None)
        finally:
            running.interrupt()


def run_once(options: Options, seed: int, running: RunningRounds) -> Round:
    """Run the tests once in the order of ``seed``; ``running`` can interrupt them."""
    commit = HERE.commit()
    with tempfile.TemporaryDirectory(prefix="soundalike-tests-") as folder:
        junit, output_file = Path(folder, "junit.xml"), Path(folder, "output.txt")
        extra = [f"--junit-xml={junit}", "-o", "junit_family=xunit1", "-p", "no:cacheprovider"]
        started_s = time.monotonic()
        with output_file.open("wb") as file:
            process = subprocess.Popen(  # noqa: S603 -- our own command
                [*options.command(seed), *extra],
                cwd=HERE.folder,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # the terminal's Ctrl-C reaches us alone; we pass it on to pytest once
            )
            status = running.wait(process)
        output = _tail(output_file.read_text("utf-8", "replace"))
        if HERE.commit() != commit:
            commit = f"{commit.rstrip('+')}+"  # the code changed meanwhile
        at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M")
        return Round(commit, seed, time.monotonic() - started_s, status, tuple(_read(junit)), output, at)


@contextmanager
def busy(count: int) -> Iterator[None]:
    """Keep ``count`` processors busy inside the block."""
    load = [subprocess.Popen([sys.executable, "-c", _BUSY]) for _ in range(count)]  # noqa: S603 -- our own code
    try:
        yield
    finally:
        for process in load:
            process.kill()
            process.wait()


def _read(junit: Path) -> Iterator[Ran]:
    """The results that pytest wrote; none if it could not even start."""
    if not junit.exists():
        return
    for case in ET.parse(junit).getroot().iter("testcase"):  # noqa: S314 -- written by pytest a moment ago
        problems = [child for child in case if child.tag in ("failure", "error")]
        yield Ran(
            name=f"{case.get('file', '')}::{case.get('name', '')}".removeprefix("::"),
            seconds=float(case.get("time", 0)),
            failure=" ".join((problems[0].get("message") or "it failed").split()) if problems else "",
            trace=_tail(problems[0].text or "") if problems else "",
            skipped=case.find("skipped") is not None,
        )


def _tail(text: str) -> str:
    return "\n".join(text.splitlines()[-TAIL_LINES:])


def record(file: Path, options: Options, rounds: Sequence[Round]) -> int:
    """Add whole rounds of committed code to a record; return how many were new. ``rounds`` are from this machine."""
    here = this_machine()
    machine = f"{here.processor}, {here.cores} cores, Python {here.python}"
    return Record(file).add(
        Recorded(
            commit=done.commit,
            seed=done.seed,
            workers=options.workers,
            load=options.load,
            at_once=options.at_once,
            at=done.at,
            machine=machine,
            seconds=round(done.seconds, 1),
            status=done.status,
            tests=len(done.ran),
            skipped=sum(one.skipped for one in done.ran),
            failed=tuple(one.name for one in done.failures),
            slowest=tuple((one.name, one.seconds) for one in sorted(done.ran, key=lambda one: -one.seconds)[:SLOWEST]),
        )
        for done in rounds
        if done.status is not None and done.commit.isalnum()
    )


def report(options: Options, rounds: Sequence[Round], slowest: int) -> str:
    """Return Markdown: the tests that failed and how to run them in that order, the slowest, and all rounds."""
    parts = (_failures(options, rounds), _slowest(rounds, slowest), _summary(rounds))
    return "\n\n".join(filter(None, parts))


def _failures(options: Options, rounds: Sequence[Round]) -> str:
    by_name: dict[str, list[tuple[Round, Ran]]] = defaultdict(list)
    for done in rounds:
        for one in done.failures:
            by_name[one.name].append((done, one))
    parts = [
        f"FAILED {name} in {len(met)} of {len(rounds)} rounds: {met[0][1].failure[:300]}\n"
        f"at {met[0][0].commit}:\n    {shlex.join(options.command(met[0][0].seed))}\n{met[0][1].trace}"
        for name, met in sorted(by_name.items(), key=lambda item: -len(item[1]))
    ]
    parts += [f"{done.sentence()}\n{done.output}" for done in rounds if done.status not in (0, 1, None)]
    return "\n".join(parts)


def _slowest(rounds: Sequence[Round], count: int) -> str:
    seconds: dict[str, list[float]] = defaultdict(list)
    for done in rounds:
        for one in done.ran:
            seconds[one.name].append(one.seconds)
    slowest = sorted(seconds.items(), key=lambda item: -statistics.median(item[1]))[:count]
    rows = [(name, f"{statistics.median(each):.1f}", f"{max(each):.1f}") for name, each in slowest]
    return markdown_table(("slowest tests", "median s", "longest s"), rows) if rows else ""


def _summary(rounds: Sequence[Round]) -> str:
    """A row for each commit, in the order of its first round, and one for all."""
    by_commit: dict[str, list[Round]] = defaultdict(list)
    for done in rounds:
        by_commit[done.commit].append(done)
    rows = [_row(commit, of_commit) for commit, of_commit in by_commit.items()]
    if len(rows) != 1:
        rows.append(_row(f"{len(rows)} commits", rounds))
    return markdown_table(("commit", "complete rounds", "failed", "tests", "median s", "longest s"), rows)


def _row(what: str, rounds: Sequence[Round]) -> tuple[str, ...]:
    whole = [done for done in rounds if done.status is not None]
    seconds = [done.seconds for done in whole] or [0.0]
    tests = max((len(done.ran) for done in whole), default=0)
    failed = sum(done.has_failed for done in rounds)
    return what, str(len(whole)), str(failed), str(tests), f"{statistics.median(seconds):.0f}", f"{max(seconds):.0f}"


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if no round of this commit failed, 1 if one did, 130 if interrupted before that."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness.tests", description=__doc__.splitlines()[0])
    usual = Options()
    parser.add_argument("--rounds", type=int, default=usual.rounds, metavar="N")
    parser.add_argument("--workers", type=int, default=usual.workers, metavar="N", help="processes that run tests (2)")
    parser.add_argument(
        "--load", type=int, default=usual.load, metavar="N", help="processes that keep processors busy (one for each)"
    )
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="rounds to run in parallel (1)")
    parser.add_argument(
        "--seed",
        type=int,
        default=usual.seed,
        metavar="N",
        help=f"seed that the rounds' seeds are drawn from ({usual.seed})",
    )
    parser.add_argument("--slowest", type=int, default=20, metavar="N", help="number of slowest tests to list (20)")
    parser.add_argument("--only", nargs="+", default=(), metavar="PATH", help="tests to run (all)")
    parser.add_argument(
        "--keep", type=Path, default=KEPT, metavar="FOLDER", help=f"folder for complete rounds ({KEPT})"
    )
    parser.add_argument(
        "--record", type=Path, metavar="FILE.jsonl", help="append complete rounds of all tests to this file"
    )
    args = parser.parse_args(argv)
    if args.record and args.only:
        parser.error("--record is for rounds of all tests, without --only")
    options = Options(args.rounds, args.workers, args.load, args.at_once, args.seed, tuple(args.only))
    kept = Kept(args.keep)
    rounds = kept.rounds(options)
    if rounds:
        print(f"{len(rounds)} rounds are kept in {args.keep}", flush=True)
    for done in run(options, kept):
        rounds.append(done)
        print(f"round {len(rounds)}, {done.sentence()}", flush=True)
        if args.record:
            record(args.record, options, [done])
    if args.record:
        print(f"{record(args.record, options, rounds)} of the rounds that were kept were added to {args.record}")
    versions = ", ".join(f"{name} {version}" for name in PLUGINS if (version := installed(name)))
    print(f"\n{report(options, rounds, args.slowest)}\n")
    print(f"{options.beside}, seed {options.seed}. {versions}.")
    print(this_machine().sentence())
    commit = HERE.commit()
    if any(done.has_failed for done in rounds if done.commit == commit):
        return 1
    return 130 if rounds and rounds[-1].status is None else 0


if __name__ == "__main__":
    sys.exit(main())
