"""Cut the power, fill the disk or make it read-only at every write of every kind of snapshot, and look what is left.

    python -m benchmarks.robustness.power_cuts

makes a library with every kind of snapshot, and does everything that writes one. The disk is a simulation that forgets
what was not flushed (`benchmarks.robustness.failing_disk`). After each cut the library is opened and verified: nothing
that was said to be written may be lost, and what ``verify`` calls sound has to answer questions as a library does whose
snapshots were just made from the same catalog. What it names has to be healed by the command that it names. The same is
done with a disk that refuses the n-th write and all after it. Prints how often each was tried, and what went wrong.
"""

from __future__ import annotations

import argparse
import errno
import io
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.common import synthetic
from benchmarks.common.machine import this_machine
from benchmarks.humming.tune_sets import write_midi
from benchmarks.robustness.failing_disk import END, Cut, Watched
from search import cli, wiring
from search.api import Library
from search.errors import SoundalikeError
from search.melody.model import Notes, Times
from search.model import ClipPart, NotesPart, Query
from search.settings import Settings

LIBRARY, BACKUP = "library", "backup.sqlite"
QUESTIONS: Final = 8
NOTES: Final = "C4 D4 E4 F4 G4 A4 G4 F4"
REFUSALS: Final = {"full": errno.ENOSPC, "read-only": errno.EROFS}

Answers = list[list[tuple[int, float]]]
Contents = dict[str, bytes | None]
"""The single files of a step by name, None for one that is not there."""


@dataclass(frozen=True)
class Step:
    """A command that writes."""

    name: str
    command: tuple[str, ...]
    single: tuple[str, ...] = ()
    """The single files that it writes."""


def steps(library: Path) -> list[Step]:
    """All of them; the publication is that of every kind of snapshot, after a sound and a tune were removed."""
    with _opened(library.parent) as opened:
        firsts = [_clips(opened, space.name)[0] for space in opened.reader.spaces()]
    removal = [part for clip_id in firsts for part in ("--clip", str(clip_id))]
    return [
        Step("publication", ("remove", *removal)),
        Step("reindex", ("reindex",)),
        Step("duplicates", ("duplicates", "--again"), ("duplicates.npz",)),
        Step("map", ("map",), ("map.npz",)),
        Step("backup", ("backup",)),
    ]


