"""The report of `benchmarks.quality`: tables in Markdown and a figure of grouped bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmarks.common.report import markdown_table, new_figure
from benchmarks.quality import verdicts
from benchmarks.quality.measure import (
    EXAMPLE,
    FOLDS,
    TEXT,
    QualityReport,
    Row,
    Table,
)
from search.evaluation import METRICS, Difference, Estimate

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PROTOCOLS = (EXAMPLE, FOLDS, TEXT)


def markdown(report: QualityReport) -> str:
    """Return the whole report."""
    parts = [
        "# Retrieval quality",
        report.machine.sentence(),
        f"Means over queries with bootstrap 95 % intervals ({report.resamples} resamples of the queries, seed "
        f"{report.seed}). A row `b − a` is the paired difference over the same queries. The ceiling is what the number "
        "of relevant clips allows. Rankings are the engine's: a query is the mean of a clip's segments, a clip counts "
        "as its best segment; clips of the query's own group leave the ranking. A library of 100 clips or more has "
        "neighbourhoods; rows called *plain similarity* rank without. *hubness* is the skewness of how often a "
        "clip is among the first ten.",
        _encoders(report),
        _sets(report),
    ]
    for protocol in PROTOCOLS:
        tables = [table for table in report.tables if table.protocol == protocol]
        if tables:
            parts.append(f"## {protocol[0].upper()}{protocol[1:]}")
            parts += [_table(table) for table in tables]
    if report.verdicts:
        parts += [
            "## Verdicts",
            "Every clip is a query among the clips of other groups, and again with its class taken out; every text "
            'likewise. *right* is the mean of two shares: verdicts other than "none" the first time, and verdicts '
            '"none" the second time. *calibration error* is the mean distance between the probabilities of all these '
            "hits and the shares of them that are relevant.",
            verdicts.table(report.verdicts),
        ]
    return "\n\n".join(parts) + "\n"


def figure(report: QualityReport) -> Figure:
    """Return bars of mAP with intervals: a panel for each protocol, a group for each set, a bar for each encoder."""
    protocols = [p for p in PROTOCOLS if any(table.protocol == p for table in report.tables)]
    out = new_figure(1.5 + 1.4 * max(len(report.datasets), 3), 0.6 + 2.8 * max(len(protocols), 1))
    names = [encoder.name for encoder in report.encoders]
    for number, protocol in enumerate(protocols, start=1):
        axes = out.add_subplot(len(protocols), 1, number)
        _bars(axes, [table for table in report.tables if table.protocol == protocol], names)
        axes.set_title(protocol, fontsize=10)
        axes.set_xlim(-0.5, len(report.datasets) - 0.5)  # bars have the same width in every panel
        if number == 1:
            out.legend(*axes.get_legend_handles_labels(), fontsize=8, ncols=len(names), loc="outside lower center")
    return out


def _bars(axes: Axes, tables: Sequence[Table], names: Sequence[str]) -> None:
    width = 0.8 / len(names)
    for place, name in enumerate(names):
        found = [
            (group, row.estimates[0])
            for group, table in enumerate(tables)
            for row in table.rows
            if row.encoder == name and row.estimates
        ]
        axes.bar(
            [group + (place - (len(names) - 1) / 2) * width for group, _ in found],
            [best.mean for _, best in found],
            width * 0.92,
            yerr=[[best.mean - best.low for _, best in found], [best.high - best.mean for _, best in found]],
            error_kw={"linewidth": 0.8},
            color=f"C{place}",
            label=name,
        )
    axes.set_xticks(range(len(tables)), [table.dataset for table in tables])
    axes.set_ylim(0, 1.05)
    axes.set_ylabel("mAP")
    axes.grid(axis="y", alpha=0.3)
    axes.set_axisbelow(True)


def _encoders(report: QualityReport) -> str:
    header = ("encoder", "revision", "fingerprint", "dim", "window s", "hop s")
    return markdown_table(
        header,
        [
            (e.name, e.revision, f"`{e.fingerprint[:12]}`", str(e.dim), f"{e.window_s:g}", f"{e.hop_s:g}")
            for e in report.encoders
        ],
    )


def _sets(report: QualityReport) -> str:
    header = ("set", "clips", "minutes", "segments", "labels", "groups", "texts")
    return markdown_table(
        header,
        [
            (
                s.name,
                f"{s.clips:,}",
                f"{s.seconds / 60:.0f}",
                f"{s.segments:,}",
                str(s.labels),
                f"{s.groups:,}",
                f"{s.texts:,}",
            )
            for s in report.datasets
        ],
    )


def _table(table: Table) -> str:
    first = table.rows[0]
    rows = [("*ceiling*", *(f"*{_number(e.ceiling)}*" for e in first.estimates), "")]
    rows += [(row.encoder, *(_estimate(e) for e in row.estimates), _hubness(row)) for row in table.rows]
    rows += [
        (f"{row.encoder} − {first.encoder}", *(_difference(d) for d in row.versus_first), "")
        for row in table.rows
        if row.versus_first
    ]
    skipped = f", {table.skipped} without a relevant clip skipped" if table.skipped else ""
    title = f"**{table.dataset}**: {table.queries:,} queries{skipped}"
    return f"{title}\n\n{markdown_table(('', *METRICS, 'hubness'), rows)}"


def _hubness(row: Row) -> str:
    return "" if row.hubness is None else f"{row.hubness:.2f}"


def summary_lines(report: QualityReport) -> list[str]:
    """Return a line for each table and encoder, for the terminal."""
    return [
        f"{table.dataset:<14} {table.protocol:<46} {row.encoder:<16} {_short(row)}"
        for table in report.tables
        for row in table.rows
    ]


def _short(row: Row) -> str:
    return "  ".join(f"{e.metric} {_number(e.mean)}" for e in row.estimates)


def _number(value: float) -> str:
    """Three digits, without a zero before the decimal point."""
    text = f"{value:.3f}"
    return text[1:] if text.startswith("0.") else text


def _estimate(estimate: Estimate) -> str:
    return f"{_number(estimate.mean)} ({_number(estimate.low)}–{_number(estimate.high)})"


def _difference(difference: Difference) -> str:
    def signed(value: float) -> str:
        return f"{'+' if value >= 0 else '−'}{_number(abs(value))}"

    return f"{signed(difference.mean)} ({signed(difference.low)} to {signed(difference.high)})"
