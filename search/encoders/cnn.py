"""The encoder family ``cnn``: mel front end, mn network, one pass for vectors and tags.

``cnn:mn04`` is EfficientAT's mn04 (AudioSet mAP 0.432), centred. Any other published mn checkpoint is loaded by its
path, uncentred, like ``cnn:/models/mn10_as_mAP_471.pt``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from search.encoders import audioset
from search.encoders.contract import fingerprint
from search.encoders.devices import torch_device
from search.encoders.family import FRONT_END_REVISION, HOP_S, WINDOW_S
from search.encoders.family import NAME as SHIPPED
from search.encoders.mel import MelFrontEnd
from search.encoders.mn import MnNetwork, MnShape
from search.encoders.network import NetworkEncoder, Passed
from search.encoders.normalisation import Normalisation
from search.encoders.spectrum import MelShape
from search.encoders.weights import PUT_BACK, ModelFile, find, path_of, read_state, sha256_of
from search.errors import EncoderError, ModelNotFound, printable
from search.model import EncoderSpec, Waves
from search.settings import Settings

WINDOWS_AT_ONCE = {"cpu": 8, "cuda": 256}
"""On a CPU, the activations of 8 windows fit its caches: 0.9 ms of one thread per second of audio, 1.4 with 32."""


@dataclass(frozen=True, slots=True)
class Published:
    """A model that is known by name: its file, and its fitted constants."""

    file: ModelFile
    normalisation: str
    mel: MelShape = field(default_factory=MelShape)


PUBLISHED = {
    "mn04": Published(
        ModelFile(
            "mn04_as_mAP_432.pt",
            "899a8c6217063f6941793102a2780b3dd788ab11fce468d9cf5f0577c453321c",
            "https://github.com/fschmid56/EfficientAT/releases/download/v0.0.1/mn04_as_mAP_432.pt",
        ),
        normalisation="cnn_mn04",
    ),
}


class TorchNetwork:
    """The mel front end and an mn network in torch, on ``device``."""

    def __init__(self, front_end: MelFrontEnd, network: MnNetwork, device: torch.device) -> None:
        self._front_end = front_end.to(device)
        self._network = network.to(device)
        self._device = device
        hops = 2 * math.prod(network.strides)
        self._frame_s = hops * front_end.shape.hop / front_end.shape.rate_hz

    @property
    def windows_at_once(self) -> int:
        """See `search.encoders.network.Network`."""
        return WINDOWS_AT_ONCE[self._device.type]

    @property
    def frame_s(self) -> float:
        """See `search.encoders.network.Network`."""
        return self._frame_s

    def __call__(self, waves: Waves) -> Passed:
        """See `search.encoders.network.Network`."""
        with self._exactly():
            embedding, logits = self._network(self._mel(waves))
            return embedding.cpu().numpy(), torch.sigmoid(logits).cpu().numpy()

    def with_frame_tags(self, waves: Waves) -> tuple[Passed, NDArray[np.float32]]:
        """See `search.encoders.network.Network`."""
        passed, frame_tags, _ = self.with_frames(waves)
        return passed, frame_tags

    def with_frames(self, waves: Waves) -> tuple[Passed, NDArray[np.float32], NDArray[np.float32]]:
        """See `search.encoders.network.Network`."""
        with self._exactly():
            embedding, frames = self._network.with_frames(self._mel(waves))
            tags = torch.sigmoid(self._network.head(embedding))
            frame_tags = torch.sigmoid(self._network.head(frames.flatten(0, 1))).reshape(*frames.shape[:2], -1)
            return (embedding.cpu().numpy(), tags.cpu().numpy()), frame_tags.cpu().numpy(), frames.cpu().numpy()

    def frames(self, waves: Waves) -> NDArray[np.float32]:
        """See `search.encoders.network.Network`."""
        with self._exactly():
            frames: NDArray[np.float32] = self._network.with_frames(self._mel(waves))[1].cpu().numpy()
            return frames

    @contextmanager
    def _exactly(self) -> Iterator[None]:
        """Disable gradients, and a caller's autocast, which would change the vectors."""
        with torch.inference_mode(), torch.autocast(self._device.type, enabled=False):
            yield

    def _mel(self, waves: Waves) -> torch.Tensor:
        # a copy: a caller's array may be read-only or have negative strides, and is never shared
        mel: torch.Tensor = self._front_end(torch.from_numpy(waves.copy()).to(self._device))
        return mel


