"""Count the outcomes of a pass as they come, for its progress and its summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from indexer.clock import Pace
from indexer.model import Failure, Outcome, Progress, StageTimes, Summary, UnderWay, Warned
from indexer.plan import Survey, moved_clips
from indexer.ports import Report
from indexer.scan import Noticed

_FILES_DONE = ("indexed", "changed", "linked", "moved", "unchanged", "failed", "melody", "taken_out")
"""The outcomes that progress counts: those of files that exist."""


class Tally:
    """Counts the outcomes of one pass, and reports failures and warnings as they come."""

    moved: set[int]
    """The clips that were found at another place."""
    not_pruned: int
    """How many clips whose files are gone were kept because nobody confirmed their removal."""

    def __init__(self, report: Report) -> None:
        self.moved = set()
        self.not_pruned = 0
        self._report = report
        self._counts: Counter[str] = Counter()
        self._failed: list[Failure] = []
        self._warnings: list[Warned] = []
        self._bytes_done = 0
        self._bytes_failed = 0
        self._pace = Pace()
        self._audio_s = 0.0
        self._silent = 0
        self._tunes = 0

    @property
    def has_failures(self) -> bool:
        """Whether a file could not be indexed."""
        return bool(self._failed)

    def count(self, outcomes: Sequence[Outcome]) -> None:
        """Add outcomes. One that replaces another (``instead_of``) subtracts that first."""
        for outcome in outcomes:
            if outcome.instead_of is not None:
                self._add_up(outcome.instead_of, -1)
                self.moved -= moved_clips(outcome.instead_of)
            self._add_up(outcome, 1)
            self.moved |= moved_clips(outcome)
            for warning in outcome.warnings:
                warned = Warned(outcome.path, warning)
                self._warnings.append(warned)
                self._report.warning(warned)
            if outcome.kind == "failed":
                self._bytes_failed += outcome.size_bytes
                failure = Failure(outcome.path, outcome.cause)
                self._failed.append(failure)
                self._report.failure(failure)

    def _add_up(self, outcome: Outcome, sign: int) -> None:
        self._counts[outcome.kind] += sign
        self._bytes_done += sign * outcome.size_bytes
        self._audio_s += sign * outcome.duration_s
        self._silent += sign * outcome.silent
        self._tunes += sign * outcome.tunes

    def progress(self, survey: Survey, under_way: UnderWay, elapsed_s: float) -> Progress:
        """How far the pass is, including what is ``under_way`` and has no outcome yet."""
        files_done = sum(self._counts[kind] for kind in _FILES_DONE)
        bytes_done = self._bytes_done + under_way.bytes
        worked, left = bytes_done - self._bytes_failed, survey.work_bytes - bytes_done
        return Progress(
            files_done=files_done,
            files_total=max(survey.files, files_done),
            bytes_done=bytes_done,
            bytes_total=survey.work_bytes,
            bytes_found=survey.bytes,
            audio_s=self._audio_s + under_way.audio_s,
            failed=len(self._failed),
            elapsed_s=elapsed_s,
            left_s=self._pace.left_s(elapsed_s, worked, left),
        )

    def summary(
        self,
        *,
        library: str,
        space: str,
        sequence: int,
        seconds: float,
        stages: StageTimes,
        interrupted: bool,
        noticed: Noticed,
    ) -> Summary:
        """The summary of the pass."""
        counts = self._counts
        return Summary(
            library=library,
            space=space,
            sequence=sequence,
            indexed=counts["indexed"],
            linked=counts["linked"],
            moved=counts["moved"],
            unchanged=counts["unchanged"],
            changed=counts["changed"],
            missing=counts["missing"],
            removed=counts["removed"],
            silent=self._silent,
            tunes=self._tunes,
            failed=tuple(self._failed),
            warnings=tuple(self._warnings),
            hours=self._audio_s / 3600,
            seconds=seconds,
            stages=stages,
            interrupted=interrupted,
            left_out=dict(noticed.suffixes),
            excluded=noticed.by_rule,
            taken_out=counts["taken_out"],
            not_pruned=self.not_pruned,
        )
