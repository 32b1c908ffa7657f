"""Print answers as a table, as JSON or as CSV."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final, Literal, TextIO

from search.commands.hitfacts import NOTHING, HitFacts
from search.errors import UsageError, printable
from search.ground.counting import counted
from search.model import ENGLISH, LANGUAGES, Answer, Hit, JobFailure

SOME_FAILED: Final = 1
"""The exit status of a command when some files could not be read."""
VERDICT_LINES = {
    "good": "",
    "weak": "Nothing here is a sure match; these come closest.",
    "none": "Nothing in this library sounds like that; these come closest.",
}


_NEVER_CUT: Final[Mapping[str, Literal["left", "right"]]] = {
    "clip": "right",
    "score": "right",
    "sure": "right",
    "passage": "left",
}
_GAP, _LEAST_FILE, _LEAST_TAGS = 2, 14, 14
_PIPE_COLUMNS = 100_000


def print_json(value: object) -> None:
    """Print ``value`` as JSON in ASCII, so that names with any bytes work on any terminal."""
    print(json.dumps(value, indent=2))


def print_either(value: object, line: str, *, as_json: bool) -> None:
    """Print ``value`` as JSON for programs, or ``line`` for people."""
    if as_json:
        print_json(value)
    else:
        print(line)


def print_failures(failures: Sequence[JobFailure]) -> int:
    """Print each file that a job could not read to standard error. Return the exit status: 1 when there is one."""
    for failure in failures:
        print(f"soundalike: {printable(failure.file)}: {printable(failure.cause)}", file=sys.stderr)
    return SOME_FAILED if failures else 0


def print_job(counts: Mapping[str, int], line: str, failures: Sequence[JobFailure], *, as_json: bool) -> int:
    """Print the results of a job over the library: ``counts`` for programs, ``line`` for people. Return the status."""
    failed = [{"path": failure.file, "cause": failure.cause} for failure in failures]
    line += f", {len(failures)} failed" if failures else ""
    print_either({**counts, "failed": failed}, line, as_json=as_json)
    return print_failures(failures)


def print_deleted(identity: int, name: str, *, as_json: bool) -> None:
    """Print what was deleted."""
    if as_json:
        print_json({"id": identity, "name": name, "deleted": True})
    else:
        print(f"{printable(name)}: deleted")


def print_line(value: object) -> None:
    """Print ``value`` as JSON on one line, and flush."""
    print(json.dumps(value), flush=True)


def write_csv(hits: Sequence[Hit], out: TextIO, passed_over: int = 0, facts: HitFacts = NOTHING) -> None:
    """Write a line for each hit, with a header; ranks start after ``passed_over`` hits. ``facts`` come last."""
    writer = csv.writer(out)
    writer.writerow(
        [
            "rank",
            "score",
            "probability",
            "clip_id",
            "segment_id",
            "start_s",
            "end_s",
            "title",
            "path",
            "track",
            "own_tags",
            "remark",
            *facts.names,
        ]
    )
    for rank, hit in enumerate(hits, start=1 + passed_over):
        probability = "" if hit.probability is None else f"{hit.probability:.4f}"
        ids_and_span = (hit.clip_id, hit.segment_id, f"{hit.start_s:.3f}", f"{hit.end_s:.3f}")
        names = (hit.title, hit.path, hit.track, ", ".join(hit.own_tags), hit.remark)
        writer.writerow([rank, f"{hit.score:.6f}", probability, *ids_and_span, *names, *facts.values(hit.clip_id)])


def write_text(text: str, out: Path | None) -> None:
    """Write a text to a file, or print it. Raises UsageError if the file cannot be written."""
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8", newline="")
    except OSError as error:
        raise UsageError(f"{printable(str(out))}: cannot be written ({error.strerror})") from error


@contextmanager
def busy(what: str) -> Iterator[None]:
    """Show ``what`` with a spinner on standard error, if it is a terminal: long examples take long."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console

    with Console(stderr=True).status(what):
        yield


