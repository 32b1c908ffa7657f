"""Helpers for reports: Markdown tables, JSON of frozen values, figures on disk, a log of runs."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from search.errors import UsageError, printable

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from matplotlib.figure import Figure


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table; the first column is text, the others are numbers, aligned to the right."""
    lines = [header, ["---"] + ["---:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", r"\|") for cell in line) + " |" for line in lines)


def to_json(report: DataclassInstance) -> str:
    """Return a report of frozen dataclasses as indented JSON, with field names as keys."""
    return json.dumps(dataclasses.asdict(report), indent=2) + "\n"


def write(file: Path, text: str) -> None:
    """Write a report and make its folder. Raises UsageError if that fails."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"cannot write {printable(str(file))}: {error.strerror}") from error


def append_line(file: Path, record: dict[str, Any]) -> None:
    """Append one line of JSON to a log of runs. Raises UsageError if that fails."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with file.open("a", encoding="utf-8") as stream:
            stream.write(json.dumps(record, sort_keys=True) + "\n")
    except OSError as error:
        raise UsageError(f"cannot write {printable(str(file))}: {error.strerror}") from error


def new_figure(width_inches: float, height_inches: float) -> Figure:
    """Return an empty figure that belongs to no window. Raises UsageError without matplotlib."""
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError('plots need matplotlib: pip install "soundalike[bench]"') from error
    return Figure(figsize=(width_inches, height_inches), layout="constrained")


def check_figure_file(file: Path) -> None:
    """Raise UsageError if no figure can be written: the suffix is neither .png nor .svg, or matplotlib is missing."""
    if file.suffix.lower() not in (".png", ".svg"):
        raise UsageError(f"{printable(str(file))}: a plot is a .png or a .svg file")
    new_figure(1, 1)


def save_figure(figure: Figure, file: Path) -> None:
    """Write a figure as PNG or SVG, according to its suffix. Raises UsageError if that fails."""
    check_figure_file(file)
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        # without the date the same figures give the same bytes
        figure.savefig(file, dpi=120, metadata={"Date": None} if file.suffix.lower() == ".svg" else None)
    except OSError as error:
        raise UsageError(f"cannot write {printable(str(file))}: {error.strerror}") from error
