"""What a pass does with its files. There are two passes: for sounds (here) and for tunes (`indexer.tunes`)."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Protocol

from indexer.clock import StageClock
from indexer.executors import LocalExecutor, Result
from indexer.hearing import hearing
from indexer.ledger import Ledger
from indexer.model import Options, Outcome, Task, UnderWay
from indexer.pipeline import FileReader
from indexer.plan import Files
from indexer.unfinished import Unfinished
from search.audio import WINDOWS_REVISION, FileKind
from search.model import EncoderSpec, Space
from search.ports import Encoder


class FileWork(Files, Protocol):
    """What a pass does with its files."""

    @property
    def spec(self) -> EncoderSpec:
        """The facts of the space that it fills."""

    def results(
        self, tasks: Iterator[Task | Outcome], space: Space, ledger: Ledger, clock: StageClock
    ) -> Generator[Result | None]:
        """Yield the results of ``tasks`` in any order, and None when there was none for a moment.

        Closing the generator stops the work. Outcomes among the tasks are passed on unchanged.
        """

    def under_way(self) -> UnderWay:
        """How much is done of files that have no result yet."""


class SoundWork:
    """Decodes and encodes every file of sound."""

    def __init__(self, encoder: Encoder, options: Options, library: Path) -> None:
        """``library`` is the folder of the library, which keeps the block files of long recordings."""
        self._hearing = hearing(encoder, events=options.events)
        self._options = options
        maker = (encoder.spec.fingerprint, f"windows {WINDOWS_REVISION}", f"up to {options.max_duration_s} s")
        self.unfinished = Unfinished(library, ", ".join((*maker, self._hearing.made_by)))
        self._reader: FileReader | None = None
        self.spec = encoder.spec

    @property
    def finds_events(self) -> bool:
        """Whether outcomes include events."""
        return self._hearing.frame_s is not None

    def takes(self, kind: FileKind) -> bool:
        """Sound."""
        return kind == "sound"

    def owns(self, kind: FileKind) -> bool:
        """Sound."""
        return kind == "sound"

    def results(
        self, tasks: Iterator[Task | Outcome], space: Space, ledger: Ledger, clock: StageClock
    ) -> Generator[Result | None]:
        """See `FileWork.results`. Raises EncoderError, JobError."""
        workers = self._options.workers or os.cpu_count() or 1
        way, options = self._hearing, self._options
        reader = self._reader = FileReader(
            self.spec,
            space,
            ledger,
            clock,
            options.max_duration_s,
            facts=options.facts,
            fingerprints=options.fingerprints,
            frame_s=way.frame_s,
            unfinished=self.unfinished,
        )
        with closing(LocalExecutor(self.spec, way.rows, workers, clock).run(tasks, reader)) as results:
            for result in results:
                if isinstance(result, Outcome):
                    reader.settle(result.path)
                yield result

    def under_way(self) -> UnderWay:
        """See `FileWork.under_way`."""
        return UnderWay() if self._reader is None else self._reader.under_way()
