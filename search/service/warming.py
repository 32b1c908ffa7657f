"""Loading encoders before anybody asks: the first sound that is asked by would wait for seconds.

A thread of each web worker asks every space of the library once, by a sound and by words, as a client would. Whoever
asks meanwhile waits for the same encoder; nothing is loaded twice (`search.library.Library.encoder`).
"""

from __future__ import annotations

import logging
import math
import tempfile
import threading
import wave
from array import array
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from search.errors import SoundalikeError
from search.library.library import Library
from search.model import AudioPart, Part, Space, TextPart

LOOK_S = 5.0
"""How often to look for a space that is new: the first sounds may come while the service runs."""
JOIN_S = 8.0
"""How long the end of the process waits for an encoder that is being loaded."""
_RATE_HZ = 44_100

log = logging.getLogger("soundalike.service")


class Warming:
    """Knows which encoders of a library were asked once. Threads share it."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._tried: set[int] = set()
        self._warm: set[int] = set()

    def is_done(self, spaces: Sequence[Space]) -> bool:
        """Whether no question waits for a model of these spaces to be loaded."""
        return self._warm.issuperset(space.id for space in spaces)

    @contextmanager
    def running(self, stop: threading.Event) -> Iterator[None]:
        """Beside the block, which ends once ``stop`` is set."""
        thread = threading.Thread(target=self.run, args=(stop,), name="warming", daemon=True)
        thread.start()
        try:
            yield
        finally:
            thread.join(JOIN_S)

    def run(self, stop: threading.Event) -> None:
        """Until ``stop`` is set: ask each space once, as soon as it is there."""
        while not stop.is_set():
            self.look(stop)
            stop.wait(LOOK_S)

    def look(self, stop: threading.Event) -> None:
        """Ask each space that is there and was not asked yet, unless ``stop`` is set."""
        for space in self._library.reader.spaces():
            if not (space.is_melody or space.id in self._tried or stop.is_set()):
                self._tried.add(space.id)
                self._ask(space)

    def _ask(self, space: Space) -> None:
        with tempfile.TemporaryDirectory(prefix="soundalike-") as folder:
            parts: list[Part] = [AudioPart(str(_tone(Path(folder))))]
            if space.can_text:
                parts.append(TextPart("a tone"))
            try:
                self._library.engine.query_vector(parts, space.name)
            except SoundalikeError as error:  # whoever asks gets the same error
                log.warning("the encoder of space %r cannot be used: %s", space.name, error)
                return
        self._warm.add(space.id)


def _tone(folder: Path) -> Path:
    """A short sound as a file, as clients send some."""
    path = folder / "tone.wav"
    tone = (round(8000 * math.sin(2 * math.pi * 440 * at / _RATE_HZ)) for at in range(_RATE_HZ // 10))
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, _RATE_HZ, 0, "NONE", ""))
        file.writeframes(array("h", tone).tobytes())
    return path
