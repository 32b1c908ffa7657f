"""The encoder family ``clap``: CLAP through transformers, with one space for sounds and words.

``clap`` is ``clap:laion/clap-htsat-unfused``. Other CLAP models are named by their id on the Hugging Face hub,
``id@revision`` to pin one, or by a folder. The published processor is not used for audio: it crops sounds longer than
10 s at random, and runs in numpy on a CPU. Here windows are cut before, and torch computes the mel spectrogram.
"""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from safetensors import SafetensorError
from torch import Tensor, nn
from transformers import AutoConfig, AutoTokenizer, ClapFeatureExtractor, ClapModel
from transformers.utils import logging as chatter

from search.encoders.contract import check_waves, fingerprint, unit_rows
from search.encoders.devices import torch_device
from search.encoders.filters import slaney_bank
from search.encoders.weights import sha256_of
from search.errors import EncoderError, ModelNotFound, printable
from search.model import AudioEncoding, EncoderSpec, Vectors, Waves
from search.settings import Settings

DEFAULT_MODEL = "laion/clap-htsat-unfused"

REVISIONS = {DEFAULT_MODEL: "8fa0f1c6d0433df6e97c127f64b2a1d6c0dcda8a"}
"""Default revisions of models; without a network they cannot be looked up. For other models: ``main``."""

HOPS_PER_WINDOW = 2

FRONT_END_REVISION = 1
"""Part of every fingerprint; increases when the same weights would give other vectors."""

WINDOWS_AT_ONCE = {"cpu": 4, "cuda": 64}
TEXTS_AT_ONCE = 64


class _Parts(NamedTuple):
    """The parts of a model, untyped in transformers. ``weights``: a commit of the hub, or a folder's digest."""

    model: Any
    extractor: Any
    tokenizer: Any
    weights: str


class ClapMel(nn.Module):
    """Waves (n, samples) -> mel power in dB (n, 1, frames, bands), as ClapFeatureExtractor's for unfused models.

    Frames are centred on every hop and mirrored at the ends; periodic Hann window; Slaney's mel bank; floor at -100 dB.
    In float64, as there: next to a pure tone, quiet bands are below the resolution of float32.
    """

    FLOOR = 1e-10

    def __init__(self, fft_size: int, hop: int, bank: np.ndarray) -> None:
        super().__init__()
        self.fft_size, self.hop = fft_size, hop
        self.register_buffer("hann", torch.hann_window(fft_size, dtype=torch.float64), persistent=False)
        self.register_buffer("bank", torch.from_numpy(bank.astype(np.float64)), persistent=False)
        self.hann: Tensor
        self.bank: Tensor

    def forward(self, waves: Tensor) -> Tensor:
        """Any number of samples above ``fft_size // 2``."""
        half = self.fft_size // 2
        mirrored = nn.functional.pad(waves.double()[:, None], (half, half), mode="reflect")[:, 0]
        frames = mirrored.unfold(1, self.fft_size, self.hop) * self.hann
        power = torch.view_as_real(torch.fft.rfft(frames)).square().sum(-1)
        return (10.0 * (power @ self.bank).clamp_min(self.FLOOR).log10()).float()[:, None]


class ClapEncoder:
    """An `Encoder` over a CLAP model; see `load`."""

    def __init__(self, spec: EncoderSpec, parts: _Parts, front_end: ClapMel, device: torch.device) -> None:
        self.spec = spec
        self._model = parts.model.to(device)
        self._tokenizer = parts.tokenizer
        self._front_end = front_end.to(device)
        self._device = device

    def encode_audio(self, waves: Waves) -> AudioEncoding:
        """See `search.ports.Encoder`."""
        check_waves(waves, self.spec)
        rows = np.empty((len(waves), self.spec.dim), np.float32)
        step = WINDOWS_AT_ONCE[self._device.type]
        for start in range(0, len(waves), step):
            rows[start : start + step] = self._embed_waves(waves[start : start + step])
        return AudioEncoding(unit_rows(rows))

    def encode_text(self, texts: Sequence[str]) -> Vectors:
        """See `search.ports.Encoder`. Reads underscores as spaces: labels with underscores score worse."""
        rows = np.empty((len(texts), self.spec.dim), np.float32)
        for start in range(0, len(texts), TEXTS_AT_ONCE):
            part = [text.replace("_", " ") for text in texts[start : start + TEXTS_AT_ONCE]]
            rows[start : start + len(part)] = self._embed_texts(part)
        return unit_rows(rows)

    @torch.inference_mode()
    def _embed_waves(self, waves: Waves) -> Vectors:
        # a caller's autocast would change the vectors
        with torch.autocast(self._device.type, enabled=False):
            # a copy: a caller's array may be read-only or have negative strides, and is never shared
            mel = self._front_end(torch.from_numpy(waves.copy()).to(self._device))
            longer = torch.zeros(len(waves), 1, dtype=torch.bool, device=self._device)
            output = self._model.get_audio_features(input_features=mel, is_longer=longer, return_dict=True)
            rows: Vectors = output.pooler_output.cpu().numpy()
            return rows

    @torch.inference_mode()
    def _embed_texts(self, texts: list[str]) -> Vectors:
        # RoBERTa's positions start after its padding index, so two entries of the table are never used
        limit = min(self._tokenizer.model_max_length, self._model.config.text_config.max_position_embeddings - 2)
        tokens = self._tokenizer(texts, padding=True, truncation=True, max_length=limit, return_tensors="pt")
        with torch.autocast(self._device.type, enabled=False):
            read = self._model.get_text_features(
                input_ids=tokens["input_ids"].to(self._device),
                attention_mask=tokens["attention_mask"].to(self._device),
                return_dict=True,
            )
            rows: Vectors = read.pooler_output.cpu().numpy()
            return rows


