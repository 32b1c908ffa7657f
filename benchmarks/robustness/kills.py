"""Kill an indexing job at random moments, resume it, and compare the result with that of an uninterrupted run.

    python -m benchmarks.robustness.kills --kills 50

Prints how many clips were lost, duplicated or different; each should be 0. Jobs are killed with SIGKILL, so the process
has no chance to clean up. Each library's job is killed repeatedly until one finishes. Then the library is verified and
compared, and the next one begins.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.common import synthetic
from benchmarks.common.machine import this_machine
from search import wiring
from search.errors import SoundalikeError
from search.ground.ending import with_status
from search.model import HalfVectors, Spans
from search.settings import Settings

VECTOR_TOLERANCE = 1e-3
"""One step of float16 near 1: how much another batch composition may change a value of a unit vector."""


@dataclass(frozen=True, slots=True)
class Segments:
    """What is compared: a clip's digest, and its content's ``spans`` (n, 2), ``vectors`` (n, dim), ``silent`` (n,)."""

    digest: str
    spans: Spans
    vectors: HalfVectors
    silent: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Clips that killed libraries lost, have twice or with other segments; ``unsound`` libraries fail ``verify``."""

    kills: int
    libraries: int
    clips: int
    lost: int
    duplicated: int
    different: int
    unsound: int

    @property
    def passed(self) -> bool:
        """Whether nothing went wrong."""
        return not (self.lost or self.duplicated or self.different or self.unsound)


@dataclass(frozen=True, slots=True)
class Options:
    """The number of kills, of synthetic clips, the encoder, and the seed of the moments."""

    kills: int = 50
    clips: int = 600
    encoder: str = "spectral"
    seed: int = 7


def run(options: Options, folder: Path, settings: Settings) -> Verdict:
    """Kill jobs, resume them and compare; ``folder`` is scratch.

    Raises SoundalikeError if a job that is not killed fails.
    """
    sounds = folder / "sounds"
    synthetic.write_clips(sounds, options.clips, options.seed)
    (sounds / "bad.wav").write_bytes(b"RIFF but no sound")
    job = _Job(sounds, folder / "reference", options.encoder)
    started = time.monotonic()
    job.finish()
    reference = contents(job.library, settings)
    moments = _moments(options.seed, time.monotonic() - started)
    kills = libraries = lost = duplicated = different = unsound = 0
    while kills < options.kills:
        library = folder / f"library{libraries}"
        libraries += 1
        kills += _kill_until_through(sounds, library, options, moments, options.kills - kills)
        left = contents(library, settings)
        lost += len(reference.keys() - left.keys())
        duplicated += sum(len(clips) - 1 for clips in left.values()) + len(left.keys() - reference.keys())
        different += sum(not same(reference[path][0], left[path][0]) for path in reference.keys() & left.keys())
        unsound += _verify(library)
    return Verdict(kills, libraries, len(reference), lost, duplicated, different, unsound)


def contents(library: Path, settings: Settings) -> dict[str, list[Segments]]:
    """Return absolute path -> the segments of each clip there; more than one is a duplicate."""
    segments_of: dict[str, list[Segments]] = {}
    with wiring.library(library, settings) as opened:
        (space,) = opened.reader.spaces()
        for root in opened.roots():
            for path, file in opened.writer.files(root.id, space.id).items():
                encoding = opened.reader.encoding(file.content_id, space.id)
                if encoding is None:
                    raise SoundalikeError(f"{path}: a clip without vectors in {library}")
                segments = Segments(file.digest, encoding.spans, encoding.vectors, encoding.silent)
                segments_of.setdefault(root.absolute(path), []).append(segments)
    return segments_of


def same(one: Segments, two: Segments) -> bool:
    """Return whether two clips have the same content and segments, within `VECTOR_TOLERANCE`."""
    return (
        one.digest == two.digest
        and np.array_equal(one.spans, two.spans)
        and np.array_equal(one.silent, two.silent)
        and np.allclose(one.vectors, two.vectors, rtol=0, atol=VECTOR_TOLERANCE)
    )


class _Job:
    """``soundalike index`` as a process of its own; it counts as started when its library exists."""

    def __init__(self, sounds: Path, library: Path, encoder: str) -> None:
        self.library = library
        command = [sys.executable, "-m", "search.cli", "index", str(sounds), "--library", str(library)]
        self._process = subprocess.Popen(  # noqa: S603  # our own command
            [*command, "--encoder", encoder, "--quiet"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        while not library.exists() and self._process.poll() is None:
            time.sleep(0.002)

    def killed_after(self, seconds: float) -> bool:
        """Kill it after ``seconds``; return False if it finished earlier."""
        try:
            self._process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()
            return True
        return False

    def finish(self) -> None:
        """Wait for the job. Raises SoundalikeError unless it ends with the one failure that it must report."""
        _, stderr = self._process.communicate()
        if self._process.returncode != 1:
            cause = stderr.decode(errors="replace").strip()
            raise SoundalikeError(f"the job ended with status {self._process.returncode}: {cause}")


def _kill_until_through(sounds: Path, library: Path, options: Options, moments: Iterator[float], at_most: int) -> int:
    """Start jobs on one library and kill each at the next of ``moments`` (s) until one finishes; return the kills."""
    killed = 0
    while killed < at_most and _Job(sounds, library, options.encoder).killed_after(next(moments)):
        killed += 1
    _Job(sounds, library, options.encoder).finish()
    return killed


def _moments(seed: int, whole_s: float) -> Iterator[float]:
    rng = np.random.default_rng(seed)
    while True:
        yield float(rng.uniform(0, whole_s))


def _verify(library: Path) -> int:
    command = [sys.executable, "-m", "search.cli", "verify", "--library", str(library)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own command
    if done.returncode:
        print(done.stdout + done.stderr, file=sys.stderr)
    return int(done.returncode != 0)


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return 0 if nothing was lost, duplicated, different or unsound."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness.kills", description=__doc__.splitlines()[0])
    usual = Options()
    parser.add_argument("--kills", type=int, default=usual.kills, metavar="N")
    parser.add_argument("--clips", type=int, default=usual.clips, metavar="N")
    parser.add_argument("--encoder", default=usual.encoder, metavar="NAME")
    parser.add_argument("--seed", type=int, default=usual.seed, metavar="N")
    options = Options(**vars(parser.parse_args(argv)))
    settings = Settings.from_env(os.environ)
    with tempfile.TemporaryDirectory(prefix="soundalike-kills-") as folder:
        verdict = run(options, Path(folder), settings)
    print(
        f"{verdict.kills} kills of {verdict.libraries} libraries of {verdict.clips} clips ({options.encoder}, seed "
        f"{options.seed}): {verdict.lost} lost, {verdict.duplicated} duplicated, {verdict.different} different, "
        f"{verdict.unsound} libraries that verify finds unsound"
    )
    print(this_machine().sentence())
    return 0 if verdict.passed else 1


if __name__ == "__main__":
    sys.exit(main())
