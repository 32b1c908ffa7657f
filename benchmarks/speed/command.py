"""``soundalike bench speed``: indexing and search compared with their limit and with alternatives; whole queries."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.common.outputs import (
    CACHE,
    add_outputs,
    check_plots,
    report_progress,
    save_plots,
    wants_plots,
    write_outputs,
)
from search.errors import UsageError
from search.settings import Settings

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from benchmarks.index.measure import SearchSpeedReport
    from benchmarks.index.vectors import Anchors
    from benchmarks.speed.indexing import IndexingReport
    from benchmarks.speed.library import LibrarySpeedReport
    from benchmarks.speed.stores import StoresReport
    from benchmarks.speed.writing import WritingReport

SIZES = (10_000, 100_000, 1_000_000)
WORK = Path("run/bench-speed")
ANCHOR_FILES = 2000
SYNTHETIC_ANCHORS = 20_000


FILTERS = ("all", "half", "hundredth", "ten-thousandth")
"""Shares of the segments that pass the filter. "all" means no filter and is always measured."""

PEERS, MORE_PEERS = ("hnswlib", "usearch", "voyager"), ("lancedb", "zvec")

PARTS = ("indexing", "search", "library", "writing", "stores")
"""Without ``--only``, every part is measured except "stores", which needs an S3 server."""


@dataclass(frozen=True, slots=True)
class SpeedReport:
    """The report's parts; those that were not requested are None or empty."""

    indexing: IndexingReport | None
    search: SearchSpeedReport | None
    libraries: tuple[LibrarySpeedReport, ...]
    writing: WritingReport | None
    stores: StoresReport | None = None


