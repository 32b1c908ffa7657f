"""The encoders of a library's spaces, each loaded once and cached by its fingerprint."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from search.errors import SpaceMismatch, for_shell, printable
from search.model import Space
from search.ports import Encoder

TRY_AGAIN_S = 10.0
"""How long an encoder with the wrong fingerprint is not tried again. Its file may be replaced meanwhile."""


@dataclass
class Encoders:
    """Loads the encoders of spaces (`Library.encoders`). Threads share it; only loading makes others wait.

    A replaced model file makes a space with a new fingerprint, so it is loaded when that space is first queried.
    """

    library: str
    load: Callable[[str], Encoder]
    clock: Callable[[], float] = time.monotonic
    _loaded: dict[str, Encoder] = field(default_factory=dict)
    _refused: dict[str, tuple[float, SpaceMismatch]] = field(default_factory=dict)
    _loading: threading.Lock = field(default_factory=threading.Lock)

    def of(self, space: Space) -> Encoder:
        """Return the encoder that made a space.

        Raises SpaceMismatch if its name now belongs to another encoder, ModelNotFound or EncoderError if it cannot be
        loaded.

        Examples:
            >>> library.encoders.of(library.spaces.get()).spec.window_s
            5.0
        """
        encoder = self._loaded.get(space.fingerprint)
        if encoder is not None:
            return encoder
        with self._loading:  # takes seconds; queries that need no encoder never get here
            if space.fingerprint not in self._loaded:
                self._load_for(space)
            return self._loaded[space.fingerprint]

    def keep(self, spaces: Iterable[Space]) -> None:
        """Unload the encoders that belong to none of these spaces, and free their GPU memory.

        Examples:
            >>> library.encoders.keep(library.reader.spaces())
        """
        fingerprints = {space.fingerprint for space in spaces}
        for fingerprint in [known for known in self._loaded if known not in fingerprints]:
            self._loaded.pop(fingerprint, None)
        for fingerprint in [known for known in self._refused if known not in fingerprints]:
            self._refused.pop(fingerprint, None)

    def _load_for(self, space: Space) -> None:
        since, error = self._refused.get(space.fingerprint, (float("-inf"), None))
        if error is not None and self.clock() - since < TRY_AGAIN_S:
            raise error
        encoder = self.load(space.name)
        if encoder.spec.fingerprint != space.fingerprint:
            error = SpaceMismatch(
                f"space {space.name!r} of {printable(self.library)} was made by revision {space.revision} "
                f"({space.fingerprint[:12]}), the encoder here is {encoder.spec.revision} "
                f"({encoder.spec.fingerprint[:12]}); run: soundalike reindex --library {for_shell(self.library)}"
            )
            self._refused[space.fingerprint] = self.clock(), error
            raise error
        self._loaded[space.fingerprint] = encoder