@contextmanager
def bar(what: str) -> Iterator[Callable[[int, int], None]]:
    """A function to call with (done, total): shows a progress bar on standard error, if it is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), disable=not sys.stderr.isatty()) as progress:
        task = progress.add_task(what, total=None)
        yield lambda done, total: progress.update(task, completed=done, total=total)


def print_table(answer: Answer, facts: HitFacts = NOTHING) -> None:
    """Print the answer as a table with these ``facts``, as wide as the terminal (unlimited into a pipe)."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _PIPE_COLUMNS, highlight=False)
    if answer.hits:
        cells = {**_cells(answer.hits), **facts.cells(answer.hits)}
        console.width = max(console.width, _least(cells, facts.names))
        table = Table(box=None, header_style="bold", pad_edge=False)
        widths = _widths(cells, console.width, facts.names)
        for name, width in widths.items():
            is_file = name == "file"
            justify = "right" if name in facts.names else _NEVER_CUT.get(name, "left")
            overflow: Literal["fold", "ellipsis"] = "fold" if is_file else "ellipsis"
            table.add_column(name, width=width, justify=justify, overflow=overflow, no_wrap=not is_file)
        for row in zip(*(cells[name] for name in widths), strict=True):
            table.add_row(*map(Text, row))
        console.print(table)
    note = VERDICT_LINES[answer.verdict] if answer.hits else "No match."
    if answer.reason:
        note = f"{answer.reason[0].upper()}{answer.reason[1:]}."
    if note:
        console.print(note)
    if answer.gone:
        print(f"soundalike: left out, no longer in the library: {', '.join(answer.gone)}", file=sys.stderr)
    for warning in answer.warnings:
        print(f"soundalike: {printable(warning)}", file=sys.stderr)
    if answer.did_you_mean and answer.language not in ("", ENGLISH):
        console.print(f'Read as {LANGUAGES[answer.language]}: "{printable(answer.did_you_mean)}".')
    elif answer.did_you_mean:
        console.print(f'Did you mean "{printable(answer.did_you_mean)}"? Names were searched for it.')
    more = "" if answer.next_offset is None else f"; more with --offset {answer.next_offset}"
    if answer.likely and answer.likely.clip_ids:
        count = len(answer.likely.clip_ids)
        most = "" if answer.likely.is_all else "at least "
        console.print(f"Of all clips, {most}{count} {'is' if count == 1 else 'are'} likely; the others less so.")
    console.print(f"{counted(len(answer.hits), 'hit')} in {answer.took_ms:.1f} ms{more}", style="dim")


def _score(hit: Hit) -> str:
    """The score; empty for a varied sample, which was not compared with anything."""
    return "" if any(via.part == "variety" for via in hit.via) else f"{hit.score:.3f}"


def _cells(hits: Sequence[Hit]) -> dict[str, list[str]]:
    """The cells of a table of hits, by column."""
    titles = [printable(hit.title) for hit in hits]
    paths = [printable(_from_here(hit.path)) for hit in hits]
    return {
        "clip": [str(hit.clip_id) for hit in hits],
        "score": [_score(hit) for hit in hits],
        "sure": [_sure(hit) for hit in hits],
        "passage": [f"{clock(hit.start_s)}-{clock(hit.end_s)}" for hit in hits],
        "title": titles,
        "file": [_file(path, hit) for path, hit in zip(paths, hits, strict=True)],
        "tags": [printable(", ".join((*hit.own_tags, *(tag.name for tag in hit.tags[:3])))) for hit in hits],
    }


def _widths(cells: Mapping[str, Sequence[str]], columns: int, facts: Sequence[str] = ()) -> dict[str, int]:
    """The columns to show on a terminal of ``columns`` characters, with their widths.

    If there is not enough room, tags are cut first, then dropped, then titles are dropped. Titles that only repeat the
    names of their files are never shown.
    """
    widths = {name: _width(name, cells[name]) for name in (*_NEVER_CUT, *facts)}
    spare = columns - sum(widths.values()) - _GAP * len(widths)
    title, file = _width("title", cells["title"]), _width("file", cells["file"])
    tells = any(title not in path for title, path in zip(cells["title"], cells["file"], strict=True))
    if tells and spare >= title + _GAP + file:
        widths["title"] = title
        spare -= title + _GAP
    widths["file"] = min(file, spare)
    spare -= file + _GAP
    if any(cells["tags"]) and spare >= _LEAST_TAGS:
        widths["tags"] = min(_width("tags", cells["tags"]), spare)
    return widths


def _least(cells: Mapping[str, Sequence[str]], facts: Sequence[str] = ()) -> int:
    """The least width of a table; a narrower terminal breaks its lines."""
    return sum(_width(name, cells[name]) + _GAP for name in (*_NEVER_CUT, *facts)) + _LEAST_FILE


def _width(name: str, values: Sequence[str]) -> int:
    from rich.cells import cell_len

    return max(map(cell_len, (name, *values)))


def _sure(hit: Hit) -> str:
    """The column "sure": the probability, ``identical``, or ``by name`` for a hit that its name explains."""
    if hit.same == "content":
        return "identical"
    from search.engine.confidence import LIKELY_ENOUGH  # it imports the engine, which most commands do not need

    if hit.by_name and (hit.probability is None or hit.probability < LIKELY_ENOUGH):
        return "by name"
    return "" if hit.probability is None else f"{hit.probability:.0%}"


def _from_here(path: str) -> str:
    """A path relative to the working folder, if it is below it."""
    here = f"{Path.cwd()}/"
    return path.removeprefix(here)


def _file(path: str, hit: Hit) -> str:
    """``path``, with its track if there are several, in the syntax of a query; then ``(missing) (+2 copies)``."""
    name = f"{path}@{hit.track}" if hit.clip.tracks > 1 else path
    name += " (missing)" if hit.clip.missing else ""
    copies = len(hit.copies)
    return f"{name} (+{copies} {'copy' if copies == 1 else 'copies'})" if copies else name


def clock(time_s: float) -> str:
    """Seconds as ``m:ss.s`` or ``h:mm:ss``."""
    minutes, seconds_ = divmod(time_s, 60)
    hours, minutes = divmod(int(minutes), 60)
    return f"{hours}:{minutes:02d}:{int(seconds_):02d}" if hours else f"{minutes}:{seconds_:04.1f}"
