"""The usual loop to encode a folder: librosa, one clip at a time. See `benchmarks.speed.indexing`.

    python -m benchmarks.speed.librosa_loop FOLDER OUT.npz --encoder NAME [--processes 2]

Weights, windows and hop are those of ``soundalike index``. The loop is a fair one: each process uses one thread in any
numeric library, so that processes do not compete for cores, and freed memory is kept for reuse.
"""

from __future__ import annotations

import argparse
import os
from functools import cache
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from search.ground import process
from search.ground.ending import with_status
from search.ports import Encoder
from search.settings import Settings


@cache
def model(name: str) -> Encoder:
    """Return the encoder, loaded once in each process. The network runs in PyTorch, as in the usual loop."""
    from search import wiring
    from search.encoders.soundalike import SoundalikeEncoder

    process.own(threads=1)
    encoder = wiring.encoder(name, Settings.from_env(os.environ))
    return encoder.in_torch() if isinstance(encoder, SoundalikeEncoder) else encoder


def embed(job: tuple[str, str]) -> np.ndarray:
    """Encode one clip: load it at the model's sample rate, cut it into windows, encode them."""
    import librosa

    name, path = job
    encoder = model(name)
    spec = encoder.spec
    wave, _ = librosa.load(path, sr=spec.sample_rate_hz)
    if len(wave) < spec.window_samples:
        wave = np.resize(wave, spec.window_samples)
    starts = list(range(0, len(wave) - spec.window_samples + 1, spec.hop_samples))
    if len(wave) - spec.window_samples - starts[-1] > 0.1 * spec.window_samples:
        starts.append(len(wave) - spec.window_samples)
    return encoder.encode_audio(np.stack([wave[start : start + spec.window_samples] for start in starts])).vectors


@with_status
def main() -> None:
    """Encode every file of a folder and save the vectors."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--processes", type=int, default=2)
    args = parser.parse_args()
    process.own(threads=1)  # sets the environment that the started processes inherit
    files = sorted(str(file) for file in args.folder.rglob("*") if file.is_file())
    with get_context("spawn").Pool(args.processes) as pool:
        vectors = pool.map(embed, [(args.encoder, file) for file in files], chunksize=1)
    np.savez(args.out, vectors=np.concatenate(vectors), owner=np.repeat(range(len(vectors)), [len(v) for v in vectors]))


if __name__ == "__main__":
    raise SystemExit(main())
