"""What a job did, as ``soundalike index`` prints it: a few lines for people, or JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from indexer.progress import clock_time
from search.errors import printable

if TYPE_CHECKING:
    from indexer.model import Summary

KINDS_SHOWN = 6
"""How many kinds of left-out files are listed, most frequent first."""


def for_people(summary: Summary, *, is_plan: bool = False) -> str:
    """The summary: a line of what was done, and a line of what was left out, if anything.

    ``is_plan``: the job only planned; workers index later.
    """
    return "\n".join(filter(None, (summary_line(summary, is_plan=is_plan), left_out_line(summary))))


def as_json(summary: Summary) -> dict[str, Any]:
    """The summary as ``--json`` prints it."""
    stages = {name: round(value, 3) for name, value in asdict(summary.stages).items()}
    return {
        "indexed": summary.indexed,
        "linked": summary.linked,
        "moved": summary.moved,
        "unchanged": summary.unchanged,
        "changed": summary.changed,
        "missing": summary.missing,
        "removed": summary.removed,
        "failed": [asdict(failure) for failure in summary.failed],
        "warnings": [asdict(warned) for warned in summary.warnings],
        "left_out": dict(summary.left_out),
        "excluded": summary.excluded,
        "taken_out": summary.taken_out,
        "not_pruned": summary.not_pruned,
        "silent": summary.silent,
        "tunes": summary.tunes,
        "hours": round(summary.hours, 6),
        "seconds": round(summary.seconds, 3),
        "times_real_time": round(summary.times_real_time, 1),
        "stages": {**stages, "sum_s": round(summary.stages.sum_s, 3)},
        "library": summary.library,
        "space": summary.space,
        "sequence": summary.sequence,
        "interrupted": summary.interrupted,
    }


def summary_line(summary: Summary, *, is_plan: bool = False) -> str:
    """What was done, in one line."""
    if is_plan:
        nothing = "nothing indexed yet"
    elif summary.interrupted:
        nothing = "stopped before the first file"
    else:
        nothing = "no sounds found"
    counts = (
        (summary.indexed, "indexed"),
        (summary.changed, "changed"),
        (summary.linked, "copy" if summary.linked == 1 else "copies"),
        (summary.moved, "moved"),
        (summary.unchanged, "unchanged"),
        (summary.missing, "missing"),
        (summary.removed, "removed"),
        (summary.silent, "silent"),
        (summary.tunes, "tune" if summary.tunes == 1 else "tunes"),
        (len({warned.path for warned in summary.warnings}), "with warnings"),
        (len(summary.failed), "failed"),
    )
    shown = ", ".join(f"{count} {what}" for count, what in counts if count) or nothing
    if not summary.hours:
        return f"{shown} ({clock_time(summary.seconds)})"
    pace = f"{summary.hours:.2f} h of audio, {summary.times_real_time:.0f}x real time"
    return f"{shown} ({pace}, {clock_time(summary.seconds)})"


def left_out_line(summary: Summary) -> str:
    """What was left out, in one line, the most frequent kinds first; '' if nothing was."""
    by_count = sorted(summary.left_out.items(), key=lambda item: (-item[1], item[0]))
    shown = [f"{count} {'.' + printable(suffix) if suffix else 'without a suffix'}" for suffix, count in by_count]
    if len(shown) > KINDS_SHOWN + 1:  # naming one more kind takes no more room than counting it
        rest = sum(count for _, count in by_count[KINDS_SHOWN:])
        shown = [*shown[:KINDS_SHOWN], f"{rest} of {len(by_count) - KINDS_SHOWN} other kinds"]
    if summary.excluded:
        shown.append(f"{summary.excluded} by rule")
    if summary.taken_out:
        shown.append(f"{summary.taken_out} removed before (--again brings them back)")
    return f"left out: {', '.join(shown)}" if shown else ""
