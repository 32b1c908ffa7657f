"""The facts of a sound track, measured from the same blocks that are decoded for its encoder."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from indexer.clock import StageClock
from search.analysis.facts.definitions import VERSION
from search.analysis.facts.measuring import Measurement
from search.audio import Block
from search.errors import printable
from search.model import AudioInfo, StoredFacts, Wave


class TrackFacts:
    """The facts of one track while it is decoded. If measuring fails, only the facts are lost; the clip is indexed.

    ``stored`` is what a catalog keeps: None before `end`, and None if measuring failed; ``failure`` says why.
    """

    def __init__(self, info: AudioInfo, clock: StageClock, mixed: Callable[[Wave], None] | None = None) -> None:
        """``mixed`` is given the mix that is measured (`search.analysis.facts.mix`), as it is made."""
        self._clock = clock
        self._measurement: Measurement | None = Measurement(info, mixed)
        self.stored: StoredFacts | None = None
        self.failure = ""

    def add(self, block: Block) -> None:
        """Take in the next ``block``, as `search.audio.channels` gives them."""
        measurement = self._measurement
        if measurement is not None:
            self._try(lambda: measurement.add(block))

    def end(self, warnings: Sequence[str], size_bytes: int) -> None:
        """Declare that there are no more blocks. ``warnings`` are those of decoding, ``size_bytes`` the file's size."""
        measurement = self._measurement
        if measurement is not None:
            self._try(lambda: self._keep(measurement, warnings, size_bytes))
        self._measurement = None

    def _keep(self, measurement: Measurement, warnings: Sequence[str], size_bytes: int) -> None:
        self.stored = StoredFacts(VERSION, measurement.numbers(warnings, size_bytes))

    def _try(self, work: Callable[[], None]) -> None:
        try:
            with self._clock.stage("facts"):
                work()
        except Exception as error:  # noqa: BLE001  # the edge of the measurement: its clip is indexed all the same
            self._measurement = None
            cause = f"{type(error).__name__}: {error}".splitlines()[0]
            self.failure = f"its facts could not be measured: {printable(cause)}"
