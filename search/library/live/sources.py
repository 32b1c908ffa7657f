"""Sources of live sound: a microphone, a file, an address, or raw samples, all through PyAV.

A background thread reads, so that computation never blocks the source. Its blocks wait in a bounded queue. If the queue
is full, sound of a live source is lost and reported as a gap; other sources wait.
"""

from __future__ import annotations

import queue
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Self

import numpy as np

from search.errors import AudioError, printable
from search.model import Wave

if TYPE_CHECKING:
    from av.container import InputContainer

WAITING_S: Final = 10.0
"""The most sound in the queue. Beyond that, sound of a live source is lost."""
_LATE_S: Final = 5.0
_MICROPHONES: Final = {
    "linux": ("alsa", "default"),
    "darwin": ("avfoundation", ":default"),
    "win32": ("dshow", "audio=default"),
}
_GAP_S: Final = 0.1
"""A jump of this much in the time stamps means that sound was lost on the way."""


@dataclass(frozen=True, slots=True)
class LiveBlock:
    """Samples (n,) that begin ``start_s`` into the stream, after ``lost_s`` of lost sound."""

    start_s: float
    wave: Wave
    lost_s: float = 0.0


@dataclass(frozen=True, slots=True)
class StreamSource:
    """A source: ``-`` (raw 16-bit samples on standard input), ``mic`` or ``mic:NAME``, a file, or an address.

    ``rate_hz`` and ``channels`` are those of raw samples.
    """

    name: str
    rate_hz: int = 48_000
    channels: int = 1

    @property
    def is_live(self) -> bool:
        """Whether sound comes in real time. Files and pipes wait for the reader."""
        return self.name != "-" and not Path(self.name).is_file()


class Stream:
    """The sound of a source at ``rate_hz``, mono. A context manager. Iterate over it once."""

    def __init__(self, source: StreamSource, rate_hz: int, standard_input: BinaryIO | None = None) -> None:
        self._source, self._rate_hz = source, rate_hz
        self._input = standard_input
        self._stop = threading.Event()
        size = max(4, int(WAITING_S / 0.02))
        self._waiting: queue.Queue[LiveBlock | AudioError | None] = queue.Queue(size)
        self._thread = threading.Thread(target=self._read, name="live source", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()

    def stop(self) -> None:
        """End the stream. An iteration in progress still gets the blocks in the queue."""
        self._stop.set()

    def __iter__(self) -> Iterator[LiveBlock]:
        """Yield blocks as they come. Raises AudioError if the source cannot be opened, or breaks."""
        while True:
            try:
                one = self._waiting.get(timeout=0.2)
            except queue.Empty:
                if self._stop.is_set():
                    return
                continue
            if one is None:
                return
            if isinstance(one, AudioError):
                raise one
            yield one

    def _read(self) -> None:
        lost_s = 0.0
        try:
            for block in self._decoded():
                lost_s += block.lost_s
                if self._put(LiveBlock(block.start_s, block.wave, lost_s)):
                    lost_s = 0.0
                else:
                    lost_s += len(block.wave) / self._rate_hz
                if self._stop.is_set():
                    break
            self._end(None)
        except AudioError as error:
            self._end(error)

    def _put(self, block: LiveBlock) -> bool:
        """Queue a block. Return whether it was queued: if the queue is full, a block of a live source is lost."""
        if self._source.is_live:
            try:
                self._waiting.put_nowait(block)
            except queue.Full:
                return False
            return True
        return self._wait(block)

    def _end(self, last: AudioError | None) -> None:
        self._wait(last)

    def _wait(self, one: LiveBlock | AudioError | None) -> bool:
        while not self._stop.is_set():
            try:
                self._waiting.put(one, timeout=0.2)
            except queue.Full:
                continue
            return True
        return False

    def _decoded(self) -> Iterator[LiveBlock]:
        import av

        try:
            with self._opened() as container:
                yield from _resampled(container, self._rate_hz)
        except (av.FFmpegError, OSError, ValueError, IndexError) as error:
            why = " ".join(str(error).split()) or type(error).__name__
            raise AudioError(self._source.name, f"cannot be listened to: {printable(why)[:200]}") from error

    def _opened(self) -> InputContainer:
        import av

        name = self._source.name
        if name == "-":
            bare = {"sample_rate": str(self._source.rate_hz), "ch_layout": f"{self._source.channels}c"}
            if self._source.channels in (1, 2):
                bare["ch_layout"] = ("mono", "stereo")[self._source.channels - 1]
            return av.open(self._input or sys.stdin.buffer, "r", format="s16le", options=bare)
        if name == "mic" or name.startswith("mic:"):
            kind, device = _MICROPHONES.get(sys.platform, _MICROPHONES["linux"])
            return av.open(name.removeprefix("mic:") if ":" in name else device, "r", format=kind)
        return av.open(name, "r", timeout=None if Path(name).is_file() else 20.0)


def _mono(frame: Any) -> Wave:  # noqa: ANN401  PyAV's
    """Return the mean of the channels, as everywhere in Soundalike (FFmpeg's own stereo mix is louder)."""
    return np.asarray(frame.to_ndarray().mean(axis=0), np.float32)


def _resampled(container: Any, rate_hz: int) -> Iterator[LiveBlock]:  # noqa: ANN401  PyAV's
    """Yield the first sound track as blocks, with the gaps in its time stamps."""
    import av

    track = container.streams.audio[0]
    resampler = av.AudioResampler(format="fltp", rate=rate_hz)
    done = 0
    due_s: float | None = None
    lost_s = 0.0
    for frame in container.decode(track):
        if frame.time is not None and due_s is not None and frame.time > due_s + _GAP_S:
            lost_s += frame.time - due_s
        if frame.time is not None:
            due_s = frame.time + frame.samples / frame.sample_rate
        frame.pts = None
        for made in resampler.resample(frame):
            wave = _mono(made)
            start = done + int(lost_s * rate_hz)
            done += len(wave)
            yield LiveBlock(start / rate_hz, wave, lost_s if lost_s else 0.0)
            done, lost_s = (start + len(wave), 0.0)
    for made in resampler.resample(None):
        wave = _mono(made)
        yield LiveBlock(done / rate_hz, wave)
