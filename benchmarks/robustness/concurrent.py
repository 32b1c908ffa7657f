"""Several processes search a library while another fills it: count errors, and hits without a clip or segment.

    python -m benchmarks.robustness.concurrent --clips 5000 --searchers 4

Each searcher opens the library as a program would and asks, by clip and by words, until the job has finished. A hit is
dangling if its clip or segment is not in the catalog when it is read after the answer. Nothing is removed meanwhile.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event, Semaphore
from pathlib import Path

import numpy as np

from benchmarks.common import synthetic
from benchmarks.common.machine import this_machine
from search import wiring
from search.api import Library
from search.errors import SoundalikeError
from search.ground import process
from search.ground.ending import with_status
from search.model import ClipPart, Hit, Query, TextPart
from search.settings import Settings

FIRST_CLIPS = 50
"""Clips that are indexed before the searchers start, so that there is something to find from the start."""


@dataclass(frozen=True, slots=True)
class Tally:
    """What one searcher counted."""

    searches: int = 0
    hits: int = 0
    errors: int = 0
    dangling: int = 0
    slowest_ms: float = 0.0

    def plus(self, other: Tally) -> Tally:
        """Return the sum of both."""
        return Tally(
            self.searches + other.searches,
            self.hits + other.hits,
            self.errors + other.errors,
            self.dangling + other.dangling,
            max(self.slowest_ms, other.slowest_ms),
        )


def run(clips: int, searchers: int, encoder: str, seed: int, folder: Path) -> Tally:
    """Search with ``searchers`` processes while ``clips`` clips are indexed; return the sum of what they counted."""
    first, rest = folder / "first", folder / "rest"
    synthetic.write_clips(first, FIRST_CLIPS, seed)
    synthetic.write_clips(rest, clips, seed + 1)
    library = folder / "library"
    _index(first, library, encoder)
    context = multiprocessing.get_context("spawn")
    begun, over = context.Semaphore(0), context.Event()
    results = [folder / f"searcher{number}.json" for number in range(searchers)]
    crew = [
        context.Process(target=search_until, args=(library, begun, over, seed + number, result))
        for number, result in enumerate(results)
    ]
    for searcher in crew:
        searcher.start()
    try:
        _wait_until_all_search(crew, begun)
        _index(rest, library, encoder)
    finally:
        over.set()
        for searcher in crew:
            searcher.join()
    total = Tally()
    for searcher, result in zip(crew, results, strict=True):
        met = Tally(**json.loads(result.read_text())) if result.exists() else Tally(errors=1)
        total = total.plus(met)
        if searcher.exitcode:
            total = total.plus(Tally(errors=1))
    return total


def _wait_until_all_search(crew: Sequence[BaseProcess], begun: Semaphore) -> None:
    """Each searcher releases ``begun`` once. One that ends before that is counted as an error later."""
    for _ in crew:
        while not begun.acquire(timeout=0.1):
            if not all(searcher.is_alive() for searcher in crew):
                return


def search_until(library: Path, begun: Semaphore, over: Event, seed: int, result: Path) -> None:
    """Search until ``over`` is set, and write the tally to ``result``; after the first search release ``begun``."""
    rng = np.random.default_rng(seed)
    with wiring.library(library, Settings.from_env(os.environ), read_only=True) as opened:
        tally = _search(opened, rng)
        begun.release()
        while not over.is_set():
            tally = tally.plus(_search(opened, rng))
    result.write_text(json.dumps(asdict(tally)))


def _search(library: Library, rng: np.random.Generator) -> Tally:
    part = TextPart(f"{rng.integers(5_000):06d}") if rng.random() < 0.3 else ClipPart(int(rng.integers(1, FIRST_CLIPS)))
    started = time.perf_counter()
    try:
        hits = library.search(Query((part,), k=20)).hits
        dangling = sum(not _stands(library, hit) for hit in hits)
    except SoundalikeError as error:
        print(f"error while searching {part}: {error}", file=sys.stderr)
        return Tally(searches=1, errors=1)
    return Tally(1, len(hits), 0, dangling, (time.perf_counter() - started) * 1e3)


def _stands(library: Library, hit: Hit) -> bool:
    """Whether the catalog has the hit's clip, and its segment among those of the clip's content."""
    stored = library.reader.clips([hit.clip_id])
    if not stored:
        return False
    if hit.segment_id < 0:
        return True  # found by its name alone
    encoding = library.reader.encoding(stored[0].content_id, library.spaces.get().id)
    return encoding is not None and hit.segment_id in encoding.segment_ids


def _index(sounds: Path, library: Path, encoder: str) -> None:
    command = [sys.executable, "-m", "search.cli", "index", str(sounds), "--library", str(library)]
    done = subprocess.run(  # noqa: S603  # our own command
        [*command, "--encoder", encoder, "--quiet"], capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SoundalikeError(f"the job ended with status {done.returncode}: {done.stderr.strip()}")


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0 without an error or a dangling hit."""
    process.own()
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness.concurrent", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--clips", type=int, default=5_000, metavar="N")
    parser.add_argument("--searchers", type=int, default=4, metavar="N")
    parser.add_argument("--encoder", default="spectral", metavar="NAME")
    parser.add_argument("--seed", type=int, default=7, metavar="N")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="soundalike-concurrent-") as folder:
        met = run(args.clips, args.searchers, args.encoder, args.seed, Path(folder))
    print(
        f"{args.searchers} searchers beside a job of {args.clips} clips ({args.encoder}, seed {args.seed}): "
        f"{met.searches} searches, {met.hits} hits, {met.errors} errors, {met.dangling} dangling hits, "
        f"slowest {met.slowest_ms:.0f} ms"
    )
    print(this_machine().sentence())
    return 0 if not (met.errors or met.dangling) else 1


if __name__ == "__main__":
    sys.exit(main())
