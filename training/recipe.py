"""``python -m training.recipe``: train the shipped encoder, from random weights or from its last checkpoint."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from search.errors import UsageError
from training.corpus import present
from training.data import Batches, BatchShape, Source
from training.development import REPOSITORIES
from training.distil import Phase, Teaching
from training.narrow import narrow
from training.run import CHECKPOINT, Pace, Plan, Run, fidelity
from training.running import command
from training.student import EXPANDED, WIDER, build, load_teacher
from training.weights import STUDENT, load_student, save


@dataclass(frozen=True, slots=True)
class Preset:
    """The phases of a training, and the inner widths of its student.

    With ``after``, the named preset is trained first; `training.narrow` narrows its student, and this preset continues.
    """

    phases: tuple[Phase, ...]
    expanded: tuple[int, ...] = WIDER
    after: str | None = None


PRESETS: dict[str, Preset] = {
    "miniature": Preset((
        Phase("blocks", "blocks", 4, 3e-3),
        Phase("frozen blocks", "frozen blocks", 4, 2e-3),
        Phase("end to end", "end to end", 4, 1e-3),
    )),
    "cpu-75min": Preset((
        Phase("blocks", "blocks", 3_000, 3e-3),
        Phase("frozen blocks", "frozen blocks", 8_000, 2e-3),
        Phase("end to end", "end to end", 8_000, 7e-4),
    )),
    "release": Preset((
        Phase("blocks", "blocks", 3_000, 3e-3),
        Phase("frozen blocks", "frozen blocks", 6_000, 2e-3),
        Phase("end to end", "end to end", 20_000, 1e-3, last=0.1),
        Phase("settling", "end to end", 7_000, 3e-4),
    )),
    "long": Preset((
        Phase("blocks", "blocks", 3_000, 3e-3),
        Phase("frozen blocks", "frozen blocks", 6_000, 2e-3),
        Phase("end to end", "end to end", 20_000, 1e-3, last=0.1),
        Phase("end to end, on", "end to end", 80_000, 7e-4),
    )),
    "shipped": Preset(
        (
            Phase("frozen blocks", "frozen blocks", 1_500, 1e-3),
            Phase("end to end", "end to end", 7_000, 5e-4),
        ),
        EXPANDED,
        after="cpu-75min",
    ),
}  # fmt: skip

RUNS = Path("run/training")
WIDE_RUN, NARROWED = "wide", "narrowed.safetensors"
"""For a preset with ``after``, in its folder: the folder of the first training, and the narrowed student."""

SHARES = {
    "natural": 0.40,
    "natural-slow": 0.10,
    "natural-fast": 0.10,
    "instruments": 0.16,
    "drums": 0.05,
    "songs": 0.07,
    "procedural": 0.07,
    "speech": 0.05,
}
"""Share of all crops, by corpus."""


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and train."""
    parser = argparse.ArgumentParser(prog="python -m training.recipe", description=__doc__)
    parser.add_argument("--preset", choices=sorted(PRESETS), default="shipped")
    parser.add_argument("--run", type=Path, help=f"folder of checkpoint and log ({RUNS}/PRESET)")
    parser.add_argument("--corpora", type=Path, default=Path("run/training/corpus"))
    parser.add_argument("--teacher", type=Path, default=Path("../shared/models/mn04_as_mAP_432.pt"))
    parser.add_argument("--start", type=Path, help="weights to go on from where the folder has no checkpoint")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--threads", type=int, default=1)
    args = parser.parse_args(arguments)
    torch.set_num_threads(args.threads)
    if args.run is None:
        args.run = RUNS / args.preset
    return 0 if train(args) else 1


def train(args: argparse.Namespace) -> bool:
    """Train until the end or an interruption, and save the weights in the run's folder. Return True at the end."""
    sources, held_out = sources_in(args.corpora)
    preset = PRESETS[args.preset]
    start: Path | None = args.start
    if preset.after is not None and start is None and not (args.run / CHECKPOINT).is_file():
        start = _before(args, preset)
        if start is None:
            return False
    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    teaching = Teaching(load_teacher(args.teacher).to(device), build(preset.expanded).to(device))
    run = Run(args.run, teaching, Plan(preset.phases, args.preset, args.seed), device)
    if not run.resume() and start is not None:
        run.start_from(load_student(teaching.student, start))
    (args.run / "pid").write_text(f"{os.getpid()}\n")
    looks = _looks(teaching, Batches([held_out], BatchShape(), seed=7), device)
    done = run.go(Batches(sources, BatchShape(), args.seed), Pace(), looks)
    save(teaching.student, args.run / STUDENT, {"step": str(run.step), "preset": args.preset})
    return done


def _before(args: argparse.Namespace, preset: Preset) -> Path | None:
    """The weights that ``preset`` starts from, trained in a folder inside its own; None if that was interrupted."""
    wide = argparse.Namespace(**{**vars(args), "preset": preset.after, "run": args.run / WIDE_RUN})
    if not train(wide):
        return None
    narrowed: Path = args.run / NARROWED
    narrow(wide.run / CHECKPOINT, narrowed, preset.expanded, sources_in(args.corpora)[0])
    return narrowed


def sources_in(folder: Path) -> tuple[list[Source], Source]:
    """The existing corpora to learn from, and the development split. Raises UsageError if natural is missing."""
    corpora = {corpus.name: corpus for corpus in present(folder, SHARES)[0]}
    if "natural" not in corpora:
        raise UsageError(f"{folder} has no corpus called natural: run python -m training.prepare")
    natural = corpora["natural"]
    others = frozenset(clip.group for clip in natural.clips) - REPOSITORIES
    return [Source(corpus, SHARES[name], REPOSITORIES) for name, corpus in corpora.items()], Source(
        natural, 1.0, others
    )


def _looks(teaching: Teaching, batches: Batches, device: torch.device) -> Iterator[dict[str, float]]:
    fixed = [batches.batch(step) for step in range(8)]
    while True:
        yield fidelity(teaching, fixed, device)


if __name__ == "__main__":
    raise SystemExit(main())