@dataclass
class Tally:
    """What was tried, and what went wrong."""

    cuts: int = 0
    refusals: int = 0
    named: int = 0
    healed: int = 0
    lost: int = 0
    unsound: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Count what another one counted."""
        for one in fields(self):
            setattr(self, one.name, getattr(self, one.name) + getattr(other, one.name))

    def lose(self, failure: str) -> None:
        """Note a loss."""
        self.lost += 1
        self.failures.append(failure)

    @property
    def passed(self) -> bool:
        """Whether nothing was lost, nothing unsound called sound, and every remedy healed."""
        return not (self.lost or self.unsound or self.failures or self.named > self.healed)

    def sentence(self, what: str) -> str:
        """One line for a report."""
        return (
            f"{what}: {self.cuts} power cuts, {self.refusals} disks full or read-only: {self.lost} lost, "
            f"{self.unsound} unsound libraries that verify calls sound; {self.named} named as damaged, {self.healed} "
            "of them healed"
        )


@dataclass(frozen=True)
class Trial:
    """A sound ``library`` with every kind of snapshot, an empty folder ``scratch`` for copies, and how much is tried:
    the first moment and each ``every``-th after it.
    """

    library: Path
    scratch: Path
    every: int = 1

    def run(self) -> dict[str, Tally]:
        """Try every step; what came of each by its name."""
        return {step.name: self.cut(step) for step in steps(self.library)}

    def cut(self, step: Step) -> Tally:
        """Cut the power at every moment of a step; then refuse every write of it."""
        tally, oracle = Tally(), _Oracle(self.scratch / "oracle")
        place = _copy(self.library, self.scratch / "watched")
        before = _single_files(place, step)
        disk = Watched(place, every=self.every)
        with disk.watching():
            status, said = _command(place, *step.command)
        if status:
            raise SoundalikeError(f"{step.name} failed on a sound disk: {said}")
        after = _single_files(place, step)
        for cut in disk.cuts:
            tally.add(self._after(cut, step, before, after, oracle))
        for name, code in REFUSALS.items():
            for call in range(1, disk.calls + 1, self.every):
                tally.add(self._refused(step, (call, code), f"{step.name}, {name} from call {call} on", oracle))
        return tally

    def _after(self, cut: Cut, step: Step, before: Contents, after: Contents, oracle: _Oracle) -> Tally:
        """What is left after a power cut."""
        where, ended = f"{step.name}, {cut.loss} lost before {cut.before}", cut.before == END
        tally = Tally(cuts=1)
        reached = _fresh(self.scratch / "cut")
        cut.write(reached)
        for name, content in _single_files(reached, step).items():
            if content != after[name] and (ended or content != before[name]):
                tally.lose(f"{where}: {name} is neither the old nor the new one")
        if step.name == "backup":
            tally.add(_look_at_backup(reached, where, needed=ended))
        tally.add(_look(reached, oracle, where))
        return tally

    def _refused(self, step: Step, refuse: tuple[int, int], where: str, oracle: _Oracle) -> Tally:
        """The step on a disk that refuses call after call; then on one with room again."""
        tally = Tally(refusals=1)
        place = _copy(self.library, self.scratch / "refused")
        with Watched(place, refuse=refuse, cutting=False).watching():
            status, _ = _command(place, *step.command)
        tally.add(_look(place, oracle, where))
        if status:
            status, said = _command(place, *step.command)
            if status and not any(done in said for done in ("not in this library", "is there already")):
                tally.failures.append(f"{where}: it does not work afterwards: {said}")
            tally.add(_look(place, oracle, where))
        return tally


def _look(place: Path, oracle: _Oracle, where: str) -> Tally:
    """Open and verify a library after an accident; heal what is named; ask it questions when it is called sound."""
    tally = Tally()
    problems = _verify(place)
    if problems:
        tally.named += 1
        for said in dict.fromkeys(_remedy(problem) for problem in problems):
            _command(place, *said.split())
        problems = _verify(place)
        if problems:
            tally.failures.append(f"{where}: {problems[0]}")
            return tally
        tally.healed += 1
    expected, answers = oracle.answers(place), _answers(place)
    if expected != answers:
        tally.unsound += 1
        tally.failures.append(f"{where}: it is called sound, and answers otherwise than its catalog")
    return tally


def _look_at_backup(place: Path, where: str, *, needed: bool) -> Tally:
    """A backup is whole or not there."""
    tally = Tally()
    backup = place / BACKUP
    if not backup.exists():
        if needed:
            tally.lose(f"{where}: the backup is not there")
        return tally
    other = _fresh(place.with_name("restored"))
    status, said = _command(other, "restore", source=backup)
    if status:
        tally.lose(f"{where}: the backup cannot be restored: {said}")
    return tally


class _Oracle:
    """What a library answers whose snapshots were just made from a catalog; remembered by the catalog's state."""

    def __init__(self, scratch: Path) -> None:
        self._scratch = scratch
        self._known: dict[int, Answers] = {}

    def answers(self, place: Path) -> Answers:
        """What the library in ``place`` has to answer."""
        with _opened(place) as library:
            state = hash(tuple(library.catalog.missing())) ^ library.catalog.stats().clips
        if state not in self._known:
            fresh = _fresh(self._scratch)
            (fresh / LIBRARY).mkdir()
            for file in (place / LIBRARY).glob("catalog.sqlite*"):
                shutil.copy(file, fresh / LIBRARY)
            self._known[state] = _answers(fresh)
        return self._known[state]


