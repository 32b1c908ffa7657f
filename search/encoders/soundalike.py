"""``cnn:soundalike-1``: this project's own encoder, which hears and reads. Made by ``training/``; see its model card.

One safetensors file holds all that decides a vector: ``network/`` (an mn network with folded norms, float16, its
calibrated head), ``space/`` (centre and whitening of the embedding), ``tower/`` (words, see `search.encoders.tower`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from search.encoders import audioset
from search.encoders.cnn import FRONT_END_REVISION, HOP_S, WINDOW_S, CnnEncoder
from search.encoders.contract import fingerprint, unit_rows
from search.encoders.devices import torch_device
from search.encoders.mel import MelFrontEnd, MelShape
from search.encoders.mn import MnNetwork, MnShape
from search.encoders.tower import Reader, read_tensors
from search.encoders.weights import read_state, sha256_of
from search.errors import EncoderError, printable
from search.model import EncoderSpec, Vectors
from search.settings import Device

NAME = "soundalike-1"
FORMAT = "soundalike-1"
FILE = f"{NAME}.safetensors"

WIDTH = 0.4
"""Of the channels between the blocks, as mn04's; those inside are the network's own and show in its weights."""

State = Mapping[str, Tensor]


@dataclass(frozen=True, slots=True)
class Whitening:
    """``centre`` (dim,) leaves every unit row, which then goes through ``matrix`` (dim, dim): a power of whitening.

    Fitted on learning material. The first axes of an embedding are much longer than the last, and a cosine hears little
    else; the full inverse would raise noise to their level.
    """

    centre: NDArray[np.float32]
    matrix: NDArray[np.float32]
    calibration: tuple[float, float]

    def apply(self, rows: NDArray[np.floating]) -> Vectors:
        """(n, dim) rows -> unit rows, (n, dim) float32."""
        return unit_rows((unit_rows(rows) - self.centre) @ self.matrix)

    @property
    def digest(self) -> str:
        """What a fingerprint keeps of it."""
        return hashlib.sha256(self.centre.tobytes() + self.matrix.tobytes()).hexdigest()


class SoundalikeEncoder(CnnEncoder):
    """An `Encoder` that reads: a `CnnEncoder` beside a text tower of the same space."""

    def __init__(
        self, spec: EncoderSpec, network: MnNetwork, space: Whitening, reader: Reader, device: torch.device
    ) -> None:
        super().__init__(spec, MelFrontEnd(MelShape()), network, device, space)
        self._reader = reader

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """See `search.ports.Encoder`. Words the tower never met have a vector too, of little use."""
        return unit_rows(self._reader.directions(texts).numpy())


def is_bundle(path: Path) -> bool:
    """Whether a file says that it is one of these; a damaged or missing one does not."""
    try:
        with safe_open(path, "pt") as file:
            return (file.metadata() or {}).get("format") == FORMAT
    except (OSError, SafetensorError):
        return False


def load(path: Path, variant: str, device: Device) -> SoundalikeEncoder:
    """The encoder in a file that ``training/export.py`` wrote.

    Raises ModelNotFound when there is no such file, EncoderError when it is damaged or of another kind.
    """
    state = read_state(path)
    vocabulary = audioset.class_names()
    try:
        network = _network(_part(state, "network/"), len(vocabulary))
        space = _space(_part(state, "space/"))
        reader = read_tensors(_part(state, "tower/"))
    except (KeyError, RuntimeError, IndexError) as error:
        cause = str(error).partition("\n")[0][:120]
        raise EncoderError(f"{printable(str(path))}: not a soundalike-1 model ({cause}): get it again") from error
    digest = sha256_of(path)
    dim = len(space.centre)
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
        dim=dim,
        sample_rate_hz=MelShape().rate_hz,
        window_s=WINDOW_S,
        hop_s=HOP_S,
        vocabulary=vocabulary,
        can_text=True,
        calibration=space.calibration,
    )
    return SoundalikeEncoder(spec, network, space, reader, torch_device(device))


def _part(state: State, prefix: str) -> dict[str, Tensor]:
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def _network(state: State, classes: int) -> MnNetwork:
    inner = tuple(len(state[f"features.{place}.block.0.0.weight"]) for place in range(1, 16))
    network = MnNetwork(MnShape(WIDTH, classes, inner=inner))
    network.fuse()
    network.load_state_dict({name: value.float() for name, value in state.items()})
    return network.requires_grad_(False)


def _space(state: State) -> Whitening:
    slope, offset = (float(value) for value in state["calibration"])
    return Whitening(state["centre"].numpy(), state["matrix"].numpy(), (slope, offset))
