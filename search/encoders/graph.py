"""The network of ``cnn:soundalike-1`` on a CPU, run by ONNX Runtime, so that searches and jobs need not load torch.

``data/soundalike-1.onnx`` is the graph only (``training/graph.py``): waves -> embedding and tags. Its weights come from
the model's own file, by name; those of the front end are computed. Models of another shape have no graph here and run
in torch.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from importlib import resources
from typing import Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from search.encoders import fourier
from search.encoders.family import FRAME_S
from search.encoders.filters import kaldi_bank
from search.encoders.network import Passed
from search.encoders.spectrum import MelShape
from search.ground.process import threads_of_a_call
from search.model import Waves

FILE: Final = "soundalike-1.onnx"
INNER: Final = (8, 24, 32, 32, 40, 48, 96, 80, 80, 80, 192, 256, 256, 384, 384)
"""Channels inside each bottleneck of the graph's network (`search.encoders.mn.MnShape`)."""
WEIGHTS: Final = "0f11488ec484bf2b"
"""`digest_of_shapes` of its weights."""
FRAMES: Final = 16
"""Frames of the network's last map, `search.encoders.family.FRAME_S` apart."""
BANK_PARTS: Final = 8
"""The filter bank is multiplied in this many runs of bands, since most of it is zero."""
_ERRORS_ONLY: Final = 3

NamedArrays = Mapping[str, NDArray[np.generic]]


def bank_parts(shape: MelShape) -> list[tuple[slice, NDArray[np.float32]]]:
    """The filter bank in runs of bands: the bins of each, and its weights (bands, bins)."""
    bank = kaldi_bank(shape.bands, shape.fft_size, shape.rate_hz, shape.low_hz, shape.high_hz)
    parts = []
    for part in np.array_split(bank, BANK_PARTS, axis=1):
        used = np.flatnonzero(part.any(axis=1))
        bins = slice(int(used[0]), int(used[-1]) + 1)
        parts.append((bins, np.ascontiguousarray(part[bins].T)))
    return parts


def front_end(shape: MelShape) -> dict[str, NDArray[np.float32]]:
    """The weights of the front end, by name in the graph."""
    parts = {f"bank.{number}": part for number, (_, part) in enumerate(bank_parts(shape))}
    return {"fourier.first": fourier.first_product(shape), "fourier.second": fourier.second_product(shape), **parts}


def digest_of_shapes(weights: NamedArrays) -> str:
    """A digest of the names and shapes of a network's weights."""
    shapes = sorted((name, *value.shape) for name, value in weights.items())
    return hashlib.sha256(repr(shapes).encode()).hexdigest()[:16]


def is_of(weights: NamedArrays) -> bool:
    """Whether the graph fits a network with these weights."""
    return digest_of_shapes(weights) == WEIGHTS


class GraphNetwork:
    """A `search.encoders.network.Network`: the graph with the weights of a model."""

    frame_s: Final = FRAME_S
    windows_at_once: Final = 2
    """On one thread, 2 to 4 windows at once take 2.8 ms each, one 3.0, eight 3.2, since they do not fit the caches. Two
    threads with four windows each need 42 MB more than with two.
    """

    def __init__(self, weights: NamedArrays) -> None:
        """``weights`` are those of a network for which `is_of` is true."""
        named = {**weights, **front_end(MelShape())}
        arrays = {name: np.ascontiguousarray(value, np.float32) for name, value in named.items()}
        # ONNX Runtime uses these arrays in place, so they must be kept
        self._values = [onnxruntime.OrtValue.ortvalue_from_numpy(array) for array in arrays.values()]
        options = onnxruntime.SessionOptions()
        options.log_severity_level = _ERRORS_ONLY
        options.intra_op_num_threads = threads_of_a_call() or 0  # 0: as many as there are cores
        options.add_external_initializers(list(arrays), self._values)
        graph = resources.files(__package__).joinpath("data", FILE).read_bytes()
        self._session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
        self._only_these = onnxruntime.RunOptions()
        self._only_these.only_execute_path_to_fetches = True

    def __call__(self, waves: Waves) -> Passed:
        """See `search.encoders.network.Network`."""
        embedding, tags = self._run(waves, "embedding", "tags")
        return embedding, tags

    def with_frame_tags(self, waves: Waves) -> tuple[Passed, NDArray[np.float32]]:
        """See `search.encoders.network.Network`."""
        embedding, tags, frame_tags = self._run(waves, "embedding", "tags", "frame_tags")
        return (embedding, tags), frame_tags

    def with_frames(self, waves: Waves) -> tuple[Passed, NDArray[np.float32], NDArray[np.float32]]:
        """See `search.encoders.network.Network`."""
        embedding, tags, frame_tags, frames = self._run(waves, "embedding", "tags", "frame_tags", "frames")
        return (embedding, tags), frame_tags, frames

    def frames(self, waves: Waves) -> NDArray[np.float32]:
        """See `search.encoders.network.Network`."""
        (frames,) = self._run(waves, "frames")
        return frames

    def _run(self, waves: Waves, *outputs: str) -> list[NDArray[np.float32]]:
        found: list[NDArray[np.float32]] = self._session.run(
            list(outputs), {"waves": np.ascontiguousarray(waves)}, self._only_these
        )
        return found
