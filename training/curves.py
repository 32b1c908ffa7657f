"""``python -m training.curves RUN``: draw the log of a run as ``curves.png`` in its folder."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from search.errors import UsageError
from training.run import LOG
from training.running import command


@dataclass(frozen=True, slots=True)
class Curves:
    """A log's figures: steps with loss and rate, looks at the development split, and the first step of each phase."""

    steps: list[int]
    losses: list[float]
    rates: list[float]
    looks: list[tuple[int, float, float]]
    phases: list[tuple[int, str]]


def read(log: Path) -> Curves:
    """Read a log. If a step was run again after an interruption, its last line counts."""
    if not log.is_file():
        raise UsageError(f"{log} is not there: no run has logged a step in this folder")
    lines: dict[tuple[str, int], dict[str, float | str | dict[str, float]]] = {}
    for text in log.read_text().splitlines():
        line = json.loads(text)
        lines["look" if "development" in line else "step", line["step"]] = line
    steps = [line for (kind, _), line in sorted(lines.items(), key=lambda item: item[0][1]) if kind == "step"]
    looks = [line for (kind, _), line in sorted(lines.items(), key=lambda item: item[0][1]) if kind == "look"]
    phases: list[tuple[int, str]] = []
    for line in steps:
        if not phases or phases[-1][1] != line["phase"]:
            phases.append((int(str(line["step"])), str(line["phase"])))
    figures = [(int(str(line["step"])), line["development"]) for line in looks]
    return Curves(
        [int(str(line["step"])) for line in steps],
        [float(str(line["loss"])) for line in steps],
        [float(str(line["rate"])) for line in steps],
        [(step, found["cosine"], found["logits"]) for step, found in figures if isinstance(found, dict)],
        phases,
    )


def draw(curves: Curves, path: Path) -> None:
    """Draw loss and rate above, and similarity to the teacher on the development split below."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 7), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    above.semilogy(curves.steps, curves.losses, linewidth=0.8, label="loss (its terms differ between phases)")
    above.semilogy(curves.steps, curves.rates, linewidth=0.8, label="learning rate")
    above.legend()
    below.plot([look[0] for look in curves.looks], [look[1] for look in curves.looks], marker=".", label="cosine")
    below.set_ylabel("centred cosine with the teacher")
    logits = below.twinx()
    logits.plot([look[0] for look in curves.looks], [look[2] for look in curves.looks], "C1", marker=".")
    logits.set_ylabel("squared error of the logits", color="C1")
    logits.set_yscale("log")
    for step, name in curves.phases:
        for axes in (above, below):
            axes.axvline(step, color="0.8", linewidth=0.8)
        above.annotate(name, (step, 1), xycoords=("data", "axes fraction"), fontsize=7, va="bottom")
    below.set_xlabel("step")
    figure.savefig(path, dpi=110)


@command
def main(arguments: Sequence[str] | None = None) -> int:
    """Draw a run's log."""
    parser = argparse.ArgumentParser(prog="python -m training.curves", description=__doc__)
    parser.add_argument("run", type=Path)
    args = parser.parse_args(arguments)
    draw(read(args.run / LOG), args.run / "curves.png")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
