"""Answers for people (a table), programs (JSON) and spreadsheets (CSV)."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

from search.confidence import LIKELY_ENOUGH
from search.errors import printable
from search.model import Answer, Hit

VERDICT_LINES = {
    "good": "",
    "weak": "Nothing here is a sure match; these come closest.",
    "none": "Nothing in this library sounds like that; these come closest.",
}


def as_json(answer: Answer) -> dict[str, Any]:
    """The answer as DESIGN.md's JSON."""
    hits = [hit_json(hit) for hit in answer.hits]
    return {
        "verdict": answer.verdict,
        "hits": hits,
        "took_ms": round(answer.took_ms, 3),
        "reason": answer.reason or None,
    }


def hit_json(hit: Hit) -> dict[str, Any]:
    """One hit as DESIGN.md's JSON."""
    return {
        "clip_id": hit.clip_id,
        "segment_id": hit.segment_id,
        "path": hit.path,
        "title": hit.title,
        "start_s": round(hit.start_s, 3),
        "end_s": round(hit.end_s, 3),
        "score": round(hit.score, 6),
        "probability": None if hit.probability is None else round(hit.probability, 4),
        "tags": [{"name": tag.name, "probability": round(tag.probability, 4)} for tag in hit.tags],
        "via": [{"part": via.part, "share": round(via.share, 4)} for via in hit.via],
        "copies": list(hit.copies),
    }


def print_json(value: object) -> None:
    """``value`` on standard output; ASCII only, so that names of any bytes survive any terminal."""
    print(json.dumps(value, indent=2))


def write_csv(hits: Sequence[Hit], out: TextIO) -> None:
    """A line for each hit, with a header."""
    writer = csv.writer(out)
    writer.writerow(["rank", "score", "probability", "clip_id", "segment_id", "start_s", "end_s", "title", "path"])
    for rank, hit in enumerate(hits, start=1):
        probability = "" if hit.probability is None else f"{hit.probability:.4f}"
        ids_and_span = (hit.clip_id, hit.segment_id, f"{hit.start_s:.3f}", f"{hit.end_s:.3f}")
        writer.writerow([rank, f"{hit.score:.6f}", probability, *ids_and_span, hit.title, hit.path])


def print_table(answer: Answer) -> None:
    """The answer as a table, as wide as the terminal (unlimited into a pipe)."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else 200, highlight=False)
    if answer.hits:
        table = Table(box=None, header_style="bold", pad_edge=False)
        for name, justify in (("clip", "right"), ("score", "right"), ("sure", "right"), ("passage", "left")):
            table.add_column(name, justify=justify, no_wrap=True)  # type: ignore[arg-type]  # literals of justify
        table.add_column("title", overflow="ellipsis", no_wrap=True)
        table.add_column("file", overflow="fold")
        if any(hit.tags for hit in answer.hits):
            table.add_column("tags", overflow="ellipsis", no_wrap=True)
        for hit in answer.hits:
            row = (
                str(hit.clip_id),
                f"{hit.score:.3f}",
                _sure(hit),
                f"{clock(hit.start_s)}-{clock(hit.end_s)}",
                Text(_with_copies(printable(hit.title), len(hit.copies))),
                Text(printable(_from_here(hit.path))),
                Text(", ".join(tag.name for tag in hit.tags[:3])),
            )
            table.add_row(*row[: len(table.columns)])
        console.print(table)
    note = VERDICT_LINES[answer.verdict] if answer.hits else "No match."
    if answer.reason:
        note = f"{answer.reason[0].upper()}{answer.reason[1:]}."
    if note:
        console.print(note)
    console.print(f"{len(answer.hits)} hits in {answer.took_ms:.1f} ms", style="dim")


def _sure(hit: Hit) -> str:
    """What a name says is not called unlikely because it does not sound like it."""
    if hit.by_name and (hit.probability is None or hit.probability < LIKELY_ENOUGH):
        return "by name"
    return "" if hit.probability is None else f"{hit.probability:.0%}"


def _from_here(path: str) -> str:
    """Relative to the working folder where the file lies below it."""
    here = f"{Path.cwd()}/"
    return path.removeprefix(here)


def _with_copies(title: str, copies: int) -> str:
    """``title (+2 copies)``."""
    return f"{title} (+{copies} {'copy' if copies == 1 else 'copies'})" if copies else title


def clock(time_s: float) -> str:
    """Seconds as ``m:ss.s`` or ``h:mm:ss``."""
    minutes, seconds_ = divmod(time_s, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{int(seconds_):02d}" if hours else f"{minutes}:{seconds_:04.1f}"
