"""``cnn:soundalike-1``: this project's own encoder of sounds and words, made by ``training/``; see its model card.

One safetensors file has everything that determines a vector: ``network/`` (an mn network with folded norms in float16,
and its calibrated head), ``space/`` (centre and whitening of the embedding), ``tower/`` (words, see
`search.encoders.tower`).
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import load_file

from search.encoders import audioset
from search.encoders.contract import fingerprint, product, unit_rows
from search.encoders.family import FRAME_S, FRONT_END_REVISION, HOP_S, NAME, SAMPLE_RATE_HZ, WINDOW_S
from search.encoders.frametags import Usual, made_by, usual_of
from search.encoders.network import NetworkEncoder
from search.encoders.spectrum import MelShape
from search.encoders.tower import TextTower, read_arrays
from search.encoders.weights import sha256_of
from search.errors import EncoderError, ModelNotFound, printable
from search.model import AudioEncoding, EncoderSpec, FrameEncoding, TextEncoding, Vectors, Waves
from search.settings import Device

if TYPE_CHECKING:
    from search.encoders.mn import MnNetwork

FORMAT = "soundalike-1"
FILE = f"{NAME}.safetensors"


WIDTH = 0.4
"""The width of channels between the blocks, as in mn04; the channels inside follow from the weights."""

NamedArrays = Mapping[str, NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Whitening:
    """Subtracts ``centre`` (dim,) from every unit row, then multiplies by ``matrix`` (dim, dim): a power of whitening.

    Fitted on training data. The first axes of an embedding have much more variance than the last, so they would
    dominate the cosine similarity; full whitening would amplify noise to their level.
    """

    centre: NDArray[np.float32]
    matrix: NDArray[np.float32]
    calibration: tuple[float, float]

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """(n, dim) rows -> unit rows, (n, dim) float32."""
        return unit_rows(product(unit_rows(rows) - self.centre, self.matrix))

    @property
    def digest(self) -> str:
        """Its digest for a fingerprint."""
        return hashlib.sha256(self.centre.tobytes() + self.matrix.tobytes()).hexdigest()


class SoundalikeEncoder:
    """An `Encoder` of words and sounds. Loads the network for sounds with the first sound."""

    def __init__(  # noqa: PLR0917  # the parts of a model
        self,
        spec: EncoderSpec,
        network: NamedArrays,
        space: Whitening,
        tower: TextTower,
        device: Device,
        usual: Usual | None = None,
    ) -> None:
        """``usual``: the usual levels of its head for frames, if known."""
        self.spec = spec
        self._usual = usual
        self._network, self._space, self._tower, self._device = network, space, tower, device
        self._for_sounds: NetworkEncoder | None = None
        self._making = threading.Lock()

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """See `search.ports.Encoder`."""
        return self.sounds().encode_audio(waves)

    @property
    def frame_s(self) -> float:
        """See `search.ports.FrameReader`."""
        return FRAME_S

    @property
    def frames_made_by(self) -> str:
        """How tags of frames are computed from the network's outputs: a digest."""
        return made_by(self._usual)

    def encode_frames(self, waves: Waves, *, with_vectors: bool = False) -> FrameEncoding:
        """See `search.ports.FrameReader`."""
        return self.sounds().encode_frames(waves, with_vectors=with_vectors)

    def frame_vectors(self, waves: Waves) -> NDArray[np.float32]:
        """See `search.ports.FrameReader`."""
        return self.sounds().frame_vectors(waves)

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """See `search.ports.Encoder`. Words unknown to the tower also get a vector, of little use."""
        return self._tower.directions(texts)

    def read_text(self, texts: Sequence[str], language: str = "") -> TextEncoding:
        """See `search.ports.WordReader`."""
        return self._tower.read(texts, language)

    def meanings(self, texts: Sequence[str], language: str = "") -> Vectors:
        """See `search.ports.MeaningReader`."""
        return self._tower.meanings(texts, language)

    def in_torch(self) -> NetworkEncoder:
        """The network for sounds in torch, also on a CPU. Raises EncoderError without torch, or if weights misfit."""
        from search.encoders.devices import torch_device

        device = torch_device(self._device)
        from search.encoders.cnn import TorchNetwork
        from search.encoders.mel import MelFrontEnd

        front_end = MelFrontEnd(MelShape(rate_hz=SAMPLE_RATE_HZ))
        network = TorchNetwork(front_end, _mn_network(self.spec, self._network), device)
        return NetworkEncoder(self.spec, network, self._space, self._usual)

    def sounds(self) -> NetworkEncoder:
        """The network for sounds: on a CPU its graph, if it has one, else torch."""
        with self._making:
            if self._for_sounds is None:
                self._for_sounds = self._by_graph() or self.in_torch()
            return self._for_sounds

    def _by_graph(self) -> NetworkEncoder | None:
        from search.encoders import devices, graph

        if not devices.is_cpu(self._device) or not graph.is_of(self._network):
            return None
        return NetworkEncoder(self.spec, graph.GraphNetwork(self._network), self._space, self._usual)