def _answers(place: Path) -> Answers:
    """Ids and scores of the hits of some questions, by sound and by notes."""
    with _opened(place) as library:
        clips = _clips(library, library.space().name)
        questions = [Query((ClipPart(clip),), k=5) for clip in clips[:: max(1, len(clips) // QUESTIONS)]]
        questions.append(Query((NotesPart(NOTES),), k=5))
        return [[(hit.clip_id, round(hit.score, 4)) for hit in library.search(one).hits] for one in questions]


def _clips(library: Library, space: str) -> list[int]:
    """The clips that have vectors in a space, ascending."""
    (view,) = library.views(space)
    contents, _, _ = view.columns.place(view.index.ids())
    return sorted(
        clip_id for clip_ids in view.columns.clips_of(contents[contents >= 0]).values() for clip_id in clip_ids
    )


@contextmanager
def _opened(place: Path) -> Iterator[Library]:
    settings = Settings.from_env({**os.environ, "SOUNDALIKE_NEIGHBOURHOODS": "off", "SOUNDALIKE_DEVICE": "cpu"})
    with wiring.library(place / LIBRARY, settings, read_only=True) as library:
        yield library


def _verify(place: Path) -> list[str]:
    _, said = _command(place, "verify", "--json")
    problems: list[str] = json.loads(said)["problems"]
    return problems


def _remedy(problem: str) -> str:
    said = re.search(r"soundalike (reindex|duplicates --again|map)", problem)
    if said is None:
        raise SoundalikeError(f"verify names no remedy: {problem}")
    return said.group(1)


def _command(place: Path, name: str, *options: str, source: Path | None = None) -> tuple[int, str]:
    """A command's status and what it printed; whatever it raises is a status of its own."""
    given = [str(source)] if source is not None else [str(place / BACKUP)] if name == "backup" else []
    said = io.StringIO()
    with redirect_stdout(said), redirect_stderr(said):
        status = cli.main([name, *given, *options, "--library", str(place / LIBRARY)])
    return status, said.getvalue().strip()


def _single_files(place: Path, step: Step) -> Contents:
    found: Contents = dict.fromkeys(step.single)
    for name in step.single:
        for file in (place / LIBRARY).rglob(name):
            found[name] = file.read_bytes()
    return found


def _copy(library: Path, place: Path) -> Path:
    shutil.copytree(library, _fresh(place) / LIBRARY)
    return place


def _fresh(place: Path) -> Path:
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    return place


def make_library(folder: Path, clips: int) -> Path:
    """A library of synthetic clips and tunes with every kind of snapshot. Raises SoundalikeError where that fails."""
    sounds = folder / "sounds"
    synthetic.write_clips(sounds, clips, seed=5)
    rng = np.random.default_rng(5)
    for number in range(4):
        start_s: Times = np.array([0.3 * note for note in range(60)], np.float64)
        end_s: Times = np.array([0.3 * note + 0.28 for note in range(60)], np.float64)
        pitch = (60 + np.cumsum(rng.integers(-2, 3, 60))).astype(np.float32)
        write_midi(sounds / f"tune {number}.mid", Notes(start_s, end_s, pitch))
    for command in (("index", str(sounds), "--encoder", "spectral", "--quiet"), ("duplicates",), ("map",)):
        status, said = _command(folder, *command)
        if status:
            raise SoundalikeError(f"{command[0]}: {said}")
    return folder / LIBRARY


def main(argv: Sequence[str] | None = None) -> int:
    """The command; 0 when nothing was lost and nothing unsound called sound."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.robustness.power_cuts", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--clips", type=int, default=120, metavar="N", help="at least 111, for neighbourhoods (120)")
    parser.add_argument("--every", type=int, default=1, metavar="N", help="cut at each N-th moment only (1)")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory(prefix="soundalike-cuts-") as folder:
        library = make_library(Path(folder) / "made", args.clips)
        tallies = Trial(library, Path(folder) / "scratch", args.every).run()
    total = Tally()
    for name, tally in tallies.items():
        print(tally.sentence(name))
        total.add(tally)
    print(total.sentence("in all"))
    for failure in total.failures[:20]:
        print(failure, file=sys.stderr)
    print(this_machine().sentence())
    return 0 if total.passed else 1


if __name__ == "__main__":
    sys.exit(main())
