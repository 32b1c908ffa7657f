"""Loading encoders ahead of requests; else the first search by sound would wait for seconds.

A thread of each web worker searches every space of the library once, as clients would, and draws one picture. This
loads models and imports modules. A request in that time waits for the same encoder; nothing is loaded twice
(`search.library.encoders`). The service is not ready until every worker has done this once.
"""

from __future__ import annotations

import logging
import tempfile
import threading
import wave
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from search.errors import QueryError, SoundalikeError
from search.library.library import Library
from search.model import AudioPart, ClipPart, HumPart, Part, Query, RecommendQuery, Space, TextPart
from search.service.media import pictures
from search.service.media.sounds import RecordedSound
from search.service.warmth import Warmth

LOOK_S = 5.0
"""How often to look for new spaces: the first sounds may be indexed while the service runs."""
JOIN_S = 0.5
"""How long the process, when it ends, waits for a model that is being loaded."""
_RATE_HZ = 44_100
_TONE_S = 6.0
"""As long as a typical query: long sounds take other paths through a network than short ones."""

log = logging.getLogger("soundalike.service")


class Warming:
    """Loads the encoders of a library, and knows which are loaded. Thread-safe."""

    def __init__(self, library: Library, warmth: Warmth | None = None, number: int = 0) -> None:
        """``number`` is the number of this worker among those that share ``warmth``."""
        self._library = library
        self._warmth = warmth or Warmth()
        self._number = number
        self._tried: set[int] = set()
        self._warm: set[int] = set()
        self.has_ended = True

    @property
    def is_pending(self) -> bool:
        """Whether any worker is still loading for the first time."""
        return self._warmth.is_pending

    def is_done(self, spaces: Sequence[Space]) -> bool:
        """Whether the models of these spaces are loaded."""
        return self._warm.issuperset(space.id for space in spaces)

    @contextmanager
    def running(self, stop: threading.Event) -> Iterator[None]:
        """Run in a thread beside the block. Set ``stop`` before the block ends."""
        self._warmth.begins(self._number)
        thread = threading.Thread(target=self.run, args=(stop,), name="warming", daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join(JOIN_S)
            self.has_ended = not thread.is_alive()

    def run(self, stop: threading.Event) -> None:
        """Search each space once, as soon as it exists, until ``stop`` is set."""
        while not stop.is_set():
            try:
                self.look(stop)
            except (OSError, SoundalikeError) as error:  # a full disk, say: then requests wait for models
                log.warning("warming up stopped: %s", error)
            self._warmth.is_warm(self._number)
            stop.wait(LOOK_S)

    def look(self, stop: threading.Event) -> None:
        """Search each space that was not searched yet, unless ``stop`` is set."""
        new = [space for space in self._library.reader.spaces() if space.id not in self._tried]
        if not new or stop.is_set():
            return
        with tempfile.TemporaryDirectory(prefix="soundalike-") as folder:
            tone = str(_tone(Path(folder)))
            for space in new:
                self._tried.add(space.id)
                if not stop.is_set():
                    self._ask(space, tone)
            if not stop.is_set():
                pictures.spectrogram_png(RecordedSound(tone), 0.0, _TONE_S, 16, 16)

    def _ask(self, space: Space, tone: str) -> None:
        try:
            hits = self._library.search(_question(space, tone)).hits
            if hits and not space.is_melody:
                clip = ClipPart(hits[0].clip_id)
                self._library.search(Query((clip,), k=1, space=space.name))
                self._library.recommend(RecommendQuery((clip,), k=1, space=space.name))
        except QueryError as error:  # a library without clips; a client gets the same error
            log.debug("warming up the space %r was refused: %s", space.name, error)
        except SoundalikeError as error:
            log.warning("the encoder of space %r cannot be used: %s", space.name, error)
            return
        self._warm.add(space.id)


def _question(space: Space, tone: str) -> Query:
    """A query by sound, and by words if the encoder reads text; by humming for a space of tunes."""
    if space.is_melody:
        return Query((HumPart(tone),), k=1)
    parts: list[Part] = [AudioPart(tone)]
    if space.can_text:
        parts.append(TextPart("a tone"))
    return Query(tuple(parts), k=1, space=space.name)


def _tone(folder: Path) -> Path:
    """A sound file, as clients send it."""
    path = folder / "tone.wav"
    tone = 8000 * np.sin(2 * np.pi * 440 * np.arange(round(_TONE_S * _RATE_HZ)) / _RATE_HZ)
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, _RATE_HZ, 0, "NONE", ""))
        file.writeframes(tone.astype("<i2").tobytes())
    return path
