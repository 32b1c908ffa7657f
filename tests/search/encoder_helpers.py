"""Sounds and small models for the encoders' tests, made from a seed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from search.encoders.mn import MnNetwork, MnShape
from search.model import EncoderSpec, Waves
from search.settings import Settings


def settings(tmp_path: Path, models: tuple[Path, ...] = (), offline: bool = True) -> Settings:
    """Settings that look nowhere outside a test's folder."""
    return Settings(
        library=tmp_path / "library",
        models=models,
        model_cache=tmp_path / "cache",
        device="cpu",
        offline=offline,
    )


def sounds(spec: EncoderSpec) -> Waves:
    """(4, window) a chord with vibrato, noise bursts, a rising tone, and silence: the input of every golden value."""
    at = np.arange(spec.window_samples) / spec.sample_rate_hz
    noise = np.random.Generator(np.random.PCG64(7)).standard_normal(spec.window_samples)
    chord = sum(np.sin(2 * np.pi * f * at + 3 * np.sin(2 * np.pi * 5 * at)) for f in (220.0, 277.2, 329.6))
    bursts = noise * np.exp(-8 * (at % 0.5))
    rise = np.sin(2 * np.pi * (200 * at + 150 * at**2))
    return np.stack([0.2 * chord, 0.3 * bursts, 0.5 * rise, 0 * at]).astype(np.float32)


def random_mn(path: Path, width: float = 0.1, classes: int = 527, seed: int = 3) -> MnNetwork:
    """A network of random weights whose norms have seen noise, so that signals survive its depth; saved at ``path``."""
    torch.manual_seed(seed)
    network = MnNetwork(MnShape(width, classes))
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1.0
            module.weight.data.uniform_(0.8, 1.6)
            module.bias.data.normal_(0, 0.2)
    with torch.no_grad():
        network.train()(torch.randn(4, 1, 128, 200))
    torch.save(network.state_dict(), path)
    return network.eval()
