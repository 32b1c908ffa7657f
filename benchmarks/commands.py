"""The subcommand ``soundalike bench``: quality, speed, humming."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from benchmarks.common.outputs import (
    CACHE,
    add_outputs,
    check_plots,
    report_progress,
    save_plots,
    write_outputs,
)
from benchmarks.humming.command import Humming
from benchmarks.speed.command import Speed
from search.errors import ModelNotFound, UsageError
from search.settings import Settings

if TYPE_CHECKING:
    from benchmarks.quality.encoding import EncodingCache
    from benchmarks.quality.measure import QualityReport
    from search.ports import Encoder

PEERS = ("spectral", "yamnet")
"""Encoders to compare with the default one if none are named: a baseline, and YAMNet if its model file is found."""


class Bench(Protocol):
    """One benchmark below ``soundalike bench``."""

    @property
    def name(self) -> str:
        """The subcommand's word on the command line."""

    @property
    def help(self) -> str:
        """The help text, one line."""

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Measure and report; return the exit status."""


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
            "(default: the sets in ../shared/data, else data/demo)",
        )
        parser.add_argument(
            "--encoder",
            nargs="+",
            action="extend",
            metavar="NAME",
            help="encoders; differences are to the first (default: $SOUNDALIKE_ENCODER, spectral, yamnet)",
        )
        parser.add_argument(
            "--queries",
            choices=("all", "example", "text"),
            default="all",
            help="queries by example, by text, or both (all)",
        )
        parser.add_argument(
            "--protocol",
            choices=("search", "maeb", "zero-shot"),
            default="search",
            help="search: as a library is searched (default); maeb: re-rank 5 right among 21; "
            "zero-shot: classify by the words of the labels",
        )
        from search.evaluation import RESAMPLES

        parser.add_argument("--resamples", type=int, default=RESAMPLES, metavar="N", help="bootstrap resamples (2000)")
        parser.add_argument("--cache", type=Path, default=CACHE, metavar="DIR", help=f"cache of encodings ({CACHE})")
        parser.add_argument("--no-cache", action="store_true", help="encode everything again and keep nothing")
        parser.add_argument("--log", type=Path, metavar="FILE", help="append a line of JSON about this run")
        add_outputs(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Measure, print, and write the requested files."""
        from benchmarks.quality import datasets
        from benchmarks.quality.encoding import EncodingCache

        if args.resamples < 1:
            raise UsageError(f"--resamples is {args.resamples}; it must be at least 1")
        check_plots(args)
        paths = args.dataset or datasets.default_datasets()
        cache = EncodingCache(None if args.no_cache else args.cache)
        if args.protocol == "search":
            self._search(args, settings, paths, cache)
        else:
            self._task(args, settings, paths, cache)
        return 0

    def _task(self, args: argparse.Namespace, settings: Settings, paths: list[Path], cache: EncodingCache) -> None:
        """Run the protocol of a published benchmark. Raises UsageError if a plot is requested: there is none."""
        from benchmarks.common import report
        from benchmarks.quality import datasets, reranking, zero_shot

        if args.plot:
            raise UsageError(f"--protocol {args.protocol} draws no plot; leave --plot out")
        asked = encoders(args.encoder, settings)
        if args.protocol == "maeb":
            sets = [datasets.load_any(path) for path in paths]
            ranked = reranking.run(sets, asked, cache=cache, seed=args.seed, progress=report_progress)
            write_outputs(args, report.to_json(ranked), reranking.markdown(ranked), [])
        else:
            called = zero_shot.run(
                [datasets.load(path) for path in paths], asked, cache=cache, progress=report_progress
            )
            write_outputs(args, report.to_json(called), zero_shot.markdown(called), [])

    def _search(self, args: argparse.Namespace, settings: Settings, paths: list[Path], cache: EncodingCache) -> None:
        """Rank as a search of a library does."""
        from benchmarks.common import report
        from benchmarks.quality import datasets, measure
        from benchmarks.quality import report as quality_report

        measured = measure.run(
            [datasets.load(path) for path in paths],
            encoders(args.encoder, settings),
            settings,
            cache=cache,
            seed=args.seed,
            resamples=args.resamples,
            progress=report_progress,
            queries=args.queries,
        )
        plots = save_plots(args, {"": quality_report.figure(measured)} if args.report or args.plot else {})
        write_outputs(args, report.to_json(measured), quality_report.markdown(measured), plots)
        if args.log:
            report.append_line(args.log, log_record(measured))


class BenchCommand:
    """``soundalike bench``: passes control to one of its benchmarks."""

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
        """Run the benchmark that the command line names."""
        return self._benches[args.bench].run(args, settings)


def encoders(names: Sequence[str] | None, settings: Settings) -> list[Encoder]:
    """Return the named encoders; without names, the default encoder and the `PEERS` that are available here."""
    from search import wiring

    if names:
        return [wiring.encoder(name, settings) for name in dict.fromkeys(names)]
    available = [wiring.encoder(settings.encoder, settings)]
    for name in PEERS:
        if name == settings.encoder:
            continue
        try:
            available.append(wiring.encoder(name, settings))
        except (ModelNotFound, UsageError) as missing:
            report_progress(f"without {name}: {missing}")
    return available


def log_record(report: QualityReport) -> dict[str, object]:
    """Return the log record of a run: its encoders and data sets, and the mAP of each."""
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


COMMANDS = (BenchCommand((Quality(), Speed(), Humming())),)
