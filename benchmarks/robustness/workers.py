"""Two workers that share a job, compared with one process that does it alone; and shared jobs whose workers are killed.

    python -m benchmarks.robustness.workers --clips 600 --rounds 3 --kills 4 --pause 5

Prints wall and CPU seconds of both ways, run in turn, and their ratio. Then it prints how many clips the job with kills
lost, has twice or has with differences; each should be 0. Workers are killed with SIGKILL at random moments, and each
time another worker is started. ``--pause`` stops one worker for this many seconds (SIGSTOP) at another such moment.

With ``--server URL`` the catalog of every library is in a new database on that PostgreSQL server. ``--restart COMMAND``
is run at one more such moment. For a server that the tests provide, and that is killed and started again:

    python -m tests.postgresql python -m benchmarks.robustness.workers --server URL --restart RESTART --pause 30
"""

from __future__ import annotations

import argparse
import os
import resource
import shlex
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit, urlunsplit

import numpy as np

from benchmarks.common import synthetic
from benchmarks.common.machine import this_machine
from benchmarks.robustness.kills import contents, same
from search.errors import SoundalikeError
from search.ground.ending import with_status
from search.settings import DEFAULT_ENCODER, Settings

WORKERS = 2


@dataclass(frozen=True, slots=True)
class Options:
    """How many clips of about how many seconds, how often each way, how many kills, and the encoder and seed.

    ``pause``: seconds that a worker is stopped, 0 for none. ``server``: the address of any database on the PostgreSQL
    server for the catalogs, empty for SQLite; ``restart`` is the command that restarts this server.
    """

    clips: int = 600
    seconds: int = 10
    rounds: int = 3
    kills: int = 4
    pause: int = 0
    encoder: str = DEFAULT_ENCODER
    seed: int = 7
    server: str = ""
    restart: str = ""


@dataclass(frozen=True, slots=True)
class Spent:
    """What a job took: wall-clock seconds, and CPU seconds of all its processes, workers included."""

    wall_s: float
    cpu_s: float


