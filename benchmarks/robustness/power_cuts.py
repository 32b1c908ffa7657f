"""Cut the power, fill the disk or make it read-only at every write of every kind of snapshot, and inspect the result.

    python -m benchmarks.robustness.power_cuts

Makes a library with every kind of snapshot and runs every command that writes one. The disk is a simulation that
forgets what was not flushed (`benchmarks.robustness.failing_disk`). After each cut the library is opened and verified.
Nothing that was reported as written may be lost. A library that ``verify`` calls sound must give the answers of a
library whose snapshots were just made from the same catalog (`benchmarks.robustness.looking`). Damage that ``verify``
names must be healed by the command that it names. The same is done with a disk that refuses the n-th write and all
after it, and again when that disk has room. Prints how often each was tried, and what went wrong.

Results are kept in a folder (``--keep``) by commit: after an interruption, the same command resumes.
"""

from __future__ import annotations

import argparse
import errno
import json
import multiprocessing
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.common import synthetic
from benchmarks.common.checkout import HERE
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.common.report import append_line, markdown_table, write
from benchmarks.humming.tune_sets import write_midi
from benchmarks.robustness import looking
from benchmarks.robustness.failing_disk import END, Cut, Watched
from benchmarks.robustness.looking import LIBRARY, Looks, Tally
from search.analysis.melody.model import Notes, Times
from search.ground.ending import with_status

REFUSALS: Final = {"full": errno.ENOSPC, "read-only": errno.EROFS}
KEPT: Final = Path("run/power-cuts")
EACH_S: Final = 15.0
"""Seconds between progress lines."""
TOGETHER: Final = 8
"""How many accidents a process takes at once: neighbouring calls often leave the same library."""
ROOM_BYTES: Final = 2 << 30
_DONE_ALREADY: Final = ("not in this library", "already exists")
"""Messages of a command that had done its work although the disk refused something."""

Contents = dict[str, bytes | None]
"""The single files of a step by name, None for one that does not exist."""


@dataclass(frozen=True)
class Step:
    """A command that writes."""

    name: str
    command: tuple[str, ...]
    single: tuple[str, ...] = ()
    """The single files that it writes."""


def steps(library: Path) -> list[Step]:
    """Return all steps. The publication writes every kind of snapshot, after the removal of a sound and a tune."""
    with looking.opened(library.parent) as opened:
        firsts = [looking.clips_of(opened, space.name)[0] for space in opened.reader.spaces()]
    removal = [part for clip_id in firsts for part in ("--clip", str(clip_id))]
    return [
        Step("publication", ("remove", *removal)),
        Step("reindex", ("reindex",)),
        Step("duplicates", ("duplicates", "--again"), ("duplicates.npz",)),
        Step("map", ("map",), ("map.npz",)),
        Step("backup", ("backup",)),
    ]


@dataclass(frozen=True)
class Watching:
    """A step on a watched disk: its single files before and after, and the number of its calls."""

    step: Step
    before: Contents
    after: Contents
    calls: int


@dataclass(frozen=True)
class Accident:
    """One thing that may happen during a step: the power is cut, or the disk refuses call number n and all after it
    with an errno. Its ``name`` is the same in every run.
    """

    name: str
    watching: Watching
    cut: Cut | None = None
    refuse: tuple[int, int] | None = None


