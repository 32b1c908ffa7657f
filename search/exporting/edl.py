"""An edit decision list in CMX 3600 format, for film and sound editors: one event for each passage.

Times are in frames. Events follow each other from 01:00:00:00 on; comments give the file of each and the exact times.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from search.exporting.items import ExportItem

FRAMES_PER_S: Final = 25
_BEGIN_FRAME: Final = 3600 * FRAMES_PER_S
MOST_EVENTS: Final = 999
"""Event numbers have three digits."""


def edit_list(items: Sequence[tuple[str, ExportItem]], title: str = "Soundalike") -> str:
    """The list of these passages, each with the ``path`` of its file; at most `MOST_EVENTS`."""
    return "\n".join([f"TITLE: {_line(title)}", "FCM: NON-DROP FRAME", *_events(items[:MOST_EVENTS])]) + "\n"


def _events(items: Sequence[tuple[str, ExportItem]]) -> Iterator[str]:
    at = _BEGIN_FRAME
    for number, (path, item) in enumerate(items, start=1):
        start = round(item.start_s * FRAMES_PER_S)
        length = max(1, round(item.duration_s * FRAMES_PER_S))
        times = " ".join(timecode(frame) for frame in (start, start + length, at, at + length))
        yield ""
        yield f"{number:03d}  AX       AA    C        {times}"
        yield f"* FROM CLIP NAME: {_line(item.clip.title)}"
        yield f"* SOURCE FILE: {_line(path)}"
        yield f"* SOURCE TIME: {item.start_s:.6f} TO {item.end_s:.6f} S"
        at += length


def timecode(frame: int) -> str:
    """A frame number as hours, minutes, seconds and frames.

    Examples:
        >>> timecode(90_025)
        '01:00:01:00'
    """
    seconds, frames = divmod(frame, FRAMES_PER_S)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}:{frames:02d}"


def _line(text: str) -> str:
    """A text on one line."""
    return " ".join(text.encode("utf-8", "surrogateescape").decode("utf-8", "replace").split())
