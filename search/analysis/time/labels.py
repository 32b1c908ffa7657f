"""Writing events for other programs: Audacity, Raven, spreadsheets, video players."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from search.model import Event


def audacity(events: Sequence[Event]) -> str:
    """A label track of Audacity: start, end and label, separated by tabs."""
    return "".join(f"{one.start_s:.3f}\t{one.end_s:.3f}\t{_plain(one.name)}\n" for one in events)


def raven(events: Sequence[Event]) -> str:
    """A selection table of Raven (Cornell): its columns, separated by tabs; the whole band is selected."""
    columns = ("Selection", "View", "Channel", "Begin Time (s)", "End Time (s)", "Low Freq (Hz)", "High Freq (Hz)")
    lines = ["\t".join((*columns, "Annotation", "Probability"))]
    for number, one in enumerate(events, start=1):
        times = f"{one.start_s:.3f}\t{one.end_s:.3f}"
        lines.append(f"{number}\tSpectrogram 1\t1\t{times}\t0\t16000\t{_plain(one.name)}\t{one.probability:.3f}")
    return "\n".join(lines) + "\n"


def comma_separated(events: Sequence[Event]) -> str:
    """A CSV table with a header: start, end, name, probability, and background (1) or not (0)."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("start_s", "end_s", "name", "probability", "background"))
    writer.writerows(
        (f"{one.start_s:.3f}", f"{one.end_s:.3f}", one.name, f"{one.probability:.3f}", int(one.background))
        for one in events
    )
    return out.getvalue()


def subtitles(events: Sequence[Event]) -> str:
    """Subtitles in SubRip format (.srt)."""
    blocks = [
        f"{number}\n{_srt_time(one.start_s)} --> {_srt_time(one.end_s)}\n[{_plain(one.name)}]\n"
        for number, one in enumerate(events, start=1)
    ]
    return "\n".join(blocks)


FORMS: Final[Mapping[str, Callable[[Sequence[Event]], str]]] = {
    "audacity": audacity,
    "raven": raven,
    "csv": comma_separated,
    "srt": subtitles,
}
"""The functions that write events, by format name."""


def _plain(name: str) -> str:
    return " ".join(name.split())


def _srt_time(seconds: float) -> str:
    ms = round(1000 * seconds)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02},{ms % 1000:03}"