@dataclass(frozen=True)
class Trial:
    """A sound ``library`` with every kind of snapshot, an empty folder ``scratch`` for copies, and the moments that are
    tried: the first one and each ``every``-th after it.
    """

    library: Path
    scratch: Path
    every: int = 1

    def cut(self, step: Step) -> Tally:
        """Try a step: cut the power at every moment, then refuse every write."""
        tally, looks = Tally(), Looks(self.scratch / "looks")
        for accident in self.accidents(step):
            tally.add(self.happens(accident, looks))
        return tally

    def accidents(self, step: Step) -> list[Accident]:
        """Return all that may happen. Raises SoundalikeError if the step fails on a sound disk."""
        place = looking.copy(self.library, self.scratch / "watched")
        before = _single_files(place, step)
        disk = Watched(place, every=self.every)
        with disk.watching():
            looking.must(place, *step.command)
        watching = Watching(step, before, _single_files(place, step), disk.calls)
        found = [
            Accident(f"{step.name}, {cut.loss} lost before call {cut.call}", watching, cut=cut) for cut in disk.cuts
        ]
        for name, code in REFUSALS.items():
            for call in range(1, disk.calls + 1, self.every):
                found.append(Accident(f"{step.name}, {name} from call {call} on", watching, refuse=(call, code)))
        return found

    def happens(self, accident: Accident, looks: Looks) -> Tally:
        """Let the accident happen, and inspect the result."""
        if accident.cut is not None:
            return self._after(accident.cut, accident, looks)
        assert accident.refuse is not None  # noqa: S101 - an accident is a cut or a refusal
        return self._refused(accident.refuse, accident, looks)

    def _after(self, cut: Cut, accident: Accident, looks: Looks) -> Tally:
        """Inspect what a power cut leaves."""
        step, where, ended = accident.watching.step, f"{accident.name}, {cut.before}", cut.before == END
        tally = Tally(cuts=1)
        reached = looking.fresh(self.scratch / "cut")
        cut.write(reached)
        for name, content in _single_files(reached, step).items():
            if content != accident.watching.after[name] and (ended or content != accident.watching.before[name]):
                tally.lose(f"{where}: {name} is neither the old nor the new one")
        if step.name == "backup":
            tally.add(looking.look_at_backup(reached, where, needed=ended))
        tally.add(looks.at(reached, where))
        return tally

    def _refused(self, refuse: tuple[int, int], accident: Accident, looks: Looks) -> Tally:
        """Run the step on a disk that refuses calls, then on one that has room again."""
        step, where = accident.watching.step, accident.name
        tally = Tally(refusals=1)
        place = looking.copy(self.library, self.scratch / "refused")
        with Watched(place, refuse=refuse, cutting=False).watching():
            status, _ = looking.command(place, *step.command)
        tally.add(looks.at(place, where))
        if status:
            status, said = looking.command(place, *step.command)
            if status and not any(done in said for done in _DONE_ALREADY):
                tally.failures.append(f"{where}: it does not work afterwards: {said}")
            tally.add(looks.at(place, f"{where}, then on a disk with room"))
        return tally


@dataclass(frozen=True)
class Kept:
    """The folder of one library and of its results: a file for each step, a line for each accident."""

    folder: Path

    def library(self, clips: int) -> Path:
        """Return the library; make it if it does not exist."""
        made = self.folder / "made"
        if not (made / "whole").exists():
            make_library(looking.fresh(made), clips)
            write(made / "whole", "")
        return made / LIBRARY

    def add(self, step: str, accident: str, tally: Tally) -> None:
        """Store the result of an accident."""
        append_line(self._file(step), {"accident": accident, "tally": asdict(tally)})

    def tallies(self, step: str) -> dict[str, Tally]:
        """Return the stored results of a step by the accident's name."""
        if not self._file(step).exists():
            return {}
        lines = (json.loads(line) for line in self._file(step).read_text("utf-8").splitlines())
        return {line["accident"]: Tally(**line["tally"]) for line in lines}

    def _file(self, step: str) -> Path:
        return self.folder / f"{step}.jsonl"


def run(kept: Kept, trial: Trial, workers: int) -> dict[str, Tally]:
    """Try every accident without a stored result, and store it; return the total of each step by name."""
    totals = {}
    for step in steps(trial.library):
        known = kept.tallies(step.name)
        accidents = trial.accidents(step)
        left = [accident for accident in accidents if accident.name not in known]
        report_progress(f"{step.name}: {len(accidents)} accidents, {len(accidents) - len(left)} of them are kept")
        tried, started_s, said_s = 0, time.monotonic(), time.monotonic()
        for together in _outcomes(trial, left, workers):
            for name, tally in together:
                known[name] = tally
                kept.add(step.name, name, tally)
            tried += len(together)
            if time.monotonic() - said_s > EACH_S:
                said_s = time.monotonic()
                to_go_s = (said_s - started_s) / tried * (len(left) - tried)
                report_progress(f"{step.name}: {tried} of {len(left)} tried, {to_go_s / 60:.0f} min to go")
        totals[step.name] = Tally()
        for accident in accidents:
            totals[step.name].add(known[accident.name])
    return totals


Outcomes = list[tuple[str, Tally]]
"""The results of accidents, by their names."""


def _outcomes(trial: Trial, accidents: Sequence[Accident], workers: int) -> Iterator[Outcomes]:
    """Results, some at a time as they arrive, from this process or from several."""
    parts = [accidents[first : first + TOGETHER] for first in range(0, len(accidents), TOGETHER)]
    if workers == 1 or len(parts) < workers:
        looks = Looks(trial.scratch / "looks")
        for part in parts:
            yield [(accident.name, trial.happens(accident, looks)) for accident in part]
        return
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, context, initializer=_begin, initargs=(trial,)) as pool:
        futures = [pool.submit(_try, part) for part in parts]
        try:
            for future in as_completed(futures):
                yield future.result()
        finally:
            for future in futures:
                future.cancel()


_mine: list[tuple[Trial, Looks]] = []
"""In a process of the pool: its trial, and what it has looked at."""


