"""The subcommand ``soundalike train``: adapt an encoder to a person's own labels."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from search import wiring
from search.errors import AudioError, UsageError, printable
from search.settings import Settings

if TYPE_CHECKING:
    from search.evaluation import Difference, Estimate
    from search.ports import Encoder
    from training.adapting import EncodedWindows, Plan
    from training.labelled import LabelledClip

DONE, SOME_FAILED, NO_BETTER = 0, 1, 1
SUFFIX = ".safetensors"


class Train:
    """Adapt an encoder to labelled folders, and report whether that helped on sounds held out of training."""

    name = "train"
    help = "teach an encoder your own labels, from folders of labelled sounds"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "sources",
            nargs="+",
            type=Path,
            metavar="FOLDER",
            help="a folder whose subfolders are labels, or a CSV with the columns path,label,group",
        )
        parser.add_argument("--out", type=Path, required=True, metavar="FILE.safetensors", help="the file to write")
        parser.add_argument("--encoder", metavar="NAME", help="encoder to start from (default: $SOUNDALIKE_ENCODER)")
        parser.add_argument("--takes", type=int, default=3, metavar="N", help="augmented versions of every window (3)")
        parser.add_argument("--rank", type=int, default=64, metavar="N", help="dimensions that may change (64)")
        parser.add_argument("--epochs", type=int, default=60, metavar="N", help="most epochs (60); it stops early")
        parser.add_argument("--seed", type=int, default=1, help="seed of the split, takes and batches (1)")
        parser.add_argument("--quiet", action="store_true", help="print only the figures")

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Train and report. Return 1 if held-out sounds are not found better, or if some files could not be read."""
        from training.adapting import Plan, readable
        from training.labelled import gather, split

        if args.takes < 0 or args.rank < 1 or args.epochs < 1:
            raise UsageError("--rank and --epochs must be 1 or more, --takes 0 or more")
        _check_target(args.out)
        gathered = gather(args.sources)
        encoder = wiring.encoder(args.encoder or settings.encoder, settings)
        clips, failed = readable(gathered, encoder.spec, _Progress("looking at the files", args.quiet))
        _report_failed(failed)
        plan = Plan(takes=args.takes, rank=args.rank, most_epochs=args.epochs, seed=args.seed)
        status = _train(split(clips, args.seed), encoder, plan, args.out, quiet=args.quiet)
        return SOME_FAILED if failed else status


COMMANDS = (Train(),)


def _check_target(out: Path) -> None:
    """Raise UsageError if ``out`` could not be written: before an hour of work, not after."""
    shown, folder = printable(str(out)), out.absolute().parent
    if out.suffix != SUFFIX:
        raise UsageError(f"--out {shown}: give it a name that ends with {SUFFIX}")
    if out.is_dir() or _manifest_of(out).is_dir():
        raise UsageError(f"--out {shown}: a folder has this name, or that of {_manifest_of(out).name}: choose another")
    if not folder.is_dir():
        raise UsageError(f"--out {shown}: there is no folder {printable(str(folder))}: make it first")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise UsageError(f"--out {shown}: no permission to write into {printable(str(folder))}: choose another folder")


def _manifest_of(out: Path) -> Path:
    """The file for the list of held-out clips."""
    return out.with_suffix(".held-out.csv")


def _report_failed(failed: Sequence[AudioError]) -> None:
    for error in failed:
        print(f"soundalike: {error}; left out", file=sys.stderr)


def _train(clips: Sequence[LabelledClip], encoder: Encoder, plan: Plan, out: Path, *, quiet: bool) -> int:
    import numpy as np
    import torch

    from search.encoders import adapted
    from search.evaluation import compare, summarise
    from training.adapting import by_example, calibration, encode_windows, fit
    from training.labelled import write_csv

    torch.set_num_threads(1)  # batches are small: threads would wait for each other
    parts = {name: [clip for clip in clips if clip.part == name] for name in ("learn", "validate", "held out")}
    encoded: dict[str, EncodedWindows] = {}
    for name, of_part in parts.items():
        takes = plan.takes if name == "learn" else 0
        encoded[name] = encode_windows(
            of_part, encoder, takes, plan.seed, _Progress(f"listening to what is {_PURPOSES[name]}", quiet)
        )
    names = sorted({clip.label for clip in clips})
    labels = np.array([names.index(clip.label) for clip in parts["learn"]], np.int64)

    def validate(adapter: adapted.Adapter | None) -> float:
        rows = encoded["validate"].pooled(len(parts["validate"]), adapter)
        return float(by_example(rows, parts["validate"]).values[:, 0].mean())

    learnt = fit(encoded["learn"], labels, validate, plan)
    if not quiet:
        curve = " ".join(f"{value:.3f}" for value in learnt.validation)
        print(f"mAP of the validation clips, before and after each epoch: {curve}", file=sys.stderr)
    if learnt.adapter is None:
        print(f"No better than {encoder.spec.name} as it is: nothing was written.")
        return NO_BETTER
    held = parts["held out"]
    fitted = calibration(encoded["validate"].pooled(len(parts["validate"]), learnt.adapter), parts["validate"])
    adapter = adapted.Adapter(learnt.adapter.down, learnt.adapter.up, fitted)
    before = by_example(encoded["held out"].pooled(len(held)), held)
    after = by_example(encoded["held out"].pooled(len(held), adapter), held)
    gained = compare(after, before, plan.seed)
    counts = f"{len(parts['learn'])} clips to learn from, {len(parts['validate'])} to stop by"
    print(f"{len(names)} labels; {counts}, {len(held)} held out; seed {plan.seed}. On those held out:\n")
    print(_table(summarise(before, plan.seed), summarise(after, plan.seed), gained))
    if gained[0].mean <= 0:
        print(f"\nNo better than {encoder.spec.name} on sounds that it never heard: nothing was written.")
        return NO_BETTER
    if gained[0].low <= 0:
        print("\nThe interval of mAP includes 0: this may be chance. More sounds of each label would tell.")
    adapted.write(out, adapter, encoder.spec, names)
    write_csv(_manifest_of(out), held)
    print(f"\n{_next_commands(out, encoder.spec.name)}")
    return DONE


def _next_commands(out: Path, base: str) -> str:
    """The next commands for the adapter, quoted for a shell."""
    adapter, manifest = shlex.quote(f"adapted:{out}"), shlex.quote(str(_manifest_of(out)))
    return (
        f"{out} is ready:  soundalike reindex --encoder {adapter}\n"
        f"Measure it:  soundalike bench quality --dataset {manifest} --encoder {shlex.quote(base)} {adapter}"
    )


_PURPOSES = {"learn": "learnt from", "validate": "to stop by", "held out": "held out"}


def _table(before: Sequence[Estimate], after: Sequence[Estimate], gained: Sequence[Difference]) -> str:
    lines = ["metric    before   after   difference, 95 % interval"]
    for old, new, gain in zip(before, after, gained, strict=True):
        lines.append(
            f"{old.metric:8} {old.mean:7.3f} {new.mean:7.3f}   {gain.mean:+.3f} ({gain.low:+.3f} to {gain.high:+.3f})"
        )
    return "\n".join(lines)


class _Progress:
    """A counter on one line of stderr, if that is a terminal."""

    def __init__(self, what: str, quiet: bool) -> None:
        self._what = what
        self._shown = not quiet and sys.stderr.isatty()

    def __call__(self, done: int, total: int) -> None:
        if self._shown:
            print(f"\r{self._what}: {done} of {total}", end="\n" if done == total else "", file=sys.stderr, flush=True)
