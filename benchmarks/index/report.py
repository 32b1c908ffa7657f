"""The report of `benchmarks.index.measure`: tables in Markdown, and charts of how costs grow."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from benchmarks.common.report import markdown_table, new_figure
from benchmarks.index.engines import Soundalike, SoundalikeAsked, SoundalikeTuned
from benchmarks.index.measure import EngineFigures, SearchSpeedReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

FILTER_WORDS = {
    "all": "no filter",
    "half": "50 % pass",
    "hundredth": "1 % passes",
    "ten-thousandth": "0.01 % passes",
}
Value: TypeAlias = Callable[[EngineFigures], float | None]

FILTERING_WORDS = {
    "inside": "inside the search",
    "callback": "inside, a Python call per candidate",
    "after": "none, on the hits",
}


def markdown(report: SearchSpeedReport) -> str:
    """Return the section on search."""
    sections = [
        "## Vector search",
        report.machine.sentence(),
        f"Peers: {', '.join(f'{v.package} {v.version}' for v in report.versions) or 'none'}.",
        f"Vectors of {report.dim} dimensions {report.vectors} (seed {report.seed}). {report.queries} queries for "
        f"{report.k} hits, one at a time on one thread. Ours is measured as shipped, tuned like the peers, and with a "
        f"requested recall. Tuning, on other queries, aims at a recall@{report.k} of {report.target_recall} against "
        f"exact search, or the nearest that an engine reaches. Times are processor times, the median of "
        f"{report.rounds} rounds in which engines took turns; load average {report.load:.1f} at the end.",
        _distributions(report),
    ]
    for size in sizes(report):
        sections += [
            f"### {size:,} segments",
            _latencies(report, size),
            _equal(report, size),
            _asked(report, size),
            _costs(report, size),
        ]
    return "\n\n".join(section for section in sections if section)


def figure(report: SearchSpeedReport) -> Figure:
    """Return four charts: milliseconds without a filter and with one, build seconds, resident bytes per segment."""
    out = new_figure(11, 7)
    axes = [out.add_subplot(2, 2, place) for place in (1, 2, 3, 4)]
    _grow(report, axes[0], "median ms, no filter", lambda f: f.timing("all").median_ms)
    narrow = list(report.filters)[len(report.filters) // 2]
    _grow(report, axes[1], f"median ms, {FILTER_WORDS[narrow]}", lambda f: f.timing(narrow).median_ms)
    _grow(report, axes[2], "seconds to build", lambda f: f.build_s)
    _grow(report, axes[3], "resident bytes per segment", lambda f: f.resident_per_segment)
    axes[0].legend(fontsize=8)
    return out


def sizes(report: SearchSpeedReport) -> list[int]:
    """Return the measured sizes, ascending."""
    return sorted({figures.size for figures in report.figures})


def _grow(report: SearchSpeedReport, axes: Axes, what: str, value: Value) -> None:
    for place, name in enumerate(dict.fromkeys(figures.engine for figures in report.figures)):
        points = [(f.size, value(f)) for f in report.figures if f.engine == name]
        known = [(size, y) for size, y in points if y is not None and y > 0]
        width = 2.5 if name == Soundalike.name else 1.2
        axes.plot([x for x, _ in known], [y for _, y in known], "o-", color=f"C{place}", label=name, linewidth=width)
    axes.set_xscale("log")
    axes.set_yscale("log")
    axes.set_xlabel("segments")
    axes.set_title(what, fontsize=10)


def _distributions(report: SearchSpeedReport) -> str:
    rows = [
        (f"{d.size:,}", f"{d.intrinsic_dimension:.1f}", f"{d.first_score:.3f}", f"{d.tenth_score:.3f}")
        for d in report.distributions
    ]
    return markdown_table(("segments", "local dimension at the queries", "median 1st score", "median 10th score"), rows)


def _latencies(report: SearchSpeedReport, size: int) -> str:
    header = ["engine", "filters", "effort"]
    for name in report.filters:
        header += [f"{FILTER_WORDS[name]}: recall", "median ms", "p95", "p99"]
    rows = []
    for figures in _of(report, size):
        efforts = [timing.effort for timing in figures.timings]
        row = [
            figures.engine,
            FILTERING_WORDS[figures.filtering],
            " / ".join(map(str, efforts)) if any(efforts) else "–",
        ]
        for name in report.filters:
            timing = figures.timing(name)
            row += [f"{timing.recall:.3f}", *(f"{ms:.2f}" for ms in (timing.median_ms, timing.p95_ms, timing.p99_ms))]
        rows.append(row)
    return markdown_table(header, rows)


def _equal(report: SearchSpeedReport, size: int) -> str:
    """All engines at one recall without a filter; interpolated if no effort reaches exactly that recall."""
    tuned = [figures for figures in _of(report, size) if figures.curve and figures.engine != SoundalikeAsked.name]
    header, columns = ["engine"], []
    for recall in report.equal_recalls:
        header += [f"ms at recall {recall}", "ratio to the best peer"]
        times = {figures.engine: figures.ms_at(recall) for figures in tuned}
        best = min((ms for name, ms in times.items() if ms and name != SoundalikeTuned.name), default=None)
        columns.append(
            [(_known(ms, ".3f"), _known(ms / best if ms and best else None, ".2f")) for ms in times.values()]
        )
    rows = [
        (one.engine, *(cell for pair in pairs for cell in pair)) for one, *pairs in zip(tuned, *columns, strict=True)
    ]
    return markdown_table(header, rows)


def _asked(report: SearchSpeedReport, size: int) -> str:
    """Our index with requested recalls: the recall that held-out queries then get."""
    rows = [
        (f"{point.effort / 100:.2f}", f"{point.recall:.3f}", f"{point.median_ms:.2f}", f"{point.p99_ms:.2f}")
        for figures in _of(report, size)
        if figures.engine == SoundalikeAsked.name
        for point in figures.curve
    ]
    return markdown_table(("requested recall", "measured recall", "median ms", "p99"), rows) if rows else ""


def _costs(report: SearchSpeedReport, size: int) -> str:
    header = (
        "engine", "settings", "build s", "open s", "MB on disk", "resident bytes per segment",
        "resident MB of the sidecar", "sidecar pages read per query",
    )  # fmt: skip
    rows = [
        (
            figures.engine,
            figures.settings,
            f"{figures.build_s:.1f}",
            f"{figures.open_s:.2f}",
            f"{figures.disk_bytes / 1e6:.1f}",
            _known(figures.resident_per_segment, ".0f"),
            _known(_megabytes(figures.sidecar_resident_bytes), ".1f"),
            _known(figures.sidecar_pages, ".0f"),
        )
        for figures in _of(report, size)
    ]
    return markdown_table(header, rows)


def _of(report: SearchSpeedReport, size: int) -> list[EngineFigures]:
    return [figures for figures in report.figures if figures.size == size]


def _megabytes(size_bytes: int | None) -> float | None:
    return None if size_bytes is None else size_bytes / 1e6


def _known(value: float | None, form: str) -> str:
    return "–" if value is None else format(value, form)
