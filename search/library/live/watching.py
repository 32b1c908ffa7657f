"""Watches: the probability of each watched thing in each window of a stream."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from search.analysis.exact.listening import question
from search.analysis.exact.spectra import FRAMES_PER_S, RATE_HZ
from search.analysis.exact.table import FingerprintTable
from search.analysis.exact.timeline import passages
from search.library.live.alerts import Seen
from search.library.live.windows import LiveWindow, Ring
from search.model import FrameEncoding, Probabilities, Vectors, Wave
from search.ports import Encoder, FrameReader

MIN_RELATIVE_MEANING: Final = 0.5
"""Words mean a class if its probability is at least this share of the highest."""
EXACT_S: Final = 8.0
EXACT_INTERVAL_S: Final = 2.0
"""Recordings are searched for in the last `EXACT_S` seconds, every `EXACT_INTERVAL_S` seconds."""


class EncodedWindow:
    """The encodings of one window, each computed at its first use and cached."""

    def __init__(self, wave: Wave) -> None:
        self._waves = wave[np.newaxis]
        self._frames: dict[int, FrameEncoding] = {}

    def frames(self, encoder: FrameReader) -> FrameEncoding:
        """Return the encoding of the frames and of the whole window."""
        if id(encoder) not in self._frames:
            self._frames[id(encoder)] = encoder.encode_frames(self._waves)
        return self._frames[id(encoder)]

    def vector(self, encoder: Encoder) -> Vectors:
        """Return the vector (dim,) of the whole window."""
        known = self._frames.get(id(encoder))
        encoding = encoder.encode_audio(self._waves) if known is None else known.windows
        vector: Vectors = encoding.vectors[0]
        return vector


class LiveWatch(Protocol):
    """Watches for something."""

    def look(self, window: LiveWindow, encoded: EncodedWindow, ring: Ring) -> list[Seen]:
        """Return what of it is in the new part of a window."""


@dataclass(frozen=True, slots=True)
class Classes:
    """Watches for classes of an encoder's vocabulary: each by itself, or (``words``) any of them for one query."""

    encoder: FrameReader
    names: tuple[str, ...]
    places: tuple[int, ...]
    words: str = ""

    def look(self, window: LiveWindow, encoded: EncodedWindow, ring: Ring) -> list[Seen]:
        """Use the frames of the new part, as time lines do."""
        likely, frame_s = encoded.frames(self.encoder).tags[0][:, list(self.places)], self.encoder.frame_s
        at_s = window.start_s + frame_s * np.arange(len(likely))
        new = (at_s >= window.new_s - frame_s) & (at_s <= window.end_s)
        if not new.any():
            return []
        if self.words:
            likely = likely.max(axis=1, keepdims=True)
        kind, called = ("words", (self.words,)) if self.words else ("event", self.names)
        found = []
        for place, name in enumerate(called):
            best = int(np.argmax(np.where(new, likely[:, place], -1)))
            start_s = max(float(at_s[best]), 0.0)
            found.append(Seen(kind, name, float(likely[best, place]), start_s, window.end_s))  # type: ignore[arg-type]  # a literal
        return found


def classes_meant(words: str, meant: Probabilities, vocabulary: Sequence[str], encoder: FrameReader) -> Classes:
    """Watch for the classes that words mean, by ``meant`` (classes,)."""
    places = np.flatnonzero(meant >= MIN_RELATIVE_MEANING * meant.max()).tolist()
    return Classes(encoder, tuple(vocabulary[place] for place in places), tuple(places), words)


@dataclass(frozen=True, slots=True)
class WatchedSound:
    """Watches for a sound: the similarity of a window to its ``vector`` (dim,), as a calibrated probability."""

    encoder: Encoder
    called: str
    vector: NDArray[np.float32]
    calibration: tuple[float, float]

    def look(self, window: LiveWindow, encoded: EncodedWindow, ring: Ring) -> list[Seen]:
        """Use the whole window."""
        slope, offset = self.calibration
        likely = 1 / (1 + np.exp(-(slope * float(encoded.vector(self.encoder) @ self.vector) + offset)))
        return [Seen("example", self.called, float(likely), window.start_s, window.end_s)]


@dataclass(frozen=True, slots=True)
class ForSearch:
    """A watch of a saved search: what ``watch`` finds gets the search's name, id and ``least``."""

    watch: LiveWatch
    search_id: int
    name: str
    least: float

    def look(self, window: LiveWindow, encoded: EncodedWindow, ring: Ring) -> list[Seen]:
        """Return what the inner watch finds."""
        seen = self.watch.look(window, encoded, ring)
        return [replace(one, of=self.name, search_id=self.search_id, least=self.least) for one in seen]


class WatchedRecordings:
    """Watches for the recordings of a library that have fingerprints."""

    def __init__(self, table: FingerprintTable, titles: dict[int, tuple[int, str]]) -> None:
        self._table, self._titles = table, titles
        self._last: list[Seen] = []
        self._due_s = EXACT_INTERVAL_S

    def look(self, window: LiveWindow, encoded: EncodedWindow, ring: Ring) -> list[Seen]:
        """Match the landmarks of the last seconds, every `EXACT_INTERVAL_S`; in between, return the last result."""
        if window.end_s < self._due_s:
            return self._last
        self._due_s = window.end_s + EXACT_INTERVAL_S
        begin_s = max(window.end_s - EXACT_S, 0.0)
        import soxr

        wave = np.asarray(soxr.resample(ring.cut(begin_s, window.end_s), ring.rate_hz, RATE_HZ), np.float32)
        found = passages(question([wave]), self._table, 0.0, 3)
        self._last = []
        for one in found[:1]:
            clip_id, title = self._titles.get(int(self._table.contents[one.match.row]), (None, ""))
            if clip_id is not None:
                start_s = begin_s + one.match.first / FRAMES_PER_S
                self._last.append(Seen("exact", title, one.match.probability, start_s, window.end_s, clip_id))
        return self._last