class Speed:
    """The speed of indexing, search, whole queries, writing and stores."""

    name = "speed"
    help = "how fast: indexing against its limit and a loop with librosa; search against other libraries; whole queries"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("--only", choices=PARTS, help="measure only this part")
        parser.add_argument("--audio", type=Path, metavar="DIR", help="recordings (default: ../shared, else data/demo)")
        parser.add_argument(
            "--encoder", metavar="NAME", help="encoder of the recordings (default: $SOUNDALIKE_ENCODER)"
        )
        parser.add_argument(
            "--rounds", type=int, default=3, metavar="N", help="rounds, in turn; medians are reported (3)"
        )
        indexing = parser.add_argument_group("indexing")
        indexing.add_argument(
            "--minutes", type=float, default=60.0, metavar="M", help="minutes of recordings to index (60)"
        )
        search = parser.add_argument_group("search")
        search.add_argument(
            "--sizes",
            type=int,
            nargs="+",
            default=list(SIZES),
            metavar="N",
            help="sizes in segments (10 thousand, 100 thousand, 1 million)",
        )
        search.add_argument(
            "--recall", type=float, default=0.97, metavar="R", help="recall that efforts are tuned to (0.97)"
        )
        search.add_argument(
            "--filters",
            nargs="+",
            choices=FILTERS,
            default=list(FILTERS),
            metavar="NAME",
            help=f"filters to search with: {', '.join(FILTERS)} (all)",
        )
        search.add_argument(
            "--peers",
            nargs="*",
            choices=[*PEERS, *MORE_PEERS],
            default=list(PEERS),
            metavar="NAME",
            help=f"peers to compare with ({', '.join(PEERS)}); {' and '.join(MORE_PEERS)} if installed",
        )
        search.add_argument("--queries", type=int, default=500, metavar="N", help="queries at each size (500)")
        search.add_argument(
            "--anchor-files",
            type=int,
            default=ANCHOR_FILES,
            metavar="N",
            help=f"recordings that vectors are grown from ({ANCHOR_FILES}); 0: synthetic anchors, no recording",
        )
        parser.add_argument("--catalog", metavar="URL", help="an empty database to write clips to (default: a file)")
        search.add_argument(
            "--work", type=Path, default=WORK, metavar="DIR", help=f"folder for indexes that were built ({WORK})"
        )
        add_outputs(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Measure, print, and write the requested files."""
        from benchmarks.common import report

        check(args)
        check_plots(args)
        found = SpeedReport(
            indexing=measure_indexing(args, settings) if args.only in (None, "indexing") else None,
            search=measure_search(args, settings) if args.only in (None, "search") else None,
            libraries=measure_libraries(args, settings) if args.only in (None, "library") else (),
            writing=measure_writing(args, settings) if args.only in (None, "writing") else None,
            stores=measure_stores(args, settings) if args.only == "stores" else None,
        )
        plots = save_plots(args, figures(found)) if wants_plots(args) else []
        write_outputs(args, report.to_json(found), markdown(found), plots)
        return 0


def check(args: argparse.Namespace) -> None:
    """Raise UsageError for numbers that make no sense, or a missing folder of recordings."""
    if not args.minutes > 0 or args.rounds < 1:
        raise UsageError("--minutes must be more than 0 and --rounds at least 1")
    if min(args.sizes) < 1 or args.queries < 1 or args.anchor_files < 0:
        raise UsageError("--sizes and --queries must be at least 1, --anchor-files at least 0")
    if not 0 < args.recall <= 1:
        raise UsageError("--recall must be more than 0 and at most 1")
    if args.audio is not None and not args.audio.is_dir():
        raise UsageError(f"--audio {args.audio} is no folder")


def measure_indexing(args: argparse.Namespace, settings: Settings) -> IndexingReport:
    """Measure indexing."""
    from benchmarks.common import material
    from benchmarks.speed import indexing as indexing_speed

    options = indexing_speed.Options(
        encoder=args.encoder or settings.encoder,
        source=args.audio or material.default_source(),
        minutes=args.minutes,
        rounds=args.rounds,
        seed=args.seed,
    )
    return indexing_speed.run(options, settings, report_progress)


def measure_search(args: argparse.Namespace, settings: Settings) -> SearchSpeedReport:
    """Measure the search of vectors."""
    from benchmarks.index import measure
    from benchmarks.index.vectors import VectorSource

    source = VectorSource(anchors(args, settings), args.seed)
    return measure.run(
        args.sizes,
        source,
        queries=args.queries,
        seed=args.seed,
        recall=args.recall,
        filters=list(dict.fromkeys(["all", *args.filters])),
        peers=args.peers,
        rounds=args.rounds,
        work=args.work,
        progress=report_progress,
    )


def measure_libraries(args: argparse.Namespace, settings: Settings) -> tuple[LibrarySpeedReport, ...]:
    """Measure the opening of whole libraries, and queries to them."""
    from benchmarks.index.vectors import VectorSource
    from benchmarks.speed import library

    source = VectorSource(anchors(args, settings), args.seed)
    return tuple(
        library.run(source, size, args.work, settings, queries=args.queries, seed=args.seed, progress=report_progress)
        for size in args.sizes
    )


def measure_writing(args: argparse.Namespace, settings: Settings) -> WritingReport:
    """Measure writing to a catalog."""
    from benchmarks.index.vectors import VectorSource
    from benchmarks.speed import writing

    return writing.run(VectorSource(anchors(args, settings), args.seed), args.catalog, settings, report_progress)


def measure_stores(args: argparse.Namespace, settings: Settings) -> StoresReport:
    """Measure the indexing of files in an object store."""
    from benchmarks.speed import stores

    return stores.run(args.encoder or settings.encoder, args.seed, settings, report_progress)


def anchors(args: argparse.Namespace, settings: Settings) -> Anchors:
    """Return the anchors of vectors: encoded recordings, or synthetic ones with ``--anchor-files 0``."""
    from benchmarks.common import material
    from benchmarks.index.vectors import encoded_anchors, synthetic_anchors
    from benchmarks.quality.encoding import EncodingCache
    from search import wiring

    encoder = wiring.encoder(args.encoder or settings.encoder, settings)
    if args.anchor_files == 0:
        return synthetic_anchors(SYNTHETIC_ANCHORS, encoder.spec.dim, args.seed)
    files = material.choose(args.audio or material.default_source(), args.anchor_files, args.seed)
    return encoded_anchors(files, encoder, EncodingCache(CACHE), report_progress)


def markdown(report: SpeedReport) -> str:
    """Return every section that was measured."""
    from benchmarks.index import report as search_report
    from benchmarks.speed import indexing_report, library, writing

    parts: Sequence[str] = [
        "# Speed",
        *([indexing_report.markdown(report.indexing)] if report.indexing else []),
        *([search_report.markdown(report.search)] if report.search else []),
        *([library.markdown(report.libraries)] if report.libraries else []),
        *([writing.markdown(report.writing)] if report.writing else []),
        *_of_stores(report),
    ]
    return "\n\n".join(parts) + "\n"


def _of_stores(report: SpeedReport) -> list[str]:
    if report.stores is None:
        return []
    from benchmarks.speed import stores  # the client of a store is only needed to measure one

    return [stores.markdown(report.stores)]


def figures(report: SpeedReport) -> dict[str, Figure]:
    """Return the plot of each part that has one."""
    from benchmarks.index import report as search_report
    from benchmarks.speed import indexing_report

    drawn = {}
    if report.indexing:
        drawn["indexing"] = indexing_report.figure(report.indexing)
    if report.search:
        drawn["search"] = search_report.figure(report.search)
    return drawn
