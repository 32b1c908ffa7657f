"""What finding events in the bulk job costs: a folder is indexed without events and with ``--events``, in turn.

    python -m benchmarks.speed.events --clips 400 --rounds 5

Each job is a process of its own into a new library. Its whole time counts: starting, encoding, and the final search for
sounds that have no events. The clips are synthetic, uncompressed and 5 s long, so that nearly all of a job is encoding.
For sounds that take longer to decode, the share of events is smaller. ``--sounds FOLDER`` uses other sounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.common import report, synthetic
from benchmarks.common.machine import this_machine
from benchmarks.common.outputs import report_progress
from search.errors import SoundalikeError, UsageError
from search.ground.ending import with_status

WAYS: Final = {"without": (), "with `--events`": ("--events",), "then `soundalike events`": ()}
_AFTERWARDS: Final = "then `soundalike events`"


@dataclass(frozen=True, slots=True)
class Cost:
    """What one job took: wall-clock seconds, and processor seconds."""

    wall_s: float
    cpu_s: float


@with_status
def main(argv: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed.events", description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=int, default=400, metavar="N")
    parser.add_argument("--sounds", type=Path, metavar="FOLDER", help="index these sounds instead of generated ones")
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--encoder", default="cnn:soundalike-1", metavar="NAME")
    parser.add_argument("--report", type=Path, metavar="FILE")
    args = parser.parse_args(argv)
    if min(args.clips, args.rounds) < 1:
        raise UsageError("--clips and --rounds must be at least 1")
    costs: dict[str, list[Cost]] = {way: [] for way in WAYS}
    with tempfile.TemporaryDirectory(prefix="soundalike-events-") as scratch:
        sounds = args.sounds or Path(scratch) / "sounds"
        if args.sounds is None:
            synthetic.write_clips(sounds, args.clips, 22, seconds=(5.0, 5.01))
        for number in range(args.rounds):
            for way, options in WAYS.items():
                report_progress(f"round {number + 1}, {way} ...")
                library = Path(scratch) / f"library{number}-{list(WAYS).index(way)}"
                costs[way].append(_indexed(sounds, library, [*options, "--encoder", args.encoder], way))
    text = markdown(args, costs)
    print(text)
    if args.report is not None:
        report.write(args.report, text + "\n")
    return 0


def markdown(args: argparse.Namespace, costs: dict[str, list[Cost]]) -> str:
    """Return the report: medians over rounds, and medians of the ratios within a round."""
    rows = []
    for way, of_way in costs.items():
        ratios = [
            (one.wall_s / plain.wall_s, one.cpu_s / plain.cpu_s)
            for one, plain in zip(of_way, costs["without"], strict=True)
        ]
        wall, cpu = (statistics.median(column) for column in zip(*ratios, strict=True))
        wall_s, cpu_s = (
            statistics.median(one.wall_s for one in of_way),
            statistics.median(one.cpu_s for one in of_way),
        )
        rows.append([way, f"{wall_s:.1f}", f"{wall:.2f}", f"{cpu_s:.1f}", f"{cpu:.2f}"])
    what = f"{args.clips} clips of 5 s" if args.sounds is None else f"the files in {args.sounds.name}"
    command = f"python -m benchmarks.speed.events --clips {args.clips} --rounds {args.rounds}"
    return "\n\n".join(
        (
            f"`{command}`: {what}, medians of {args.rounds} rounds; a ratio is that to the job without of its round.",
            report.markdown_table(["events", "wall s", "ratio", "CPU s", "ratio"], rows),
            f"{this_machine().sentence()}; load {os.getloadavg()[0]:.1f}.",
        )
    )


def _indexed(sounds: Path, library: Path, options: Sequence[str], way: str) -> Cost:
    """What a job costs. Raises SoundalikeError if it fails."""
    arguments = [["index", str(sounds), *options, "--quiet"]]
    if way == _AFTERWARDS:
        arguments.append(["events"])
    begun_s, before = time.monotonic(), os.times()
    for words in arguments:
        command = [sys.executable, "-m", "search.cli", *words, "--library", str(library)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603  # our own
        if done.returncode:
            raise SoundalikeError(f"{words[0]} ended with status {done.returncode}: {done.stderr.strip()}")
    after = os.times()
    cpu_s = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(time.monotonic() - begun_s, cpu_s)


if __name__ == "__main__":
    raise SystemExit(main())
