"""The humming benchmark as Markdown and as a figure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.common.report import markdown_table, new_figure
from benchmarks.humming.asking import SURE
from benchmarks.humming.run import HummingReport

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CAVEAT = (
    "The hums are synthetic: tunes performed with drawn errors of key, tempo, rhythm and pitch, and synthesised as "
    "sound. Real people's hums may be harder or easier. Every figure goes the whole way from an audio file."
)

_SURELY_WRONG = f"wrong, over {SURE:.0%} sure"
_TIMES = ("median ms", "95 % ms", "CPU ms")


def markdown(report: HummingReport) -> str:
    """Return the report."""
    parts = [
        "# Finding tunes by humming\n",
        f"{report.tunes} tunes ({report.collections}); seed {report.seed}; {report.machine.sentence()}\n",
        _CAVEAT + "\n",
    ]
    if report.scores:
        parts.append(_score_table(report))
    if report.absent:
        absent = report.absent
        parts.append(
            f"\nOf {absent.hums} hums of tunes that are not in the catalogue {absent.refused_at_5:.1%} are refused at "
            f"a limit that refuses 5 % of the hums of tunes in the catalogue. The shipped limit refuses "
            f"{absent.refused:.1%} of the former and {absent.wrongly:.1%} of the latter.\n"
        )
    if report.baselines:
        parts.append(_baseline_table(report))
    if report.growth:
        parts.append(_growth_table(report))
    if report.recordings:
        parts.append(_recordings_table(report))
    return "\n".join(parts) + "\n"


def _score_table(report: HummingReport) -> str:
    return markdown_table(
        ["hums", "number", "top-1", "top-10", "MRR", "right passage", "refused", _SURELY_WRONG, *_TIMES],
        [
            [
                f"{s.level}, {s.condition}",
                str(s.hums),
                *(f"{value:.3f}" for value in (s.top1, s.top10, s.mrr, s.right_place, s.refused, s.surely_wrong)),
                f"{s.median_ms:.0f}",
                f"{s.p95_ms:.0f}",
                f"{s.cpu_ms:.0f}",
            ]
            for s in report.scores
        ],
    )


def _baseline_table(report: HummingReport) -> str:
    return markdown_table(
        [
            "baseline",
            "hums",
            "top-1",
            "top-10",
            "MRR",
            "our top-1",
            "our top-10",
            "share of its top-10 also in ours",
            "ms a hum",
        ],
        [
            [
                b.name,
                str(b.hums),
                *(f"{v:.3f}" for v in (b.top1, b.top10, b.mrr, b.ours_top1, b.ours_top10, b.survive)),
                f"{b.mean_ms:.0f}",
            ]
            for b in report.baselines
        ],
    )


def _growth_table(report: HummingReport) -> str:
    rows = [
        [
            f"{g.tunes:,}",
            f"{g.windows:,}",
            f"{g.median_ms:.0f}",
            f"{g.p95_ms:.0f}",
            f"{g.cpu_ms:.0f}",
            f"{g.top1:.3f}",
            f"{g.top10:.3f}",
        ]
        for g in report.growth
    ]
    return "\n" + markdown_table(["tunes", "windows", *_TIMES, "top-1", "top-10"], rows)


def _recordings_table(report: HummingReport) -> str:
    rows = [
        [r.kind, str(r.songs), *(f"{v:.3f}" for v in (r.frames_right, r.kept, r.top1, r.top10, r.right_place))]
        for r in report.recordings
    ]
    header = ["recordings (rendered)", "songs", "frames right", "tune found", "top-1", "top-10", "right passage"]
    return "\n" + markdown_table(header, rows)


def figure(report: HummingReport) -> Figure:
    """Return charts of time and quality over the size of the catalogue; or of quality by level, if there are scores."""
    drawn = new_figure(9, 4)
    left, right = drawn.subplots(1, 2)
    if report.growth:
        sizes = [g.tunes for g in report.growth]
        # CPU time, because other load affects wall time
        left.loglog(sizes, [g.cpu_ms for g in report.growth], "o-", label="measured")
        first = report.growth[0]
        left.loglog(sizes, [first.cpu_ms * n / first.tunes for n in sizes], ":", label="linear growth")
        left.set(xlabel="tunes", ylabel="CPU ms a query, file to answer", title="Time")
        left.legend()
    if not report.scores:
        right.semilogx([g.tunes for g in report.growth], [g.top1 for g in report.growth], "o-", label="top-1")
        right.semilogx([g.tunes for g in report.growth], [g.top10 for g in report.growth], "o-", label="top-10")
        right.set(ylim=(0, 1.02), xlabel="tunes", title="Quality, middle level, from anywhere")
        right.legend(loc="lower left")
        return drawn
    places = range(len(report.scores))
    right.bar([p - 0.2 for p in places], [s.top1 for s in report.scores], 0.4, label="top-1")
    right.bar([p + 0.2 for p in places], [s.top10 for s in report.scores], 0.4, label="top-10")
    right.set_xticks(list(places), [f"{s.level}\n{s.condition}" for s in report.scores], fontsize=7)
    right.set(ylim=(0, 1), title=f"{report.tunes} tunes")
    right.legend(loc="lower left")
    return drawn
