"""Decode files of every format with random changes and read their metadata, in processes with bounded memory and time.

    python -m benchmarks.robustness.fuzzing --files 100000 --seed 1

Prints how many files crashed a process, and how many took longer than 5 s; each should be 0. A child may take 1 GB of
memory; a file that needs more crashes it. Each harmful file is named by its form and a seed that makes it again
(``--again FORM SEED OUT``). A file may be refused with an AudioError of one line; any other error counts as a crash. A
run may be split into parts with ``--seed``; together they test the same files.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import resource
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Literal

import numpy as np

from benchmarks.common.machine import this_machine
from benchmarks.robustness.formats import Form, FormatError, forms, sound
from search.errors import AudioError, printable
from search.ground.ending import with_status
from search.model import EncoderSpec

RATE_HZ = 16_000
SECONDS = 0.7
TIME_S = 5.0
MEMORY_BYTES = 1 << 30
_SPEC = EncoderSpec("fuzzing", "1", "", 1, RATE_HZ, 1.0, 0.5)
_HEAD_BYTES = 600
"""Most changes are within this many bytes of the start or the end, where headers and indexes are."""

_WORTH_TRYING = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0x8000, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 1 << 62)
_PER_CHILD = 2000
_TURNS = 12
"""On a busy machine a process waits: it has this many times `TIME_S` to use `TIME_S` of processor time."""

What = Literal["decoded", "refused", "crashed", "hung"]


@dataclass(frozen=True, slots=True)
class Found:
    """A harmful file: its form, the seed that makes it again, and what happened."""

    form: str
    seed: int
    what: str


def changed(data: bytes, seed: int) -> bytes:
    """Return ``data`` with one to eight random changes: bytes, numbers, pieces left out or doubled, a cut."""
    rng = np.random.default_rng([seed, 31])
    spoilt = bytearray(data)
    for _ in range(int(rng.integers(1, 9))):
        if len(spoilt) < 16:
            break
        at = _place(len(spoilt), rng)
        length = int(rng.integers(1, 9))
        match int(rng.integers(0, 7)):
            case 0 | 1:
                spoilt[at] = int(rng.integers(0, 256))
            case 2 | 3:
                width = int(rng.choice([1, 2, 4, 8]))
                value = int(_WORTH_TRYING[rng.integers(len(_WORTH_TRYING))]) & ((1 << 8 * width) - 1)
                spoilt[at : at + width] = value.to_bytes(width, "little" if rng.integers(2) else "big")
            case 4:
                del spoilt[at : at + length * int(rng.choice([1, 1, 16]))]
            case 5:
                spoilt[at:at] = spoilt[at : at + 8 * length]
            case _:
                del spoilt[int(rng.integers(8, len(spoilt))) :]
    return bytes(spoilt)


def run(n_files: int, seed: int, folder: Path) -> tuple[Counter[What], list[Found], int]:
    """Return counts of what became of ``n_files`` files, the harmful ones, and a child's peak memory in bytes."""
    made = {form.name: form.encode(sound(1, SECONDS, RATE_HZ), RATE_HZ) for form in forms() if _can(form)}
    names = sorted(made)
    counts: Counter[What] = Counter()
    harmful: list[Found] = []
    most_bytes = 0
    started_s = time.monotonic()
    at = 0
    while at < n_files:
        child = _Child(made, names, folder / "fuzzed")
        for number in range(at, min(at + _PER_CHILD, n_files)):
            form = names[(seed + number - 1) % len(names)]  # by the seed: a run may be split into parts
            what = child.settle(form, seed + number)
            counts[what] += 1
            at = number + 1
            if what in ("crashed", "hung"):
                harmful.append(Found(form, seed + number, f"{what}: {child.detail}"))
                print(f"{form} {seed + number}: {what}: {child.detail}", flush=True)
            if not child.is_alive():
                break
        most_bytes = max(most_bytes, child.memory_bytes)
        child.end()
        print(f"{at} files, {time.monotonic() - started_s:.0f} s, {dict(counts)}", file=sys.stderr, flush=True)
    return counts, harmful, most_bytes


