"""Sounds and small models, made from a seed, for tests of encoders."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from search.encoders.mn import MnNetwork, MnShape
from search.model import EncoderSpec, Waves
from search.settings import Settings


def settings(tmp_path: Path, models: tuple[Path, ...] = (), offline: bool = True) -> Settings:
    """Settings that use no place outside a test's folder."""
    return Settings(
        library=tmp_path / "library",
        models=models,
        model_cache=tmp_path / "cache",
        device="cpu",
        offline=offline,
    )


def sounds(spec: EncoderSpec) -> Waves:
    """(4, window) a chord with vibrato, noise bursts, a rising tone, and silence: the input of all golden values."""
    at = np.arange(spec.window_samples) / spec.sample_rate_hz
    noise = np.random.Generator(np.random.PCG64(7)).standard_normal(spec.window_samples)
    chord = sum(np.sin(2 * np.pi * f * at + 3 * np.sin(2 * np.pi * 5 * at)) for f in (220.0, 277.2, 329.6))
    bursts = noise * np.exp(-8 * (at % 0.5))
    rise = np.sin(2 * np.pi * (200 * at + 150 * at**2))
    return np.stack([0.2 * chord, 0.3 * bursts, 0.5 * rise, 0 * at]).astype(np.float32)


def random_mn(path: Path, width: float = 0.1, classes: int = 527, seed: int = 3) -> MnNetwork:
    """A network of random weights, saved at ``path``. Its norms are fitted to noise, so signals pass all layers."""
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


def tiny_clap(folder: Path, seed: int = 5) -> Path:
    """A CLAP model of random weights with its processor and a word-level tokenizer, saved to ``folder``."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import ClapConfig, ClapFeatureExtractor, ClapModel, ClapProcessor, PreTrainedTokenizerFast

    sentence = "<s> <pad> </s> <unk> a bark barks bell dog falls far away on rain roof tin while"
    words = sentence.split()
    tokenizer = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", None, [("<s>", 0), ("</s>", 2)])
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>", unk_token="<unk>"
    )
    torch.manual_seed(seed)
    config = ClapConfig(
        text_config={
            "vocab_size": len(words),
            "hidden_size": 16,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 24,
            "max_position_embeddings": 40,
            "projection_dim": 32,
        },
        audio_config={
            "patch_embeds_hidden_size": 8,
            "hidden_size": 64,
            "depths": [1, 1, 1, 1],
            "num_attention_heads": [1, 1, 1, 1],
            "projection_dim": 32,
        },
        projection_dim=32,
    )
    model = ClapModel(config)
    for module in model.modules():
        # with the default spread of .02, all sounds get nearly the same vector
        if isinstance(module, torch.nn.Linear | torch.nn.Conv2d):
            module.weight.data.normal_(0, 1.5 / module.weight[0].numel() ** 0.5)
    model.save_pretrained(folder)
    ClapProcessor(ClapFeatureExtractor(truncation="rand_trunc"), fast).save_pretrained(folder)
    return folder
