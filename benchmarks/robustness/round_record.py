"""A committed record of rounds of the tests, which accumulates rounds from any machine.

It is a file with a line of JSON for each whole round, and a Markdown page made from all its lines. A round is recorded
once, however often it is added.
"""

from __future__ import annotations

import json
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import report
from benchmarks.common.report import markdown_table

SLOWEST = 5
"""How many of its slowest tests are recorded with a round."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """A round: when (UTC), on which ``machine``, with how many ``workers``, with how many other busy processes
    (``load``), and as one of how many rounds ``at_once``.

    ``failed`` are names of tests; ``slowest`` are names and seconds. ``status`` is pytest's.
    """

    commit: str
    seed: int
    workers: int
    load: int
    at_once: int
    at: str
    machine: str
    seconds: float
    status: int
    tests: int
    skipped: int
    failed: tuple[str, ...]
    slowest: tuple[tuple[str, float], ...]

    @property
    def what(self) -> tuple[str, int, int, int, int]:
        """What identifies a round."""
        return self.commit, self.seed, self.workers, self.load, self.at_once

    @property
    def beside(self) -> str:
        """What kept the processors busy."""
        return f"{self.workers} workers, {self.load} busy processes, {self.at_once} at once"

    @property
    def has_failed(self) -> bool:
        """Whether a test failed, or pytest itself."""
        return bool(self.failed) or self.status != 0


@dataclass(frozen=True, slots=True)
class Record:
    """The ``file`` of JSON lines; its page has the same name with ``.md``."""

    file: Path

    def rounds(self) -> list[Recorded]:
        """Return all rounds in the order in which they were added."""
        if not self.file.exists():
            return []
        return [_recorded(json.loads(line)) for line in self.file.read_text("utf-8").splitlines()]

    def add(self, rounds: Iterable[Recorded]) -> int:
        """Add the rounds that are new, and write the page again; return how many were new.

        Raises UsageError if the files cannot be written.
        """
        known = {one.what for one in self.rounds()}
        new = [one for one in rounds if one.what not in known]
        for one in new:
            report.append_line(self.file, asdict(one))
        report.write(self.file.with_suffix(".md"), page(self.rounds()))
        return len(new)


def _recorded(line: dict[str, Any]) -> Recorded:
    slowest = tuple((str(name), float(seconds)) for name, seconds in line["slowest"])
    return Recorded(**{**line, "failed": tuple(line["failed"]), "slowest": slowest})


def page(rounds: Sequence[Recorded]) -> str:
    """Return Markdown: a row for each commit and machine, one for all, the tests that failed and the slowest ones."""
    parts = [
        "# Rounds of the tests",
        "All tests of `make test` in random order, repeatedly, with the processors kept busy by other processes or by "
        "another round. Rounds of several runs of the command add up; `rounds.jsonl` beside this page has a line for "
        "each round.",
        "<!-- not run: takes hours; tests/benchmarks/test_rounds_of_tests.py runs it on suites of a few lines -->\n"
        "```sh\npython -m benchmarks.robustness.tests --rounds 20 --at-once 2 --load 0 "
        "--record docs/figures/rounds.jsonl\n```",
        _table(rounds) if rounds else "No round was recorded yet.",
        _failures(rounds),
        _slowest(rounds),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _table(rounds: Sequence[Recorded]) -> str:
    groups: dict[tuple[str, ...], list[Recorded]] = defaultdict(list)
    for one in rounds:
        groups[one.commit, one.at[:10], f"{one.beside}; {one.machine}"].append(one)
    rows = [(", ".join(group), *_counts(of_group)) for group, of_group in groups.items()]
    if len(rows) > 1:
        rows.append((f"all, {len({one.commit for one in rounds})} commits", *_counts(rounds)))
    return markdown_table(
        ("commit, day, machine", "rounds", "failed", "tests", "skipped", "median s", "longest s"), rows
    )


def _counts(rounds: Sequence[Recorded]) -> tuple[str, ...]:
    seconds = [one.seconds for one in rounds]
    counts = len(rounds), sum(one.has_failed for one in rounds), rounds[-1].tests, rounds[-1].skipped
    return *(str(count) for count in counts), f"{statistics.median(seconds):.0f}", f"{max(seconds):.0f}"


def _failures(rounds: Sequence[Recorded]) -> str:
    rows = [(name, one.commit, str(one.seed)) for one in rounds for name in one.failed]
    rows += [
        (f"pytest ended with status {one.status}", one.commit, str(one.seed))
        for one in rounds
        if one.status and not one.failed
    ]
    return markdown_table(("failed", "commit", "seed"), rows) if rows else ""


def _slowest(rounds: Sequence[Recorded]) -> str:
    """The slowest tests of the newest commit only; other commits have other tests."""
    seconds: dict[str, list[float]] = defaultdict(list)
    for one in rounds:
        if one.commit == rounds[-1].commit:
            for name, took_s in one.slowest:
                seconds[name].append(took_s)
    slowest = sorted(seconds.items(), key=lambda item: -statistics.median(item[1]))[:SLOWEST]
    rows = [(name, f"{statistics.median(each):.1f}", f"{max(each):.1f}") for name, each in slowest]
    return markdown_table((f"slowest tests of {rounds[-1].commit}", "median s", "longest s"), rows) if rows else ""
