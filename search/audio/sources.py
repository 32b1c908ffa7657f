"""A file of sound that is opened once for all readers: digest, tags, header and sound."""

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
    """An open file of sound, as a context manager. Not thread-safe.

    Raises AudioError if it cannot be opened, as `search.audio.opening.open_regular` does.

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
        """The file, at its start."""
        self._let_go()
        self._file.seek(0)
        return self._file

    def digest(self, rest: Callable[[], None] = lambda: None) -> str:
        """The SHA-256 of its bytes, in hex; calls ``rest`` before each MB. Raises OSError."""
        return digest_of(self.file, rest)

    def info(self, track: int = 0) -> AudioInfo:
        """The header of sound track ``track``. Raises AudioError if it is not sound."""
        return self._track(track).info

    def take(self, track: int = 0) -> Track:
        """Sound track ``track``, not decoded yet; the caller closes it. Raises AudioError.

        Nothing else may read the file while the track is read: call `info` before.
        """
        fresh = self._track(track)
        self._fresh_track = None
        return fresh

    def _track(self, number: int) -> Track:
        """The track, cached."""
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
        self._file.__exit__(kind, error, at)  # an object of a store raises here what went wrong while it was read


SoundSource: TypeAlias = str | OpenSound
"""A file by its path, or an open one, which stays open."""


def path_of(source: SoundSource) -> str:
    """The path of a file."""
    return source if isinstance(source, str) else source.path


@contextmanager
def opened(source: SoundSource) -> Iterator[OpenSound]:
    """An open file; a path is opened, and closed again. Raises AudioError."""
    if isinstance(source, OpenSound):
        yield source
        return
    with OpenSound(source) as sound:
        yield sound


@contextmanager
def taken(source: SoundSource, track: int) -> Iterator[Track]:
    """Sound track ``track`` of a file, for decoding. Raises AudioError."""
    with opened(source) as sound, closing(sound.take(track)) as one:
        yield one
