"""How soon machines that only have a library's URLs give the publisher's answers, and how two readers scale.

    python -m benchmarks.scale.readers --segments 1000000

A synthetic library is published into a folder that serves as a store. Each reader is a process with its own cache: it
fetches the library, asks by clips, and reports its findings. Its computations use one thread each. Neighbourhoods are
off, because making them takes longer than everything else.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from statistics import median
from typing import Final

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import markdown_table
from benchmarks.index.vectors import SEGMENTS_PER_CLIP, VectorSource, synthetic_anchors
from benchmarks.speed.library import clip_of, few_words, make, synthetic_spec
from search import wiring
from search.api import Library
from search.ground import process
from search.ground.ending import with_status
from search.model import ClipPart, Query
from search.settings import Settings

DIM: Final = 384
K: Final = 10
ADDED_SHARE: Final = 0.01
ROUNDS: Final = 3
_READ: Final = "--read"


@dataclass(frozen=True, slots=True)
class Read:
    """A reader: wall and CPU seconds to its first answer; CPU seconds of its questions; a digest of all answers."""

    ready_s: float
    ready_cpu_s: float
    cpu_s: float
    answers: str


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    process.own()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale.readers", description=__doc__)
    parser.add_argument(
        "--segments", type=int, default=1_000_000, metavar="N", help="segments of the library (1000000)"
    )
    parser.add_argument("--questions", type=int, default=2_000, metavar="N", help="questions for each reader (2000)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="random seed (7)")
    parser.add_argument("--folder", type=Path, metavar="DIR", help="folder for the library (a temporary one)")
    parser.add_argument(_READ, type=Path, metavar="DIR", help=argparse.SUPPRESS)
    args = parser.parse_args(argv)
    settings = replace(Settings.from_env(os.environ), neighbourhoods=False)
    if args.read:
        print(json.dumps(asdict(read(args.read, args.segments, args.questions, settings))))
        return 0
    with tempfile.TemporaryDirectory(dir=args.folder) as name:
        print(_measured(Path(name).resolve(), args.segments, args.questions, args.seed, settings))
    return 0


def read(path: Path, segments: int, questions: int, settings: Settings) -> Read:
    """Open a library, and ask."""
    begun_s, begun_cpu_s = time.perf_counter(), time.process_time()
    with wiring.library(path, settings, read_only=True) as library:
        _answer(library, 1)
        ready_s, ready_cpu_s = time.perf_counter() - begun_s, time.process_time() - begun_cpu_s
        clips = np.linspace(1, segments // SEGMENTS_PER_CLIP, questions).astype(int).tolist()
        begun_cpu_s, digest = time.process_time(), hashlib.blake2b(digest_size=16)
        for clip in clips:
            digest.update(repr(_answer(library, clip)).encode())
        return Read(ready_s, ready_cpu_s, time.process_time() - begun_cpu_s, digest.hexdigest())


def _measured(folder: Path, segments: int, questions: int, seed: int, settings: Settings) -> str:
    source = VectorSource(synthetic_anchors(3_000, DIM, seed), seed)
    spec = synthetic_spec(DIM)
    (folder / "store").mkdir()
    publisher = _machine(folder, "publisher")
    report_progress(f"publishing {segments:,} segments ...")
    make(source, segments, publisher, settings, spec)
    report_progress("a reader with nothing ...")
    first = _read(folder, ["one"], segments, questions)[0]
    report_progress("one reader and two, in turn ...")
    alone, both = [], []
    for _ in range(ROUNDS):
        alone += _read(folder, ["one"], segments, questions)
        both.append(_read(folder, ["one", "two"], segments, questions))
    report_progress("1 % more ...")
    sent_bytes = _store_bytes(folder)
    with wiring.library(publisher, settings) as library:
        space, root = library.writer.space(spec), library.writer.root("/synthetic")
        more = max(1, round(ADDED_SHARE * segments / SEGMENTS_PER_CLIP))
        rows = np.concatenate(list(source.chunks(more * SEGMENTS_PER_CLIP))).reshape(more, SEGMENTS_PER_CLIP, DIM)
        with library.writer.lease("bench scale", wait_s=5) as lease:
            old = segments // SEGMENTS_PER_CLIP
            clips = [clip_of(old + at, few_words(old + at), rows[at], root.id, space.id) for at in range(more)]
            library.writer.apply(lease, clips)
            library.publisher.publish(space, lease, always=True)
    sent_bytes = _store_bytes(folder) - sent_bytes
    later = _read(folder, ["one", "two"], segments, questions)
    here = _read(folder, ["publisher"], segments, questions)[0]
    rate = median(questions / one.cpu_s for one in alone)
    rates = median(sum(questions / one.cpu_s for one in readers) for readers in both)
    same = "yes" if {one.answers for one in later} == {here.answers} else "NO"
    rows_ = [
        ("empty reader: seconds to its first answer (CPU s)", f"{first.ready_s:.1f} ({first.ready_cpu_s:.1f})"),
        ("size of the store after the first publication, MB", f"{(_store_bytes(folder) - sent_bytes) / 1e6:,.1f}"),
        ("written to the store for 1 % more segments, MB", f"{sent_bytes / 1e6:,.1f}"),
        (
            "reader with the previous publication: seconds to its first answer (CPU s)",
            f"{later[0].ready_s:.1f} ({later[0].ready_cpu_s:.1f})",
        ),
        (f"answers a second of CPU, one reader, median of {ROUNDS}", f"{rate:.0f}"),
        (
            "two readers at once: answers a second of CPU in total, and ratio to one",
            f"{rates:.0f}, {rates / rate:.2f} times",
        ),
        (f"{questions} answers equal the publisher's", same),
    ]
    return "\n\n".join(
        [
            "## Readers",
            this_machine().sentence(),
            f"{segments:,} segments, SQLite and a folder as a store, all on one machine: no network lies between.",
            markdown_table(("what", "measured"), rows_),
        ]
    )


def _machine(folder: Path, name: str) -> Path:
    """The library folder of a machine: the URLs, and a place for its cache."""
    here = folder / name
    here.mkdir(exist_ok=True)
    said = f'catalog = "{folder}/catalog.sqlite"\nstore = "file://{folder}/store"\ncache = "snapshots"\n'
    (here / "library.toml").write_text(said)
    return here


def _read(folder: Path, names: Sequence[str], segments: int, questions: int) -> list[Read]:
    """The results of readers that start at the same time."""
    begun = []
    for name in names:
        command = [sys.executable, "-m", "benchmarks.scale.readers", _READ, str(_machine(folder, name))]
        command += ["--segments", str(segments), "--questions", str(questions)]
        alone = {
            **os.environ,
            process.THREADS: "1",
        }  # like separate machines, they do not compete for threads
        begun.append(subprocess.Popen(command, stdout=subprocess.PIPE, env=alone))  # noqa: S603  this interpreter
    found = []
    for one in begun:
        said, _ = one.communicate()
        if one.returncode:
            raise SystemExit(f"a reader failed with {one.returncode}")
        found.append(Read(**json.loads(said)))
    return found


def _store_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in (folder / "store").rglob("*") if path.is_file())


def _answer(library: Library, clip_id: int) -> list[tuple[int, float]]:
    return [(hit.clip_id, hit.score) for hit in library.search(Query((ClipPart(clip_id),), k=K)).hits]


if __name__ == "__main__":
    sys.exit(main())