def load(variant: str, settings: Settings) -> NetworkEncoder:
    """The encoder ``cnn:<variant>``, by a published name or by the path of a checkpoint.

    Raises ModelNotFound if the file is not found, EncoderError if it is damaged or not of this family.
    """
    known = PUBLISHED.get(variant)
    if known is not None:
        path, mel = find(known.file, settings), known.mel
        return _build(variant, path, mel, settings, Normalisation.shipped(known.normalisation))
    path = path_of(variant)
    if not path.is_file():
        names = ", ".join(f"cnn:{name}" for name in (SHIPPED, *PUBLISHED))
        raise ModelNotFound(
            f"cnn:{printable(variant)}: there is no such model file at {printable(str(path))}; known names are "
            f"{names}. {PUT_BACK}"
        )
    return _build(str(path), path, mel_of_file_name(path.name), settings, None)


def mel_of_file_name(name: str) -> MelShape:
    """The front end of a published checkpoint, whose name states differences: ``hop_5`` (ms), ``mels_64``."""
    hop, bands = re.search(r"_hop_(\d+)", name), re.search(r"_mels_(\d+)", name)
    usual = MelShape()
    return MelShape(
        hop=int(hop[1]) * usual.rate_hz // 1000 if hop else usual.hop,
        bands=int(bands[1]) if bands else usual.bands,
    )


def strides_of_file_name(name: str) -> tuple[int, int, int, int]:
    """The strides of a published checkpoint's four stages: ``_s2211`` in its name, else 2 each."""
    found = re.search(r"_s([12])([12])([12])([12])(?!\d)", name)
    return (int(found[1]), int(found[2]), int(found[3]), int(found[4])) if found else (2, 2, 2, 2)


def _build(
    variant: str, path: Path, mel: MelShape, settings: Settings, normalisation: Normalisation | None
) -> NetworkEncoder:
    device = torch_device(settings.device)
    network, shape = _network(path)
    vocabulary = audioset.class_names()
    digest = sha256_of(path)
    spec = EncoderSpec(
        name=f"cnn:{variant}",
        revision=f"{path.stem}@{digest[:8]}",
        fingerprint=fingerprint(
            {
                "family": "cnn",
                "front_end": FRONT_END_REVISION,
                "mel": (mel.rate_hz, mel.window, mel.hop, mel.fft_size, mel.bands),
                "strides": shape.strides,
                "weights": digest,
                "window_s": WINDOW_S,
                "hop_s": HOP_S,
                "padding": "repeat",
                "normalisation": normalisation.digest if normalisation else None,
            }
        ),
        dim=shape.dim,
        sample_rate_hz=mel.rate_hz,
        window_s=WINDOW_S,
        hop_s=HOP_S,
        vocabulary=vocabulary if shape.classes == len(vocabulary) else None,
        calibration=normalisation.calibration if normalisation else None,
    )
    return NetworkEncoder(spec, TorchNetwork(MelFrontEnd(mel), network, device), normalisation)


def _network(path: Path) -> tuple[MnNetwork, MnShape]:
    """The network of a checkpoint, ready for inference. Raises EncoderError if the weights are of another network."""
    state = read_state(path)
    try:
        shape = MnShape.of_state(state, strides_of_file_name(path.name))
        network = MnNetwork(shape)
        network.load_state_dict(state)
    except (RuntimeError, EncoderError) as error:
        cause = str(error).partition("\n")[0]
        raise EncoderError(f"{printable(str(path))}: {cause}: give a checkpoint of an mn network") from error
    network.fuse()
    return network, shape
