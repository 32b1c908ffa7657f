"""Every format with every kind of damage: its length here and in the decoders themselves, and whether it is found.

    python -m benchmarks.robustness.grid --report grid.md

Each file holds a different sound. Its length is compared with what FFmpeg and libsndfile decode from the same bytes
(see `benchmarks.robustness.decoders`). Then all files are indexed, and each is searched for by the plain WAV of its
sound, cut to the file's length. A file with holes, or with less than half of its sound, is another sound; only its
length counts.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.common import report
from benchmarks.common.machine import this_machine
from benchmarks.robustness import decoders
from benchmarks.robustness.formats import Form, FormatError, forms, sound
from search import wiring
from search.audio import stream
from search.errors import AudioError, SoundalikeError
from search.ground.ending import with_status
from search.model import AudioPart, Query
from search.settings import Settings

RATE_HZ = 48_000
SECONDS = 3.0
WITHIN = 0.01
"""Lengths agree if they differ by at most this share of the longer one."""
HALF = 0.5
WITH_HOLES = ("bytes-changed", "a-part-missing")
LOSSLESS_FOUND, LOSSY_FOUND = 1.0, 0.99

_ABOUT = f"""\
{{}} files of {SECONDS:g} s: each container, codec and sample format that libsndfile and FFmpeg write, with each kind of
damage that it can have ({{damages}}). A length agrees if it is within {WITHIN:.0%} of the longest that a decoder reads.
Of files with holes, or with less than half of their sound, only the length counts. The others are searched for by the
plain WAV of their sound, and should be found first: {LOSSLESS_FOUND:.2f} of the lossless, {LOSSY_FOUND:.2f} of the
lossy."""


@dataclass(frozen=True, slots=True)
class Case:
    """A file of the grid: how it was made, and the ``seed`` of its sound."""

    form: Form
    damage: str
    seed: int
    data: bytes

    @property
    def name(self) -> str:
        """Its file name, with a suffix that a scan accepts."""
        parts = (self.form.by, self.form.container, self.form.codec, self.damage.replace(" ", "-"))
        return "_".join(parts).lower() + ".wav"


@dataclass(frozen=True, slots=True)
class Measured:
    """A case: seconds by the decoders and by this program; whether it was ``found`` first, None if not searched."""

    name: str
    lossless: bool
    oracle_s: float
    ours_s: float
    cause: str
    found: bool | None = None

    @property
    def agrees(self) -> bool:
        """Whether the lengths agree: this program reads as far as a decoder does, and no further."""
        return abs(self.oracle_s - self.ours_s) <= WITHIN * max(self.oracle_s, self.ours_s)


@dataclass(frozen=True, slots=True)
class GridReport:
    """All cases."""

    machine: str
    encoder: str
    cases: tuple[Measured, ...]

    @property
    def passed(self) -> bool:
        """Whether every length agrees and enough files are found."""
        return all(case.agrees for case in self.cases) and all(
            share >= least for share, least in ((self.found(True), LOSSLESS_FOUND), (self.found(False), LOSSY_FOUND))
        )

    def found(self, lossless: bool) -> float:
        """Return the share of files that their plain WAV finds first."""
        asked = [case.found for case in self.cases if case.lossless is lossless and case.found is not None]
        return float(np.mean(asked)) if asked else 1.0

    def as_text(self) -> str:
        """Return the report in Markdown."""
        rows = []
        for kind, lossless in (("lossless", True), ("lossy", False)):
            cases = [case for case in self.cases if case.lossless is lossless]
            asked = [case for case in cases if case.found is not None]
            counts = (len(cases), sum(case.agrees for case in cases), len(asked), sum(bool(c.found) for c in asked))
            rows.append([kind, *map(str, counts), f"{self.found(lossless):.3f}"])
        header = ["codec", "files", "length agrees", "searched for", "found first", "share"]
        wrong = [
            f"* {case.name}: {case.oracle_s:.3f} s by the decoders, {case.ours_s:.3f} s here; {_trouble(case)}"
            for case in self.cases
            if not case.agrees or case.found is False
        ]
        lines = [
            "## Formats and damage",
            "",
            f"{self.machine}; encoder {self.encoder}",
            "",
            _ABOUT.format(len(self.cases), damages=", ".join(DAMAGES)),
            "",
        ]
        return "\n".join([*lines, report.markdown_table(header, rows), "", *wrong]).rstrip() + "\n"


def cases(only: Callable[[Form, str], bool] = lambda form, damage: True) -> Iterator[Case]:
    """Yield the grid, or the part for which ``only`` is true. Forms that this build cannot write are left out."""
    seed = 0
    for form in forms():
        for damage, spoil in DAMAGES.items():
            seed += 1
            if not only(form, damage):
                continue
            try:
                whole = form.encode(sound(seed, SECONDS, RATE_HZ), RATE_HZ)
            except FormatError:
                continue
            data = spoil(whole, np.random.default_rng([seed, 17]))
            if data is not None:
                yield Case(form, damage, seed, data)


def measure(case: Case, folder: Path) -> Measured:
    """Return the lengths of a case; its file is written into ``folder``."""
    path = folder / case.name
    path.write_bytes(case.data)
    cause, ours_s = "", 0.0
    try:
        ours_s = sum(len(block) for block in stream(os.fspath(path), RATE_HZ)) / RATE_HZ
    except AudioError as error:
        cause = error.cause
    oracle_s = decoders.length_s(case.form, case.data, ours_s, WITHIN)
    return Measured(case.name, case.form.is_lossless, oracle_s, ours_s, cause)


def find(measured: Sequence[Measured], seeds: Sequence[int], folder: Path, settings: Settings) -> list[Measured]:
    """Index all files in a new library; return the cases with whether its plain WAV finds each file first."""
    import soundfile

    index = [
        "index",
        str(folder / "files"),
        "--library",
        str(folder / "library"),
        "--encoder",
        settings.encoder,
        "--quiet",
    ]
    command = [sys.executable, "-m", "search.cli", *index]
    job = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if job.returncode not in (0, 1):
        raise SoundalikeError(f"the job ended with status {job.returncode}: {job.stderr.strip()}")
    asked = folder / "asked.wav"
    done = []
    with wiring.library(folder / "library", settings, create=False) as library:
        for case, seed in zip(measured, seeds, strict=True):
            if case.ours_s < HALF * SECONDS or any(damage in case.name for damage in WITH_HOLES):
                done.append(case)
                continue
            whole = sound(seed, SECONDS, RATE_HZ)[: round(case.ours_s * RATE_HZ)]
            soundfile.write(asked, whole, RATE_HZ, subtype="PCM_16")
            hits = library.search(Query((AudioPart(os.fspath(asked)),), k=1)).hits
            found = bool(hits) and Path(hits[0].path).name == case.name
            done.append(Measured(case.name, case.lossless, case.oracle_s, case.ours_s, case.cause, found))
    return done


# --- kinds of damage ------------------------------------------------------------------------------------------

Spoil = Callable[[bytes, np.random.Generator], bytes | None]
"""Turns a whole file into a damaged one; returns None if the file cannot have this damage."""


def _cut(data: bytes, _rng: np.random.Generator) -> bytes:
    return data[: int(0.7 * len(data)) | 1]


def _holes(data: bytes, rng: np.random.Generator) -> bytes:
    """Twelve bytes changed at random places in the middle."""
    spoilt = bytearray(data)
    for at in rng.integers(int(0.3 * len(data)), int(0.9 * len(data)), 12):
        spoilt[at] ^= int(rng.integers(1, 256))
    return bytes(spoilt)


def _missing(data: bytes, rng: np.random.Generator) -> bytes:
    """A twentieth is missing from the middle, in whole samples of any width, as if a sector was lost."""
    at = int(rng.uniform(0.4, 0.6) * len(data))
    return data[:at] + data[at + len(data) // 20 // 24 * 24 :]


def _noise_behind(data: bytes, rng: np.random.Generator) -> bytes:
    return data + rng.bytes(500)


def _sizes(value: Callable[[int], int]) -> Spoil:
    """Damage the size of the sound in the header, if there is one: it becomes ``value`` of the true size."""

    def spoil(data: bytes, _rng: np.random.Generator) -> bytes | None:
        spoilt = bytearray(data)
        if data[:4] == b"RIFF" and data[8:12] == b"WAVE":
            at = data.index(b"data") + 4
            spoilt[at : at + 4] = (value(len(data) - at - 4) & 0xFFFFFFFF).to_bytes(4, "little")
        elif data[:4] == b".snd":
            spoilt[8:12] = (value(len(data) - 24) & 0xFFFFFFFF).to_bytes(4, "big")
        elif data[:4] == b"fLaC":
            count = value(int.from_bytes(data[22:26], "big"))
            spoilt[21] &= 0xF0
            spoilt[22:26] = (count & 0xFFFFFFFF).to_bytes(4, "big")
        else:
            return None
        return bytes(spoilt)

    return spoil


DAMAGES: dict[str, Spoil] = {
    "none": lambda data, _rng: data,
    "cut": _cut,
    "bytes changed": _holes,
    "a part missing": _missing,
    "noise behind": _noise_behind,
    "size never written": _sizes(lambda size: 0),
    "size unknown": _sizes(lambda size: 0xFFFFFFFF),
    "size doubled": _sizes(lambda size: 2 * size),
    "size halved": _sizes(lambda size: size // 2 & ~15),
}


def _trouble(case: Measured) -> str:
    if case.agrees:
        return "not found first"
    return f"refused: {case.cause}" if case.cause else "another length"


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 1 if a length disagrees or too little is found."""
    import av.logging

    av.logging.set_level(av.logging.PANIC)
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the report to this file")
    args = parser.parse_args(arguments)
    settings = Settings.from_env(os.environ)
    with tempfile.TemporaryDirectory(prefix="soundalike-grid-") as scratch:
        folder = Path(scratch)
        (folder / "files").mkdir()
        made = list(cases())
        measured = [measure(case, folder / "files") for case in made]
        measured = find(measured, [case.seed for case in made], folder, settings)
    found = GridReport(this_machine().sentence(), settings.encoder, tuple(measured))
    print(found.as_text())
    if args.report is not None:
        report.write(args.report, found.as_text())
    return 0 if found.passed else 1


if __name__ == "__main__":
    sys.exit(main())