def load(variant: str, settings: Settings) -> ClapEncoder:
    """The encoder ``clap:<variant>``: a folder, or ``id`` or ``id@revision`` of the Hugging Face hub.

    A folder named like the last part of the id, in ``settings.models`` or the cache, takes precedence over the hub.
    Raises ModelNotFound if the model is not found, EncoderError if it is damaged, not a CLAP model, or a fused one.
    """
    device = torch_device(settings.device)
    variant = variant or DEFAULT_MODEL
    parts = _parts(variant, settings)
    extractor = parts.extractor
    rate_hz, window_s = int(extractor.sampling_rate), float(extractor.max_length_s)
    bank = slaney_bank(
        extractor.feature_size,
        extractor.fft_window_size,
        rate_hz,
        extractor.frequency_min,
        extractor.frequency_max,
    )
    spec = EncoderSpec(
        name=f"clap:{variant}",
        revision=parts.weights,
        fingerprint=fingerprint(
            {
                "family": "clap",
                "front_end": FRONT_END_REVISION,
                "mel": (rate_hz, extractor.fft_window_size, extractor.hop_length, extractor.feature_size),
                "mel_low_hz": float(extractor.frequency_min),
                "mel_high_hz": float(extractor.frequency_max),
                "weights": parts.weights,
                "window_s": window_s,
                "hop_s": window_s / HOPS_PER_WINDOW,
                "padding": "repeat",
            }
        ),
        dim=int(parts.model.config.projection_dim),
        sample_rate_hz=rate_hz,
        window_s=window_s,
        hop_s=window_s / HOPS_PER_WINDOW,
        can_text=True,
    )
    return ClapEncoder(spec, parts, ClapMel(extractor.fft_window_size, extractor.hop_length, bank), device)


def _parts(variant: str, settings: Settings) -> _Parts:
    """Model, feature extractor (for its parameters) and tokenizer, from a folder or the hub."""
    model_id, _, revision = variant.partition("@")
    folder = _folder(model_id, settings)
    source = str(folder) if folder else model_id
    pinned = None if folder else revision or REVISIONS.get(model_id, "main")
    where: dict[str, Any] = {"revision": pinned, "local_files_only": settings.offline or folder is not None}
    shown = printable(variant)
    # its progress bar would disturb ours
    chatter.disable_progress_bar()
    try:
        config = AutoConfig.from_pretrained(source, **where)
        if config.model_type != "clap":
            raise EncoderError(f"clap:{shown}: this is a {config.model_type} model: name a CLAP model")
        if config.audio_config.enable_fusion:
            raise EncoderError(f"clap:{shown}: a fused model crops at random: use an unfused one, like {DEFAULT_MODEL}")
        model, loading = ClapModel.from_pretrained(source, output_loading_info=True, dtype=torch.float32, **where)
        extractor = ClapFeatureExtractor.from_pretrained(source, **where)
        tokenizer = AutoTokenizer.from_pretrained(source, **where)
    except OSError as error:
        raise _not_found(shown, settings, error) from error
    except (ValueError, RuntimeError, KeyError, TypeError, SafetensorError, pickle.UnpicklingError) as error:
        cause = str(error).partition("\n")[0][:120]
        raise EncoderError(f"clap:{shown}: not a readable model ({cause}): get it again") from error
    if loading["missing_keys"]:
        raise EncoderError(f"clap:{shown}: {len(loading['missing_keys'])} weights are missing: get it again")
    weights = _digest(folder) if folder else getattr(config, "_commit_hash", None) or str(pinned)
    return _Parts(model.eval(), extractor, tokenizer, weights)


def _folder(model_id: str, settings: Settings) -> Path | None:
    """The folder of a model, None if only the hub may have it."""
    named = Path(model_id).expanduser()
    near = (folder / named.name for folder in (*settings.models, settings.model_cache))
    return next((path for path in (named, *near) if (path / "config.json").is_file()), None)


def _digest(folder: Path) -> str:
    """One digest over the weights, configuration and vocabulary in a folder."""
    whole = hashlib.sha256()
    for path in sorted(folder.iterdir()):
        if path.suffix in (".safetensors", ".bin", ".json", ".txt"):
            whole.update(f"{path.name} {sha256_of(path)}\n".encode())
    return whole.hexdigest()[:16]


def _not_found(shown: str, settings: Settings, error: OSError) -> ModelNotFound:
    folders = ", ".join(printable(str(folder)) for folder in (*settings.models, settings.model_cache))
    cause = "downloading is off (SOUNDALIKE_OFFLINE)" if settings.offline else str(error).partition("\n")[0][:160]
    return ModelNotFound(
        f"clap:{shown} is in none of {folders}, nor available from the Hugging Face hub or its cache ({cause}). "
        "Connect once to download it, put its folder into one of these, set SOUNDALIKE_MODELS, or give a folder's path"
    )
