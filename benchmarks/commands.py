"""The subcommand ``soundalike bench``: quality and speed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from search.errors import ModelNotFound, UsageError
from search.evaluation import RESAMPLES
from search.settings import Settings

if TYPE_CHECKING:
    from benchmarks.quality import QualityReport
    from search.ports import Encoder

CACHE = Path("run/bench-cache")
SEED = 7
PEERS = ("spectral", "yamnet")
"""What stands beside the default encoder when none is named: the floor, and a peer where its file is found."""


class Bench(Protocol):
    """One benchmark below ``soundalike bench``."""

    @property
    def name(self) -> str:
        """The word on the command line."""

    @property
    def help(self) -> str:
        """One line."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Measure and report; the exit status."""


class Quality:
    """How good the answers are."""

    name = "quality"
    help = "how good the answers are: mAP and six more metrics for every data set and encoder"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--dataset",
            nargs="+",
            action="extend",
            type=Path,
            metavar="CSV",
            help="a CSV path,label,group,text or the folder of ESC-50, UrbanSound8K, FSD50K or Clotho "
            "(default: what lies in ../shared/data, else data/demo)",
        )
        parser.add_argument(
            "--encoder",
            nargs="+",
            action="extend",
            metavar="NAME",
            help="encoders; differences are to the first (default: $SOUNDALIKE_ENCODER, spectral, yamnet)",
        )
        parser.add_argument(
            "--queries", choices=("all", "example", "text"), default="all", help="by example, in words, or both (all)"
        )
        parser.add_argument("--resamples", type=int, default=RESAMPLES, metavar="N", help="bootstrap resamples (2000)")
        parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"keeps encodings ({CACHE})")
        parser.add_argument("--no-cache", action="store_true", help="encode everything again and keep nothing")
        parser.add_argument("--log", type=Path, metavar="FILE", help="append a line of JSON about this run")
        add_outputs(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Measure, print, and write what was asked for."""
        from benchmarks import datasets, quality, quality_report, report
        from benchmarks.encoding import EncodingCache

        if args.resamples < 1:
            raise UsageError(f"--resamples is {args.resamples}; it must be at least 1")
        check_plot(args)
        found = quality.run(
            [datasets.load(path) for path in args.dataset or datasets.default_datasets()],
            encoders(args.encoder, settings),
            settings,
            cache=EncodingCache(None if args.no_cache else args.cache),
            seed=args.seed,
            resamples=args.resamples,
            tell=tell,
            queries=args.queries,
        )
        write_outputs(args, report.to_json(found), quality_report.markdown(found))
        if plot := plot_file(args):
            report.save_figure(quality_report.figure(found), plot)
        if args.log:
            report.append_line(args.log, log_record(found))
        return 0


class Speed:
    """How fast the work is done."""

    name = "speed"
    help = "how fast: indexing by stage against its limit and a naive loop; search against other libraries"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--only", choices=("indexing", "search"), help="one half alone")
        group = parser.add_argument_group("indexing")
        group.add_argument("--audio", type=Path, metavar="DIR", help="recordings to encode to MP3 and index")
        group.add_argument("--encoder", metavar="NAME", help="what encodes (default: $SOUNDALIKE_ENCODER)")
        group.add_argument("--minutes", type=float, default=60.0, metavar="M", help="how much of it (60)")
        group.add_argument("--rounds", type=int, default=3, metavar="N", help="how often; medians are reported (3)")
        add_outputs(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Measure, print, and write what was asked for."""
        from benchmarks import indexing_report, indexing_speed, material, report

        if not args.minutes > 0 or args.rounds < 1:
            raise UsageError("--minutes must be more than 0 and --rounds at least 1")
        check_plot(args)
        options = indexing_speed.Options(
            encoder=args.encoder or settings.encoder,
            source=args.audio or material.default_source(),
            minutes=args.minutes,
            rounds=args.rounds,
            seed=args.seed,
        )
        found = indexing_speed.run(options, settings, tell)
        write_outputs(args, report.to_json(found), indexing_report.markdown(found))
        if plot := plot_file(args):
            report.save_figure(indexing_report.figure(found), plot)
        return 0


class BenchCommand:
    """``soundalike bench``: hands over to one of its benchmarks."""

    name = "bench"
    help = "measure how good and how fast this is"

    def __init__(self, benches: Sequence[Bench]) -> None:
        self._benches = {bench.name: bench for bench in benches}

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add a subcommand for each benchmark."""
        subparsers = parser.add_subparsers(dest="bench", required=True, metavar="BENCHMARK")
        for bench in self._benches.values():
            bench.configure(subparsers.add_parser(bench.name, help=bench.help, description=bench.help))

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Run the benchmark that was named."""
        return self._benches[args.bench].run(args, settings)


def add_outputs(parser: argparse.ArgumentParser) -> None:
    """``--seed``, and where a report goes."""
    parser.add_argument("--seed", type=int, default=SEED, metavar="N", help=f"of everything random ({SEED})")
    parser.add_argument("--json", type=Path, metavar="OUT.json", help="write the figures as JSON")
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="write the report, and a plot beside it")
    parser.add_argument("--plot", type=Path, metavar="OUT.png", help="where the plot goes (default: beside the report)")


def plot_file(args: argparse.Namespace) -> Path | None:
    """Where the plot goes, None when none was asked for."""
    if args.plot is not None:
        return Path(args.plot)
    return None if args.report is None else Path(args.report).with_suffix(".png")


def check_plot(args: argparse.Namespace) -> None:
    """Raises UsageError before an hour of work when the plot at its end could not be drawn."""
    from benchmarks.report import check_figure_file

    if plot := plot_file(args):
        check_figure_file(plot)


def write_outputs(args: argparse.Namespace, as_json: str, markdown: str) -> None:
    """Write the files that were asked for, and print the report."""
    from benchmarks import report

    if args.json:
        report.write(args.json, as_json)
    if args.report:
        plot = plot_file(args)
        picture = f"\n![figures]({plot.name})\n" if plot and plot.parent == args.report.parent else ""
        report.write(args.report, markdown + picture)
    print(markdown)


def encoders(names: Sequence[str] | None, settings: Settings) -> list[Encoder]:
    """The encoders that were named, or the default one and those peers that can be had here."""
    from search import wiring

    if names:
        return [wiring.encoder(name, settings) for name in dict.fromkeys(names)]
    found = [wiring.encoder(settings.encoder, settings)]
    for name in PEERS:
        if name == settings.encoder:
            continue
        try:
            found.append(wiring.encoder(name, settings))
        except (ModelNotFound, UsageError) as missing:
            tell(f"without {name}: {missing}")
    return found


def log_record(report: QualityReport) -> dict[str, object]:
    """One line about a run: what was measured on which sets, and the mAP that came out."""
    return {
        "at": report.machine.measured_at,
        "bench": "quality",
        "seed": report.seed,
        "encoders": {encoder.name: encoder.fingerprint for encoder in report.encoders},
        "datasets": {facts.name: facts.clips for facts in report.datasets},
        "mAP": [
            {"dataset": table.dataset, "protocol": table.protocol, "encoder": row.encoder, "mAP": row.estimates[0].mean}
            for table in report.tables
            for row in table.rows
        ],
    }


def tell(line: str) -> None:
    """Progress is for stderr: stdout is the report."""
    print(line, file=sys.stderr, flush=True)


COMMANDS = (BenchCommand((Quality(), Speed())),)