class _Child:
    """A process that takes one file after another. If a file ends it or takes too long, the process is over."""

    def __init__(self, made: dict[str, bytes], names: Sequence[str], path: Path) -> None:
        self.detail = ""
        self.memory_bytes = 0
        mine, theirs = multiprocessing.Pipe()
        self._pipe = mine
        self._process = multiprocessing.get_context("fork").Process(target=_serve, args=(theirs, made, path))
        self._process.start()
        theirs.close()
        mine.recv()  # it has loaded everything

    def settle(self, form: str, seed: int) -> What:
        """Return what became of the file that ``seed`` makes of ``form``; `detail` says how it did harm."""
        try:
            self._pipe.send((form, seed))
            if not self._answers():
                self.detail = f"longer than {TIME_S:g} s"
                self._process.kill()
                self._process.join()
                return "hung"
            what, self.detail, self.memory_bytes = self._pipe.recv()
        except (EOFError, OSError):
            self._process.join()
            self.detail = f"the process ended with {self._process.exitcode}"
            return "crashed"
        answer: What = what
        return answer

    def _answers(self) -> bool:
        """Whether an answer arrives in time."""
        asked_s = _processor_s(self._process.pid)
        for _ in range(_TURNS):
            if wait([self._pipe], TIME_S):
                return True
            if _processor_s(self._process.pid) - asked_s >= TIME_S:
                return False
        return False

    def is_alive(self) -> bool:
        """Return whether it can take another file."""
        return self._process.is_alive()

    def end(self) -> None:
        """Stop it with a message: it holds this end of the pipe too, so closing it here would not be noticed."""
        if self._process.is_alive():
            self._pipe.send(None)
        self._pipe.close()
        self._process.join()


def _serve(pipe: Connection, made: dict[str, bytes], path: Path) -> None:
    """The child's loop: it receives files and sends what became of them. The system bounds its memory."""
    import av.logging

    av.logging.set_level(av.logging.PANIC)
    warnings.simplefilter("error", RuntimeWarning)  # it would be printed next to the file's own error
    path.write_bytes(made["WAV/PCM_16"])
    read(path)  # load everything before the limit applies
    limit = _address_bytes() + MEMORY_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pipe.send("ready")
    while (asked := pipe.recv()) is not None:
        form, seed = asked
        path.write_bytes(changed(made[form], seed))
        pipe.send((*read(path), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024))


def read(path: Path) -> tuple[What, str]:
    """Decode a file and read its metadata; return the outcome, and how it did harm."""
    from search.audio import metadata, windows

    try:
        metadata.read(os.fspath(path))
        for _ in windows(os.fspath(path), _SPEC):
            pass
    except AudioError as error:
        is_plain = len(str(error).splitlines()) == 1 and printable(error.cause) == error.cause
        return ("refused", "") if is_plain else ("crashed", f"not one plain line: {error.cause!r}")
    except Exception as error:  # noqa: BLE001  # the fuzzer looks for any error that is not an AudioError
        return "crashed", f"{type(error).__name__}: {error}"
    return "decoded", ""


def _address_bytes() -> int:
    """The current address space of this process, in bytes."""
    return int(Path("/proc/self/statm").read_text("ascii").split()[0]) * resource.getpagesize()


def _processor_s(pid: int | None) -> float:
    """Processor seconds of a process; see proc(5), fields 14 and 15."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _place(length: int, rng: np.random.Generator) -> int:
    match int(rng.integers(0, 6)):
        case 0:
            return int(rng.integers(0, length))
        case 1:
            return int(rng.integers(max(0, length - _HEAD_BYTES), length))
        case _:
            return int(rng.integers(0, min(length, _HEAD_BYTES)))


def _can(form: Form) -> bool:
    try:
        form.encode(sound(1, 0.1, RATE_HZ), RATE_HZ)
    except FormatError:
        return False
    return True


@with_status
def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return 1 if a file did harm."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--files", type=int, default=100_000, metavar="N")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="seed of the first file (1); later files count up"
    )
    parser.add_argument(
        "--again", nargs=3, metavar=("FORM", "SEED", "OUT"), help="only write the file with this form and seed"
    )
    args = parser.parse_args(arguments)
    if args.again:
        name, seed, out = args.again
        (form,) = (one for one in forms() if one.name == name)
        Path(out).write_bytes(changed(form.encode(sound(1, SECONDS, RATE_HZ), RATE_HZ), int(seed)))
        return 0
    with tempfile.TemporaryDirectory(prefix="soundalike-fuzzing-") as folder:
        counts, harmful, most_bytes = run(args.files, args.seed, Path(folder))
    n_forms = len([form for form in forms() if _can(form)])
    print(
        f"{args.files} files of {n_forms} forms, seeds {args.seed} to {args.seed + args.files - 1}: "
        f"{counts['decoded']} decoded, {counts['refused']} refused, {counts['crashed']} crashed, {counts['hung']} took "
        f"longer than {TIME_S:g} s; the most memory of a process {most_bytes / 1e6:.0f} MB"
    )
    print(this_machine().sentence())
    return 1 if harmful else 0


if __name__ == "__main__":
    sys.exit(main())