def is_bundle(path: Path) -> bool:
    """Whether a file declares itself as a soundalike-1 model; False for a damaged or missing file."""
    try:
        with safe_open(path, "np") as file:
            return (file.metadata() or {}).get("format") == FORMAT
    except (OSError, SafetensorError):
        return False


def load(path: Path, variant: str, device: Device, language: str = "") -> SoundalikeEncoder:
    """The encoder in a file that ``training/export.py`` wrote. ``language`` is that of all texts, if known.

    Raises ModelNotFound if there is no such file, EncoderError if it is damaged or of another kind.
    """
    state = read_arrays_of(path)
    vocabulary = audioset.class_names()
    network = _part(state, "network/")
    try:
        space = _space(_part(state, "space/"))
        tower = read_arrays(_part(state, "tower/"), language)
        if len(network["classifier.5.bias"]) != len(vocabulary):
            raise ValueError("a different number of classes")
    except (KeyError, ValueError, IndexError) as error:
        cause = str(error).partition("\n")[0][:120]
        raise EncoderError(f"{printable(str(path))}: not a soundalike-1 model ({cause}): get it again") from error
    digest = sha256_of(path)
    spec = EncoderSpec(
        name=f"cnn:{variant}",
        revision=f"{path.stem}@{digest[:8]}",
        fingerprint=fingerprint(
            {
                "family": "soundalike",
                "front_end": FRONT_END_REVISION,
                "weights": digest,
                "window_s": WINDOW_S,
                "hop_s": HOP_S,
                "padding": "repeat",
            }
        ),
        dim=len(space.centre),
        sample_rate_hz=SAMPLE_RATE_HZ,
        window_s=WINDOW_S,
        hop_s=HOP_S,
        vocabulary=vocabulary,
        can_text=True,
        calibration=space.calibration,
    )
    encoder = SoundalikeEncoder(spec, network, space, tower, device, usual_of(digest))
    if device == "cuda":  # requested explicitly: better no encoder than one that fails at its first sound
        encoder.encode_audio(np.empty((0, spec.window_samples), np.float32))
    return encoder


def read_arrays_of(path: Path) -> dict[str, NDArray[np.generic]]:
    """All arrays of a safetensors file, by name. Raises ModelNotFound, or EncoderError if it is damaged."""
    shown = printable(str(path))
    if not path.is_file():
        raise ModelNotFound(f"{shown}: no such model file")
    try:
        return dict(load_file(path))
    except (OSError, ValueError, SafetensorError) as error:
        cause = str(error).partition("\n")[0][:120]
        raise EncoderError(f"{shown}: not a readable model file ({cause}): get it again") from error


def _part(state: NamedArrays, prefix: str) -> dict[str, NDArray[np.generic]]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _space(state: NamedArrays) -> Whitening:
    slope, offset = (float(value) for value in state["calibration"].astype(np.float64))
    return Whitening(state["centre"].astype(np.float32), state["matrix"].astype(np.float32), (slope, offset))


def _mn_network(spec: EncoderSpec, arrays: NamedArrays) -> MnNetwork:
    import torch

    from search.encoders.mn import MnNetwork, MnShape

    try:
        inner = tuple(len(arrays[f"features.{place}.block.0.0.weight"]) for place in range(1, 16))
        network = MnNetwork(MnShape(WIDTH, len(spec.vocabulary or ()), inner=inner))
        network.fuse()
        network.load_state_dict({name: torch.from_numpy(value.astype(np.float32)) for name, value in arrays.items()})
    except (KeyError, RuntimeError) as error:
        cause = str(error).partition("\n")[0][:120]
        raise EncoderError(f"{spec.name}: not the network of a soundalike-1 model ({cause}): get it again") from error
    return network.requires_grad_(False)
