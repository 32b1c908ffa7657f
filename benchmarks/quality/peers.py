"""Encoders by others, measured in the same tables and with the same engine: YAMNet (Plakal and Ellis, Google, 2019).

It is registered as the encoder family ``yamnet`` through the entry point ``soundalike.encoders``, as any package can
register one. Its file is a TensorFlow Lite model for the package ai-edge-litert (extra ``bench``). It is looked for in
``$SOUNDALIKE_MODELS`` and in the user cache.

``yamnet`` subtracts the mean of its embeddings over learning material; ``yamnet:<path>`` does not. The constants come
from::

    python -m benchmarks.fitting.centre ../shared/data/natural/manifest.csv benchmarks/quality/yamnet.npz \
        --encoder yamnet:../shared/models/yamnet.tflite
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from search.errors import EncoderError, ModelNotFound, UsageError, printable
from search.model import AudioEncoding, EncoderSpec, Vectors, Waves
from search.settings import Settings

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

FILE_NAME = "yamnet.tflite"
EMBEDDING = "global_average_pooling2d/Mean"
"""Name of the tensor that holds the embedding, the last one before the classifier."""
DIM = 1024

RATE_HZ = 16_000
PATCH_SAMPLES = 15_600
"""Samples in one input of the model: 96 frames of 10 ms and the rest of the last window."""
PATCH_HOP_SAMPLES = 7_680
"""48 frames: patches overlap by half, as YAMNet's authors run it on longer sound."""
WINDOW_S, HOP_S = 5.0, 2.5
"""The same segments as this project's encoders use, so that the ranking rule favours neither."""


@dataclass(frozen=True, slots=True)
class Centre:
    """The mean embedding over learning material, (DIM,), and the logistic fitted with it (see `EncoderSpec`)."""

    vector: NDArray[np.float32]
    calibration: tuple[float, float]

    @classmethod
    def shipped(cls) -> Centre:
        """Return the constants beside this module."""
        with resources.files(__package__).joinpath("yamnet.npz").open("rb") as file, np.load(file) as arrays:
            slope, offset = (float(value) for value in arrays["calibration"])
            return cls(arrays["centre"], (slope, offset))


class YamnetEncoder:
    """An `Encoder`: a window's vector is the mean of its patches' embeddings. See `load`."""

    def __init__(self, spec: EncoderSpec, interpreter: Interpreter, centre: Centre | None) -> None:
        self.spec = spec
        self._centre = centre
        self._interpreter = interpreter
        interpreter.resize_tensor_input(interpreter.get_input_details()[0]["index"], [1, PATCH_SAMPLES])
        interpreter.allocate_tensors()
        self._input = int(interpreter.get_input_details()[0]["index"])
        self._embedding = embedding_tensor(interpreter)

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """See `search.ports.Encoder`."""
        if waves.ndim != 2 or waves.shape[1] != self.spec.window_samples or not np.isfinite(waves).all():
            raise EncoderError(
                f"yamnet takes finite windows of shape (n, {self.spec.window_samples}), not {waves.shape}"
            )
        rows = np.array([self._mean_embedding(wave) for wave in waves], np.float32).reshape(-1, DIM)
        if self._centre is None:
            return AudioEncoding(unit_rows(rows))
        return AudioEncoding(unit_rows(unit_rows(rows) - self._centre.vector))

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """Raise EncoderError: YAMNet reads no words."""
        raise EncoderError("yamnet cannot read words")

    def _mean_embedding(self, wave: NDArray[np.float32]) -> NDArray[np.float32]:
        patches = np.lib.stride_tricks.sliding_window_view(wave, PATCH_SAMPLES)[::PATCH_HOP_SAMPLES]
        total = np.zeros(DIM, np.float64)
        for patch in patches:
            self._interpreter.set_tensor(self._input, np.ascontiguousarray(patch[np.newaxis], np.float32))
            self._interpreter.invoke()
            total += self._interpreter.get_tensor(self._embedding)[0]
        return (total / len(patches)).astype(np.float32)


def load(variant: str, settings: Settings) -> YamnetEncoder:
    """Load ``yamnet``, centred, or ``yamnet:<path>``, the model in that file without centring.

    Raises ModelNotFound without the file, EncoderError for a file that is not YAMNet, UsageError without
    ai-edge-litert.
    """
    path = Path(variant).expanduser() if variant else find(settings)
    if not path.is_file():
        raise ModelNotFound(f"yamnet:{printable(variant)}: no such model file")
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise UsageError('yamnet needs ai-edge-litert: pip install "soundalike[bench]"') from error
    with warnings.catch_warnings():
        # it warns that keeping every tensor costs memory; the embedding is one of them
        warnings.filterwarnings("ignore", message=".*experimental_preserve_all_tensors")
        try:
            interpreter = Interpreter(str(path), num_threads=1, experimental_preserve_all_tensors=True)
        except ValueError as error:
            raise EncoderError(f"{printable(str(path))} is no TensorFlow Lite model: {error}") from error
    centre = None if variant else Centre.shipped()
    name = f"yamnet:{variant}" if variant else "yamnet"
    return YamnetEncoder(spec_of(name, path, centre), interpreter, centre)


def find(settings: Settings) -> Path:
    """Return the path of the model file. Raises ModelNotFound that names every place tried."""
    tried = [folder / FILE_NAME for folder in (*settings.models, settings.model_cache)]
    for path in tried:
        if path.is_file():
            return path
    places = ", ".join(printable(str(path)) for path in tried)
    raise ModelNotFound(
        f"no {FILE_NAME} (tried {places}): name it as yamnet:PATH or set SOUNDALIKE_MODELS to its folder"
    )


def spec_of(name: str, path: Path, centre: Centre | None) -> EncoderSpec:
    """Return the model's specification; the fingerprint covers everything that affects a vector."""
    weights = hashlib.sha256(path.read_bytes()).hexdigest()
    constants = hashlib.sha256(centre.vector.tobytes()).hexdigest() if centre else "plain"
    facts = f"yamnet 1 {weights} {constants} {WINDOW_S} {HOP_S} {PATCH_HOP_SAMPLES} repeat"
    return EncoderSpec(
        name=name,
        revision=f"yamnet@{weights[:8]}",
        fingerprint=hashlib.sha256(facts.encode()).hexdigest()[:32],
        dim=DIM,
        sample_rate_hz=RATE_HZ,
        window_s=WINDOW_S,
        hop_s=HOP_S,
        calibration=centre.calibration if centre else None,
    )


def embedding_tensor(interpreter: Interpreter) -> int:
    """Return the index of the embedding's tensor. Raises EncoderError without one: the model is not YAMNet."""
    for detail in interpreter.get_tensor_details():
        if detail["name"].endswith(EMBEDDING):
            return int(detail["index"])
    raise EncoderError(f"the model file has no tensor {EMBEDDING}: it is not the YAMNet this is written for")


def unit_rows(rows: NDArray[np.float32]) -> Vectors:
    """Return (n, dim): the rows scaled to length 1; a row of zeros becomes the first axis."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    out = np.where(lengths > 0, rows / np.maximum(lengths, 1e-12), np.eye(1, rows.shape[1]))
    return out.astype(np.float32)
