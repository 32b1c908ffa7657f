"""The subcommand ``soundalike bench humming``."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.common import outputs
from benchmarks.humming import CONDITIONS, PARTS
from search.errors import UsageError
from search.settings import Settings


class Humming:
    """How well and how fast tunes are found by humming."""

    name = "humming"
    help = "how well tunes are found by humming: synthetic hums, baselines, growth with the catalogue"

    def configure(self, parser: argparse.ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument(
            "--tunes",
            nargs="+",
            action="extend",
            type=Path,
            metavar="DIR",
            help="folders of MIDI files, or MIR-QBSH as published (default: POP909 and Nottingham in ../shared/data)",
        )
        parser.add_argument(
            "--only",
            nargs="+",
            choices=PARTS,
            metavar="PART",
            help=f"measure only these parts: {', '.join(PARTS)} (all)",
        )
        parser.add_argument("--hums", type=int, default=300, metavar="N", help="hums for each condition (300)")
        parser.add_argument("--baseline-hums", type=int, default=100, metavar="N", help="hums for each baseline (100)")
        parser.add_argument(
            "--absent", type=int, default=200, metavar="N", help="tunes to remove from the catalogue and hum (200)"
        )
        parser.add_argument(
            "--sizes",
            nargs="*",
            type=int,
            default=[1_000, 3_000, 10_000, 30_000, 100_000],
            metavar="N",
            help="numbers of tunes for the growth chart",
        )
        parser.add_argument("--songs", type=int, default=60, metavar="N", help="recordings of each kind to render (60)")
        parser.add_argument("--level", nargs="+", choices=("easy", "middle", "hard"), help="levels of difficulty (all)")
        parser.add_argument(
            "--condition",
            nargs="+",
            choices=CONDITIONS,
            metavar="CONDITION",
            help=f"conditions: {', '.join(map(repr, CONDITIONS))} (all; the last four at the middle level only)",
        )
        outputs.add_outputs(parser)

    def run(self, args: argparse.Namespace, settings: Settings) -> int:
        """Measure, print, and write the requested files."""
        from benchmarks.common import report
        from benchmarks.humming import report as humming_report
        from benchmarks.humming import run, tune_sets
        from benchmarks.humming.hums import LEVELS

        if args.hums < 1:
            raise UsageError(f"--hums is {args.hums}; it must be at least 1")
        outputs.check_plots(args)
        tunes, recorded = tune_sets.collections(args.tunes or [tune_sets.POP909, tune_sets.NOTTINGHAM])
        options = run.Options(
            parts=frozenset(args.only or PARTS),
            hums=args.hums,
            baseline_hums=args.baseline_hums,
            absent=args.absent,
            sizes=tuple(args.sizes),
            growth_hums=min(40, args.hums),
            songs=args.songs,
            seed=args.seed,
            levels=tuple(args.level or LEVELS),
            conditions=tuple(args.condition or CONDITIONS),
        )
        report_of_run = run.run(tunes, options, outputs.report_progress, recorded)
        drawable = outputs.wants_plots(args) and bool(report_of_run.scores or report_of_run.growth)
        plots = outputs.save_plots(args, {"": humming_report.figure(report_of_run)}) if drawable else []
        outputs.write_outputs(args, report.to_json(report_of_run), humming_report.markdown(report_of_run), plots)
        return 0