def _begin(trial: Trial) -> None:
    scratch = Path(tempfile.mkdtemp(dir=trial.scratch))
    _mine.append((Trial(trial.library, scratch, trial.every), Looks(scratch / "looks")))


def _try(accidents: Sequence[Accident]) -> Outcomes:
    trial, looks = _mine[0]
    return [(accident.name, trial.happens(accident, looks)) for accident in accidents]


def _single_files(place: Path, step: Step) -> Contents:
    found: Contents = dict.fromkeys(step.single)
    for name in step.single:
        for file in (place / LIBRARY).rglob(name):
            found[name] = file.read_bytes()
    return found


def make_library(folder: Path, clips: int) -> Path:
    """Make a library of synthetic clips and tunes with every kind of snapshot. Raises SoundalikeError if that fails."""
    sounds = folder / "sounds"
    synthetic.write_clips(sounds, clips, seed=5)
    rng = np.random.default_rng(5)
    for number in range(4):
        start_s: Times = np.array([0.3 * note for note in range(60)], np.float64)
        end_s: Times = np.array([0.3 * note + 0.28 for note in range(60)], np.float64)
        pitch = (60 + np.cumsum(rng.integers(-2, 3, 60))).astype(np.float32)
        write_midi(sounds / f"tune {number}.mid", Notes(start_s, end_s, pitch))
    for words in (("index", str(sounds), "--encoder", "spectral", "--quiet"), ("duplicates",), ("map",)):
        looking.must(folder, *words)
    return folder / LIBRARY


def report(totals: dict[str, Tally]) -> str:
    """Return a Markdown table: a row for each step, and one for all."""
    whole = Tally()
    for tally in totals.values():
        whole.add(tally)
    header = (
        "at every write of this step", "power cuts", "disks full or read-only", "distinct libraries left", "lost",
        "damaged, but verified as sound", "reported as damaged", "of these, healed",
    )  # fmt: skip
    rows = [
        (name, *(str(count) for count in (
            one.cuts, one.refusals, one.looks, one.lost, one.unsound, one.named, one.healed
        )))
        for name, one in (*totals.items(), ("total", whole))
    ]  # fmt: skip
    return "\n".join([markdown_table(header, rows), *whole.failures[:20]])


@contextmanager
def _folders(keep: Path, clips: int, every: int) -> Iterator[tuple[Path, Path]]:
    """The folder for results, and one for copies.

    Results of code that has changed since its commit are not kept. Copies are in memory if there is room; the failing
    disk is simulated anyway.
    """
    memory = Path("/dev/shm")  # noqa: S108 - a folder within it is made
    roomy = "TMPDIR" not in os.environ and memory.is_dir() and shutil.disk_usage(memory).free > ROOM_BYTES
    with tempfile.TemporaryDirectory(prefix="soundalike-cuts-", dir=memory if roomy else None) as scratch:
        commit = HERE.commit()
        known = keep / f"{commit}-{clips}-{every}" if commit.isalnum() else Path(scratch) / "kept"
        copies = Path(scratch) / "copies"
        copies.mkdir()
        yield known, copies


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if nothing was lost and nothing unsound called sound, 130 if it was interrupted."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness.power_cuts", description=__doc__.splitlines()[0]
    )
    parser.add_argument(
        "--clips",
        type=int,
        default=120,
        metavar="N",
        help="clips of the library, at least 111 for neighbourhoods (120)",
    )
    parser.add_argument("--every", type=int, default=1, metavar="N", help="cut only at every N-th write (1)")
    parser.add_argument(
        "--workers",
        type=int,
        default=os.cpu_count() or 1,
        metavar="N",
        help="parallel processes (one for each processor)",
    )
    parser.add_argument(
        "--keep",
        type=Path,
        default=KEPT,
        metavar="FOLDER",
        help=f"folder for results; an interrupted command resumes there ({KEPT})",
    )
    args = parser.parse_args(argv)
    started_s = time.monotonic()
    try:
        with _folders(args.keep.absolute(), args.clips, args.every) as (folder, copies):
            kept = Kept(folder)
            totals = run(kept, Trial(kept.library(args.clips), copies, args.every), args.workers)
    except KeyboardInterrupt:
        report_progress("interrupted; the same command goes on")
        return 130
    print(f"\n{report(totals)}\n")
    moments = "" if args.every == 1 else f", each {args.every}-th moment only"
    minutes = (time.monotonic() - started_s) / 60
    print(f"A library of {args.clips} clips and 4 tunes{moments}; {args.workers} processes, {minutes:.0f} min.")
    print(f"{this_machine().sentence()}; commit {HERE.commit()}")
    return 0 if all(tally.passed for tally in totals.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