@dataclass(frozen=True, slots=True)
class Outcome:
    """What each way took for a single clip (``starting``) and, round by round, for all clips; what the job with
    ``kills`` took and did to the library.
    """

    starting: tuple[Spent, Spent]
    alone: tuple[Spent, ...]
    shared: tuple[Spent, ...]
    kills: int
    killed: Spent
    clips: int
    lost: int
    twice: int
    different: int

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, written twice or different."""
        return not (self.lost or self.twice or self.different)


def run(options: Options, folder: Path, settings: Settings) -> Outcome:
    """Index both ways in turn, then with kills; ``folder`` is scratch. Raises SoundalikeError for a job that fails."""
    sounds = folder / "sounds"
    synthetic.write_clips(sounds, options.clips, options.seed, seconds=(0.5 * options.seconds, 1.5 * options.seconds))
    one = folder / "one"
    synthetic.write_clips(one, 1, options.seed)
    share = ("--share", str(WORKERS))

    def timed(sounds: Path, name: str, *more: str) -> Spent:
        _make(folder / name, options)
        return _timed(_index(sounds, folder / name, options, *more))

    starting = (timed(one, "alone_one"), timed(one, "shared_one", *share))
    alone, shared = [], []
    for number in range(options.rounds):
        alone.append(timed(sounds, f"alone{number}"))
        shared.append(timed(sounds, f"shared{number}", *share))
    calm_s = median(spent.wall_s for spent in shared)
    _make(folder / "killed", options)
    kills, killed = _with_kills(sounds, folder / "killed", options, calm_s)
    reference, left = contents(folder / "alone0", settings), contents(folder / "killed", settings)
    both = reference.keys() & left.keys()
    return Outcome(
        starting,
        tuple(alone),
        tuple(shared),
        kills,
        killed,
        len(reference),
        lost=len(reference.keys() - left.keys()),
        twice=sum(len(clips) - 1 for clips in left.values()) + len(left.keys() - reference.keys()),
        different=sum(not same(reference[path][0], left[path][0]) for path in both),
    )


def _make(library: Path, options: Options) -> None:
    """Make an empty library whose catalog is on the server. Without a server the job makes its library itself."""
    if not options.server:
        return
    import psycopg

    name = f"workers_{library.name}_{os.getpid()}"
    with psycopg.connect(options.server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}".encode())
        connection.execute(f"ALTER DATABASE {name} SET synchronous_commit = on".encode())  # commits are durable
    url = urlunsplit(urlsplit(options.server)._replace(path=f"/{name}"))
    words = ["init", "--library", str(library), "--catalog", url]
    subprocess.run([sys.executable, "-m", "search.cli", *words], check=True, stdout=subprocess.DEVNULL)  # noqa: S603


def _index(sounds: Path, library: Path, options: Options, *more: str) -> list[str]:
    words = ["index", str(sounds), "--library", str(library), "--encoder", options.encoder]
    return [sys.executable, "-m", "search.cli", *words, "--workers", str(WORKERS), "--quiet", *more]


def _timed(command: Sequence[str]) -> Spent:
    started_s, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    _finish(subprocess.Popen(command, stderr=subprocess.PIPE))  # noqa: S603  # our own command
    return _spent_since(started_s, before)


def _spent_since(started_s: float, before: resource.struct_rusage) -> Spent:
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu_s = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Spent(time.monotonic() - started_s, cpu_s)


def _finish(process: subprocess.Popen[bytes]) -> None:
    _, stderr = process.communicate()
    if process.returncode:
        raise SoundalikeError(f"the job ended with status {process.returncode}: {stderr.decode(errors='replace')}")


def _with_kills(sounds: Path, library: Path, options: Options, calm_s: float) -> tuple[int, Spent]:
    """Plan and wait in one process; start workers, kill one at each of the moments, and start another in its place."""
    workers: list[subprocess.Popen[bytes]] = []
    kills = 0

    def kill() -> None:
        nonlocal kills
        victim = workers.pop(0)
        victim.kill()
        victim.wait()
        kills += 1
        workers.append(_worker(library))

    accidents: list[Callable[[], object]] = [kill] * options.kills
    if options.pause:
        accidents.append(lambda: _pause(workers[-1], options.pause))
    if options.restart:
        accidents.append(lambda: subprocess.run(shlex.split(options.restart), check=True))  # noqa: S603  # the user's own command
    moments = np.random.default_rng(options.seed).uniform(0.2 * calm_s, 0.9 * calm_s, len(accidents))
    started_s, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
    command = _index(sounds, library, options, "--share", "0")
    job = subprocess.Popen(command, stderr=subprocess.PIPE)  # noqa: S603  # our own command
    while not (options.server or (library / "catalog.sqlite").exists() or job.poll() is not None):
        time.sleep(0.01)
    workers += [_worker(library) for _ in range(WORKERS)]
    for place in np.argsort(moments).tolist():
        try:
            job.wait(max(0.0, started_s + float(moments[place]) - time.monotonic()))
            break  # the job finished earlier
        except subprocess.TimeoutExpired:
            accidents[place]()
    _finish(job)
    for worker in workers:
        worker.send_signal(signal.SIGCONT)
        worker.terminate()
        worker.wait()
    return kills, _spent_since(started_s, before)


def _pause(worker: subprocess.Popen[bytes], seconds: int) -> None:
    """Stop a worker, and let it continue after ``seconds``, without waiting for that."""
    worker.send_signal(signal.SIGSTOP)
    timer = threading.Timer(seconds, worker.send_signal, [signal.SIGCONT])
    timer.daemon = True
    timer.start()


def _worker(library: Path) -> subprocess.Popen[bytes]:
    words = ["work", "--library", str(library), "--workers", "1", "--quiet"]
    return subprocess.Popen([sys.executable, "-m", "search.cli", *words], stderr=subprocess.DEVNULL)  # noqa: S603  this interpreter


def report(outcome: Outcome, options: Options) -> list[str]:
    """Return the printed lines."""
    lines = [
        f"{outcome.clips} clips of {options.seconds} s, {options.encoder}, catalogs in "
        f"{'PostgreSQL' if options.server else 'SQLite'}, {options.rounds} rounds in turn, medians"
    ]
    medians = {}
    for name, spent in (("one process", outcome.alone), (f"{WORKERS} workers by claims", outcome.shared)):
        wall_s, cpu_s = (median(getattr(one, field) for one in spent) for field in ("wall_s", "cpu_s"))
        medians[name] = wall_s, cpu_s
        lines.append(f"  {name:22} {wall_s:7.1f} s wall {cpu_s:7.1f} s CPU {outcome.clips / wall_s:7.1f} clips/s")
    (alone_wall, alone_cpu), (shared_wall, shared_cpu) = medians.values()
    ratios = sorted(one.wall_s / two.wall_s for one, two in zip(outcome.alone, outcome.shared, strict=True))
    lines.append(
        f"  ratio of the paces: {alone_wall / shared_wall:.2f} by the clock ({ratios[0]:.2f} to {ratios[-1]:.2f}), "
        f"{alone_cpu / shared_cpu:.2f} by CPU, the start of the processes and the loading of encoders counted"
    )
    one, two = outcome.starting
    lines.append(
        f"  without what a job of one clip takes ({one.cpu_s:.1f} and {two.cpu_s:.1f} s CPU, {one.wall_s:.1f} and "
        f"{two.wall_s:.1f} s wall): {(alone_wall - one.wall_s) / (shared_wall - two.wall_s):.2f} by the clock, "
        f"{(alone_cpu - one.cpu_s) / (shared_cpu - two.cpu_s):.2f} by CPU"
    )
    killed = outcome.killed
    paused = f", one stopped for {options.pause} s" if options.pause else ""
    paused += ", the database started again once" if options.restart else ""
    lines.append(
        f"{outcome.kills} kills of workers{paused}: {killed.wall_s:.1f} s wall ({shared_wall / killed.wall_s:.2f} of "
        f"the calm pace), {killed.cpu_s:.1f} s CPU ({shared_cpu / killed.cpu_s:.2f}); "
        f"{outcome.lost} lost, {outcome.twice} twice, {outcome.different} different of {outcome.clips}"
    )
    return lines


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if nothing was lost, written twice or different."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness.workers", description=__doc__.splitlines()[0]
    )
    usual = Options()
    for name in ("clips", "seconds", "rounds", "kills", "pause", "seed"):
        parser.add_argument(f"--{name}", type=int, default=getattr(usual, name), metavar="N")
    parser.add_argument("--encoder", default=usual.encoder, metavar="NAME")
    parser.add_argument(
        "--server", default="", metavar="URL", help="keep the catalogs on this PostgreSQL server (default: SQLite)"
    )
    parser.add_argument("--restart", default="", metavar="COMMAND", help="command that restarts that server, run once")
    options = Options(**vars(parser.parse_args(argv)))
    settings = Settings.from_env(os.environ)
    with tempfile.TemporaryDirectory(prefix="soundalike-workers-") as folder:
        outcome = run(options, Path(folder), settings)
    print("\n".join(report(outcome, options)))
    print(this_machine().sentence(), f"load {os.getloadavg()[0]:.1f}")
    return 0 if outcome.passed else 1


if __name__ == "__main__":
    sys.exit(main())
