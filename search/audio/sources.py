"""A file of sound that is opened once, for all that reads it: its digest, its tags, its header, its sound."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import TypeAlias

from search.audio.decoding import open_track
from search.audio.opening import open_regular
from search.audio.track import Track
from search.ground.digests import digest_of
from search.model import AudioInfo


class OpenSound:
    """An open file of sound; leave its context to close it. For one thread at a time.

    Raises AudioError when it cannot be opened, as `search.audio.opening.open_regular` does.

    Examples:
        >>> with OpenSound("rain.wav") as sound:
        ...     sound.info().channels, len(sound.digest())
        (1, 64)
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._file = open_regular(path)
        self._fresh_track: tuple[int, Track] | None = None

    @property
    def file(self) -> io.RawIOBase:
        """Its bytes, at their start."""
        self._let_go()
        self._file.seek(0)
        return self._file

    def digest(self, rest: Callable[[], None] = lambda: None) -> str:
        """The SHA-256 of its bytes, hex, with a ``rest`` before each MB of them. Raises OSError."""
        return digest_of(self.file, rest)

    def info(self, track: int = 0) -> AudioInfo:
        """What the header says of sound track ``track``. Raises AudioError when it is no sound."""
        return self._track(track).info

    def take(self, track: int = 0) -> Track:
        """Sound track ``track``, nothing of it decoded; whoever takes it closes it. Raises AudioError.

        It reads the file as long as nothing else does: `info` is asked before.
        """
        fresh = self._track(track)
        self._fresh_track = None
        return fresh

    def _track(self, number: int) -> Track:
        """The track, which is kept."""
        if self._fresh_track is None or self._fresh_track[0] != number:
            self._fresh_track = (number, open_track(self.path, self.file, number))
        return self._fresh_track[1]

    def _let_go(self) -> None:
        if self._fresh_track is not None:
            self._fresh_track[1].close()
            self._fresh_track = None

    def close(self) -> None:
        """Close it."""
        self._let_go()
        self._file.close()

    def __enter__(self) -> OpenSound:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._let_go()
        self._file.__exit__(kind, error, at)  # of an object that says what went wrong on the way


SoundSource: TypeAlias = str | OpenSound
"""A file by its path, or one that is open and stays so."""


def path_of(source: SoundSource) -> str:
    """The path of a file."""
    return source if isinstance(source, str) else source.path


@contextmanager
def opened(source: SoundSource) -> Iterator[OpenSound]:
    """A file, which is closed again where it was not open. Raises AudioError."""
    if isinstance(source, OpenSound):
        yield source
        return
    with OpenSound(source) as sound:
        yield sound


@contextmanager
def taken(source: SoundSource, track: int) -> Iterator[Track]:
    """Sound track ``track`` of a file, to be decoded. Raises AudioError."""
    with opened(source) as sound, closing(sound.take(track)) as one:
        yield one
