"""``python -m benchmarks.serving.cold --library LIBRARY``: the cost of a command from a cold start, mostly imports.

Commands take turns within a round. Each is compared with the least that a command can take: a Python process that only
imports numpy and SQLAlchemy. On a busy machine this ratio is more reliable than the seconds.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.common import report
from benchmarks.common.checkout import HERE, Checkout
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from benchmarks.serving.questions import wav
from search.errors import UsageError
from search.ground.ending import with_status

LEAST: Final = "import numpy, sqlalchemy"


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a command: CPU seconds of its process, and its peak memory (MiB)."""

    cpu_s: float
    memory_mib: float


def commands(checkout: Checkout, library: Path, sound: Path) -> dict[str, list[str]]:
    """Return the measured command lines by their name in the table."""
    there = ("--library", str(library.resolve()))
    return {
        LEAST: [str(checkout.python), "-c", LEAST],
        "--help": checkout.soundalike("--help"),
        "info": checkout.soundalike("info", *there),
        "search --text": checkout.soundalike("search", "--text", "rain", *there),
        "search --audio": checkout.soundalike("search", "--audio", str(sound), *there),
    }


def measured(command: Sequence[str], folder: Path) -> Run:
    """Run a command to its end in ``folder``. Raises UsageError if it fails."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with subprocess.Popen(command, cwd=folder, stdout=subprocess.DEVNULL, env=environ) as process:  # noqa: S603 - our own
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise UsageError(f"a command ended with status {process.returncode}: {' '.join(command)}")
    return Run(used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def measure(checkouts: Sequence[Checkout], library: Path, rounds: int) -> dict[tuple[str, str], list[Run]]:
    """Return the runs of each (commit, command). The first run of each compiles modules and does not count."""
    runs: dict[tuple[str, str], list[Run]] = {}
    commits = [checkout.commit() for checkout in checkouts]  # once: the checkout may change while this runs
    with tempfile.TemporaryDirectory() as folder:
        sound = Path(folder) / "asked.wav"
        sound.write_bytes(wav(1))
        for number in range(1 + rounds):
            report_progress(f"round {number} of {rounds} ...")
            for checkout, commit in zip(checkouts, commits, strict=True):
                for name, command in commands(checkout, library, sound).items():
                    run = measured(command, checkout.folder)
                    if number:
                        runs.setdefault((commit, name), []).append(run)
    return runs


def markdown(runs: dict[tuple[str, str], list[Run]], rounds: int) -> str:
    """Return the report: medians, and the least of the rounds."""
    rows = []
    for (commit, name), each in runs.items():
        cpu = np.array([run.cpu_s for run in each])
        floor = np.array([run.cpu_s for run in runs[commit, LEAST]])
        memory = np.median([run.memory_mib for run in each])
        times = [f"{value:.2f}" for value in (np.median(cpu), cpu.min(), np.median(cpu / floor))]
        rows.append([commit, f"`{name}`", *times, f"{memory:.0f}"])
    header = ("commit", "command", "median CPU s", "least CPU s", "ratio to the imports", "peak MiB")
    return "\n\n".join(
        [
            "## Commands from cold",
            this_machine().sentence(),
            f"{rounds} round(s), commands in turn; load average {os.getloadavg()[0]:.1f} at the end.",
            report.markdown_table(header, rows),
        ]
    )


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.serving.cold", description=__doc__.splitlines()[0])
    parser.add_argument("--library", type=Path, required=True, metavar="DIR", help="the library to search")
    parser.add_argument("--rounds", type=int, default=9, metavar="N", help="rounds; medians are reported (9)")
    parser.add_argument("--checkout", type=Path, metavar="DIR", help="measure another checkout in turn with this one")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="also write the report to this file")
    args = parser.parse_args(argv)
    if args.rounds < 1:
        raise UsageError("--rounds must be at least 1")
    checkouts = [*([Checkout.at(args.checkout)] if args.checkout else []), HERE]
    text = markdown(measure(checkouts, args.library, args.rounds), args.rounds)
    print(text)
    if args.report is not None:
        report.write(args.report, text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
