"""The report of `benchmarks.speed.indexing`: tables in Markdown and two bar charts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from benchmarks.common.report import markdown_table, new_figure
from benchmarks.speed.indexing import IndexingReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def markdown(report: IndexingReport) -> str:
    """Return the section on indexing."""
    return "\n\n".join(
        [
            "## Indexing",
            report.machine.sentence(),
            f"{report.files:,} MP3 files, {report.hours:.2f} hours, {report.size_bytes / 2**20:.0f} MiB, made at run "
            f"time from {report.source} (seed {report.seed}); encoder {report.encoder} "
            f"(`{report.fingerprint[:12]}`) on {report.device}; {len(report.rounds)} rounds. The loop: "
            "librosa, one clip at a time, two processes, one thread in each; the same weights, windows and hop.",
            _ratios(report),
            "Seconds of wall time, and of processor time where it says CPU:",
            _rounds(report),
            "CPU seconds of each stage of the job, over all threads, median of rounds:",
            _stages(report),
            "What a second of sound costs one core, stage by stage in one thread (windows overlap: most sound "
            "passes the encoder twice):",
            _costs(report),
        ]
    )


def figure(report: IndexingReport) -> Figure:
    """Return both charts side by side."""
    out = new_figure(11, 4)
    draw(report, out.add_subplot(1, 2, 1), out.add_subplot(1, 2, 2))
    return out


def draw(report: IndexingReport, walls: Axes, stages: Axes) -> None:
    """Draw the wall time of limit, job, command and loop (left), and CPU seconds of the job's stages (right)."""
    bars = {
        "decoding and\nresampling alone": [r.limit_s for r in report.rounds],
        "indexing job": [r.job_s for r in report.rounds],
        "soundalike index,\nwhole command": [r.command_s for r in report.rounds],
        "loop with\nlibrosa": [r.loop_s for r in report.rounds],
    }
    middles = [float(np.median(values)) for values in bars.values()]
    spread = (
        [m - min(v) for m, v in zip(middles, bars.values(), strict=True)],
        [max(v) - m for m, v in zip(middles, bars.values(), strict=True)],
    )
    walls.bar(list(bars), middles, yerr=spread, color=["C7", "C0", "C0", "C3"], error_kw={"linewidth": 0.8})
    walls.set_ylabel("wall seconds")
    walls.set_title(f"Indexing {report.hours:.2f} h of MP3 with {report.encoder}", fontsize=10)
    walls.tick_params(axis="x", labelsize=7)
    by_stage = stage_medians(report)
    stages.bar(list(by_stage), list(by_stage.values()), color="C0")
    stages.set_ylabel("CPU seconds")
    stages.set_title("Stages of the job", fontsize=10)
    stages.tick_params(axis="x", labelsize=7)


def stage_medians(report: IndexingReport) -> dict[str, float]:
    """Return stage -> median CPU seconds over the rounds, in the job's order."""
    names = [stage.stage for stage in report.rounds[0].stages]
    return {
        name: float(np.median([stage.cpu_s for r in report.rounds for stage in r.stages if stage.stage == name]))
        for name in names
    }


def _ratios(report: IndexingReport) -> str:
    return markdown_table(
        ("median of each round's ratio", "value"),
        [
            (f"job's wall time over (stages' CPU seconds / {report.machine.cores} cores)", f"{report.over_ideal:.2f}"),
            ("loop's wall time over the command's", f"{report.loop_over_ours:.2f}"),
            ("the same in processor time", f"{report.loop_over_ours_cpu:.2f}"),
            ("job's wall time over decoding and resampling alone", f"{report.ours_over_limit:.2f}"),
            ("indexing with facts against without, wall time of the command", f"{report.with_facts.wall_s:.2f}"),
            ("the same in processor time", f"{report.with_facts.cpu_s:.2f}"),
            ("the same of the job alone, wall time", f"{report.with_facts_job.wall_s:.2f}"),
            ("the same of the job's stages, processor time", f"{report.with_facts_job.cpu_s:.2f}"),
            ("with facts and fingerprints against without, wall time of the command", f"{report.with_both.wall_s:.2f}"),
            ("the same in processor time", f"{report.with_both.cpu_s:.2f}"),
            ("the same of the job's stages, processor time", f"{report.with_both_job.cpu_s:.2f}"),
            ("hours of sound encoded per minute, encoder alone", f"{report.encoding_hours_per_minute:.1f}"),
        ],
    )


def _rounds(report: IndexingReport) -> str:
    header = ("", "decoding and resampling", "indexing job", "whole command", "loop", "command, CPU", "loop, CPU")
    columns = [(r.limit_s, r.job_s, r.command_s, r.loop_s, r.command_cpu_s, r.loop_cpu_s) for r in report.rounds]
    rows = [(f"round {number}", *(f"{s:.1f}" for s in row)) for number, row in enumerate(columns, start=1)]
    return markdown_table(header, [*rows, ("median", *(f"{s:.1f}" for s in np.median(columns, axis=0)))])


def _stages(report: IndexingReport) -> str:
    medians = stage_medians(report)
    total = sum(medians.values())
    rows = [(name, f"{value:.2f}", f"{100 * value / max(total, 1e-9):.0f} %") for name, value in medians.items()]
    return markdown_table(("stage", "CPU seconds", "share"), [*rows, ("all", f"{total:.2f}", "100 %")])


def _costs(report: IndexingReport) -> str:
    return markdown_table(("stage", "ms per second"), [(cost.stage, f"{cost.ms_per_s:.2f}") for cost in report.costs])
