"""The encoder family ``adapted``: the space of another encoder, adapted to a person's own labels (`soundalike train`).

``adapted:/models/foley.safetensors``: the file contains a low-rank change of the space, and names the base encoder,
which is not changed. Vectors of words, if the base encoder reads words, go through the same change and so keep their
meaning. The classes that words mean do not change, nor do the tags. Constants fitted for the base encoder
(`search.engine.confidence`) are also used for the adapted one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from search import plugins
from search.encoders.contract import fingerprint, product, unit_rows
from search.encoders.weights import PUT_BACK, path_of
from search.errors import EncoderError, ModelNotFound, printable
from search.model import AudioEncoding, EncoderSpec, FrameEncoding, TextEncoding, Vectors, Waves
from search.ports import Encoder, FrameReader, MeaningReader, WordReader
from search.settings import Settings
from search.snapshots.single import new_file_for

FAMILY = "adapted"
FORMAT = "soundalike-adapter-1"

Matrix = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Adapter:
    """``down`` (dim, rank) and ``up`` (rank, dim): a unit row x becomes unit(x + x down up).

    ``calibration`` is the slope and offset from cosine similarity to relevance in the changed space.
    """

    down: Matrix
    up: Matrix
    calibration: tuple[float, float] | None = None

    def apply(self, rows: Vectors) -> Vectors:
        """(n, dim) unit rows -> (n, dim) unit rows."""
        return unit_rows(rows + product(product(rows, self.down), self.up))


class _Reading(Encoder, WordReader, Protocol):
    """An encoder that maps words to classes."""


class _Comparing(_Reading, MeaningReader, Protocol):
    """One that also compares the meanings of words."""


class _Framing(_Comparing, FrameReader, Protocol):
    """One that also tags each frame."""


class AdaptedEncoder:
    """An `Encoder` over a base encoder; see `adapted`."""

    def __init__(self, base: Encoder, adapter: Adapter, name: str, revision: str) -> None:
        """Raises EncoderError if the adapter has another dimension than the encoder ``base``."""
        if adapter.down.shape[0] != base.spec.dim or adapter.up.shape != adapter.down.shape[::-1]:
            raise EncoderError(
                f"{name}: an adapter {adapter.down.shape} x {adapter.up.shape} does not fit {base.spec.name}, "
                f"which has {base.spec.dim} dimensions: train it again"
            )
        self.spec = adapted_spec(base.spec, adapter, name, revision)
        self._base = base
        self._adapter = adapter

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """See `search.ports.Encoder`; the tags are those of the base encoder."""
        encoded = self._base.encode_audio(waves)
        return AudioEncoding(self._adapter.apply(encoded.vectors), encoded.tags)

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """See `search.ports.Encoder`."""
        return self._adapter.apply(self._base.encode_text(texts))


class AdaptedReader(AdaptedEncoder):
    """The same, over an encoder that maps words to classes."""

    def __init__(self, base: _Reading, adapter: Adapter, name: str, revision: str) -> None:
        """Raises as `AdaptedEncoder` does."""
        super().__init__(base, adapter, name, revision)
        self._reader = base

    def read_text(self, texts: Sequence[str], language: str = "") -> TextEncoding:
        """See `search.ports.WordReader`; the classes are those of the base encoder."""
        read = self._reader.read_text(texts, language)
        return replace(read, vectors=self._adapter.apply(read.vectors))


class AdaptedComparer(AdaptedReader):
    """The same, over an encoder that also compares the meanings of words."""

    def __init__(self, base: _Comparing, adapter: Adapter, name: str, revision: str) -> None:
        """Raises as `AdaptedEncoder` does."""
        super().__init__(base, adapter, name, revision)
        self._comparer = base

    def meanings(self, texts: Sequence[str], language: str = "") -> Vectors:
        """See `search.ports.MeaningReader`; the meanings are those of the base encoder."""
        return self._comparer.meanings(texts, language)


class AdaptedFrames(AdaptedComparer):
    """The same, over an encoder that also tags each frame."""

    def __init__(self, base: _Framing, adapter: Adapter, name: str, revision: str) -> None:
        """Raises as `AdaptedEncoder` does."""
        super().__init__(base, adapter, name, revision)
        self._framing = base

    @property
    def frame_s(self) -> float:
        """See `search.ports.FrameReader`."""
        return self._framing.frame_s

    @property
    def frames_made_by(self) -> str:
        """That of the base encoder, or empty."""
        return str(getattr(self._framing, "frames_made_by", ""))

    def encode_frames(self, waves: Waves, *, with_vectors: bool = False) -> FrameEncoding:
        """See `search.ports.FrameReader`; the tags are those of the base encoder."""
        encoded = self._framing.encode_frames(waves, with_vectors=with_vectors)
        windows = AudioEncoding(self._adapter.apply(encoded.windows.vectors), encoded.windows.tags)
        return FrameEncoding(windows, encoded.tags, None if encoded.vectors is None else self._moved(encoded.vectors))

    def frame_vectors(self, waves: Waves) -> Matrix:
        """See `search.ports.FrameReader`."""
        return self._moved(self._framing.frame_vectors(waves))

    def _moved(self, vectors: Matrix) -> Matrix:
        """Move vectors (n, frames, dim) from the base space to the adapted one."""
        return self._adapter.apply(vectors.reshape(-1, self.spec.dim)).reshape(vectors.shape)


def adapted(base: Encoder, adapter: Adapter, name: str, revision: str) -> AdaptedEncoder:
    """The encoder ``base`` with an adapter; it supports words and frames as ``base`` does. Raises EncoderError."""
    if isinstance(base, WordReader):
        if isinstance(base, MeaningReader):
            if isinstance(base, FrameReader):
                return AdaptedFrames(base, adapter, name, revision)
            return AdaptedComparer(base, adapter, name, revision)
        return AdaptedReader(base, adapter, name, revision)
    return AdaptedEncoder(base, adapter, name, revision)


def adapted_spec(base: EncoderSpec, adapter: Adapter, name: str, revision: str) -> EncoderSpec:
    """The spec of an encoder with an adapter: another space, with the same windows."""
    facts = {
        "family": FAMILY,
        "beneath": base.fingerprint,  # the name when the first adapters were made
        "down": adapter.down.tobytes().hex(),
        "up": adapter.up.tobytes().hex(),
    }
    return replace(
        base,
        name=name,
        revision=revision,
        fingerprint=fingerprint(facts),
        calibration=adapter.calibration,
        adapts=base.adapts or base.fingerprint,  # with several adapters, the lowest base: fitted constants are for that
    )


def write(path: Path, adapter: Adapter, base: EncoderSpec, labels: Sequence[str]) -> None:
    """Write an adapter that was trained over ``base`` for ``labels``. Raises EncoderError if it cannot be written."""
    tensors = {"down": adapter.down, "up": adapter.up}
    if adapter.calibration is not None:
        tensors["calibration"] = np.array(adapter.calibration, np.float64)
    facts = {
        "format": FORMAT,
        "encoder": base.name,
        "fingerprint": base.fingerprint,
        "labels": "\n".join(labels),
    }
    try:
        with new_file_for(path) as new:
            save_file(tensors, new, metadata=facts)
    except (OSError, SafetensorError) as error:
        raise EncoderError(f"{printable(str(path))}: cannot be written ({error})") from error


def load(variant: str, settings: Settings) -> AdaptedEncoder:
    """The encoder ``adapted:<path>``.

    Raises ModelNotFound if the file does not exist, EncoderError if it is not an adapter or was trained over other
    weights than the base encoder has now.
    """
    path = path_of(variant)
    if not path.is_file():
        raise ModelNotFound(f"{FAMILY}:{printable(str(path))}: no such file; soundalike train makes one. {PUT_BACK}")
    adapter, facts = _read(path)
    base = plugins.encoder(facts["encoder"], settings)
    if base.spec.fingerprint != facts["fingerprint"]:
        raise EncoderError(
            f"{printable(variant)} was trained over a different {facts['encoder']} from this one "
            f"({base.spec.revision}): train it again"
        )
    return adapted(base, adapter, f"{FAMILY}:{path}", f"{path.stem} over {base.spec.revision}")


def _read(path: Path) -> tuple[Adapter, dict[str, str]]:
    try:
        with safe_open(path, "np") as file:
            facts = dict(file.metadata() or {})
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 -- no mapping
    except (OSError, SafetensorError) as error:
        raise EncoderError(f"{printable(str(path))}: damaged, or not an adapter ({error})") from error
    if (
        facts.get("format") != FORMAT
        or not {"encoder", "fingerprint"} <= set(facts)
        or not {"down", "up"} <= set(tensors)
    ):
        raise EncoderError(f"{printable(str(path))}: not an adapter of soundalike train")
    calibration = tensors.get("calibration")
    fitted = None if calibration is None else (float(calibration[0]), float(calibration[1]))
    return Adapter(tensors["down"], tensors["up"], fitted), facts
