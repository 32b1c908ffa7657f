"""Options that every benchmark shares, and where its reports and plots go."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.common import report

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CACHE = Path("run/bench-cache")
SEED = 7


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """Add ``--seed`` and the options for output files."""
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"random seed ({SEED})")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the figures as JSON")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="write the report, and plots beside it")
    parser.add_argument("--plot", type=Path, metavar="OUT.png", help="file for the plot (default: beside the report)")


def wants_plots(args: argparse.Namespace) -> bool:
    """Return whether a plot is to be drawn."""
    return args.plot is not None or args.report is not None


def plot_file(args: argparse.Namespace, part: str) -> Path:
    """Return the file of a part's plot: ``OUT.png``, or ``OUT-<part>.png``."""
    file = Path(args.plot) if args.plot is not None else Path(args.report).with_suffix(".png")
    return file.with_name(f"{file.stem}-{part}{file.suffix}") if part else file


def check_plots(args: argparse.Namespace) -> None:
    """Raise UsageError if the plot could not be drawn, before the benchmark spends an hour on measuring."""
    if wants_plots(args):
        report.check_figure_file(plot_file(args, ""))


def save_plots(args: argparse.Namespace, figures: Mapping[str, Figure]) -> list[Path]:
    """Write the figure of each part and return the files."""
    files = []
    for part, figure in figures.items():
        files.append(plot_file(args, part))
        report.save_figure(figure, files[-1])
    return files


def write_outputs(args: argparse.Namespace, as_json: str, markdown: str, plots: Sequence[Path]) -> None:
    """Write the requested files and print the report."""
    if args.json:
        report.write(args.json, as_json)
    if args.report:
        folder = args.report.resolve().parent
        pictures = [f"![{plot.stem}]({plot.name})\n" for plot in plots if plot.resolve().parent == folder]
        report.write(args.report, "\n".join([markdown, *pictures]))
    print(markdown)


def report_progress(line: str) -> None:
    """Print progress to stderr; stdout is for the report."""
    print(line, file=sys.stderr, flush=True)
