"""Finding where somebody speaks, with Silero VAD; the recogniser's package contains the network.

The network gives the probability of a voice for every 32 ms. A stretch begins where a voice is likely, ends where it
stays unlikely, and extends a little beyond both. Only stretches are given to the recogniser, which would turn noise
into words.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from search.errors import EncoderError
from search.ground.extras import why_missing
from search.model import Wave

RATE_HZ: Final = 16_000
FRAME: Final = 512
FRAME_S: Final = FRAME / RATE_HZ
REVISION: Final = 1
"""Increased whenever sounds get different stretches."""
BEGINS_AT: Final = 0.5
ENDS_AT: Final = 0.35
SHORTEST_S: Final = 0.25
"""Shorter stretches are ignored."""
PAUSE_S: Final = 0.5
"""A longer pause separates two stretches."""
EDGE_S: Final = 0.2
"""A stretch begins this long before a voice is likely, and ends this long after."""
LONGEST_S: Final = 240.0
"""A longer stretch is split where a voice is least likely in the last `_SEARCHED_S` of this length."""
_SEARCHED_S: Final = 20.0
_CONTEXT: Final = 64
_PACKAGE: Final = "faster_whisper"
_FRAMES_AT_ONCE: Final = 4_000

Stretches = tuple[tuple[float, float], ...]


class SileroDetector:
    """A `VoiceDetector`: Silero VAD through ONNX Runtime. Threads may share it."""

    def __init__(self) -> None:
        self._session = _session(_model())

    @property
    def fingerprint(self) -> str:
        """Identifies the detector and the rules that turn its probabilities into stretches."""
        return f"silero-v6-{REVISION}"

    @property
    def sample_rate_hz(self) -> int:
        """16,000."""
        return RATE_HZ

    def voiced(self, blocks: Iterable[Wave]) -> Stretches:
        """As the port says."""
        return stretches(self.probabilities(blocks))

    def probabilities(self, blocks: Iterable[Wave]) -> NDArray[np.float32]:
        """The probability (n,) of a voice in each `FRAME_S` of a sound, given in ``blocks`` of any size."""
        found = [self._likely(frames, state) for state in [_State()] for frames in _frames(blocks)]
        return np.concatenate([np.empty(0, np.float32), *found])

    def _likely(self, frames: NDArray[np.float32], state: _State) -> NDArray[np.float32]:
        before = np.concatenate([state.context, frames[:-1, -_CONTEXT:]])
        state.context = frames[-1:, -_CONTEXT:]
        given = {"input": np.concatenate([before, frames], axis=1), "h": state.h, "c": state.c}
        said, state.h, state.c = self._session.run(None, given)
        return np.asarray(said, np.float32).reshape(-1)


class _State:
    """The state of the network between two batches of frames."""

    def __init__(self) -> None:
        self.h = np.zeros((1, 1, 128), np.float32)
        self.c = np.zeros((1, 1, 128), np.float32)
        self.context = np.zeros((1, _CONTEXT), np.float32)


def stretches(probabilities: NDArray[np.float32]) -> Stretches:
    """The stretches with a voice, in seconds, from the probability of each frame."""
    runs: list[tuple[int, int]] = []
    begun: int | None = None
    last = 0
    for at in np.flatnonzero(probabilities >= ENDS_AT).tolist():
        likely = bool(probabilities[at] >= BEGINS_AT)
        if begun is not None and (at - last) * FRAME_S > PAUSE_S:
            runs.append((begun, last + 1))
            begun = None
        if begun is None and likely:
            begun = at
        if begun is not None:
            last = at
    if begun is not None:
        runs.append((begun, last + 1))
    kept = [(first, end) for first, end in runs if (end - first) * FRAME_S >= SHORTEST_S]
    return _widened(kept, len(probabilities) * FRAME_S, probabilities)


def _widened(runs: list[tuple[int, int]], end_s: float, probabilities: NDArray[np.float32]) -> Stretches:
    """Convert runs of frames to seconds, split those longer than `LONGEST_S`, and add edges."""
    found: list[tuple[float, float]] = []
    for first, end in (part for run in runs for part in _parted(run, probabilities)):
        start_s, until_s = max(first * FRAME_S - EDGE_S, 0.0), min(end * FRAME_S + EDGE_S, end_s)
        found.append((max(start_s, found[-1][1]) if found else start_s, until_s))
    return tuple(found)


def _parted(run: tuple[int, int], probabilities: NDArray[np.float32]) -> Iterator[tuple[int, int]]:
    first, end = run
    longest, searched = int(LONGEST_S / FRAME_S), int(_SEARCHED_S / FRAME_S)
    while end - first > longest:
        begin = first + longest - searched
        cut = begin + int(np.argmin(probabilities[begin : first + longest]))
        yield first, cut
        first = cut
    yield first, end


def _frames(blocks: Iterable[Wave]) -> Iterator[NDArray[np.float32]]:
    """Yield batches of whole frames (n, `FRAME`); the last frame is padded with silence."""
    left = np.empty(0, np.float32)
    for block in blocks:
        left = np.concatenate([left, np.asarray(block, np.float32)])
        whole = min(len(left) // FRAME, _FRAMES_AT_ONCE)
        while whole:
            yield left[: whole * FRAME].reshape(whole, FRAME)
            left = left[whole * FRAME :]
            whole = min(len(left) // FRAME, _FRAMES_AT_ONCE)
    if len(left):
        yield np.pad(left, (0, FRAME - len(left))).reshape(1, FRAME)


def _model() -> Path:
    """The network's file. Raises EncoderError if the package is not installed, or has no such file."""
    found = find_spec(_PACKAGE)
    if found is None or not found.submodule_search_locations:
        raise EncoderError(why_missing("finding voices", "faster-whisper") or "finding voices needs faster-whisper")
    for folder in found.submodule_search_locations:
        for file in sorted(Path(folder, "assets").glob("silero_vad*.onnx")):
            return file
    raise EncoderError("this version of faster-whisper comes without Silero VAD; pip install 'soundalike[speech]'")


def _session(path: Path) -> Any:  # noqa: ANN401  onnxruntime has no types
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
