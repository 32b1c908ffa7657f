"""What a decoder gives: one opened sound track."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from search.model import AudioInfo, Wave


class Track(Protocol):
    """One opened sound track."""

    @property
    def info(self) -> AudioInfo:
        """What the header says."""

    def blocks(self, start_s: float, end_s: float | None) -> Iterator[Wave]:
        """Mono blocks of about a second at the file's own rate, of the passage asked for.

        A passage that begins after the sound ends has no blocks. Raises AudioError where the file is damaged, and
        at its end when less sound was there than the header promises.
        """

    def close(self) -> None:
        """Let go of what the decoder holds; the file stays open."""


class UnknownFormat(Exception):
    """A decoder does not know what this is, and the next one is asked; never leaves this package."""
