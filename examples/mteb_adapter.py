"""Let MTEB (its audio part is MAEB) run an encoder of Soundalike.

    pip install mteb soundalike
    python examples/mteb_adapter.py --encoder cnn:soundalike-1 --tasks ESC50AudioReranking ESC50_Zeroshot

The vector of a sound is the mean of its windows' vectors, as in ``soundalike bench quality --protocol maeb``; texts go
to the encoder directly. Any encoder works by its name, including your own (docs/extend/encoder.md).
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping
from typing import Any

import mteb
import numpy as np
import soxr
from mteb.models import ModelMeta
from numpy.typing import NDArray

from search import audio, wiring
from search.model import Wave
from search.ports import Encoder
from search.settings import Settings

Rows = NDArray[np.float32]


class SoundalikeEncoder:
    """Wraps an encoder of Soundalike as MTEB's ``mteb.EncoderProtocol``."""

    def __init__(self, model_name: str = "cnn:soundalike-1", revision: str | None = None, **_: object) -> None:
        self._encoder = wiring.encoder(model_name.removeprefix("soundalike/"), Settings.from_env(os.environ))
        self.mteb_model_meta = meta(self._encoder)

    def encode(self, inputs: Iterable[Mapping[str, Any]], **_: object) -> Rows:
        """Batches with ``audio`` (``array`` and ``sampling_rate``) or ``text`` -> (n, dim) unit rows."""
        rows = [self._sounds(batch["audio"]) if "audio" in batch else self._texts(batch["text"]) for batch in inputs]
        return np.concatenate(rows)

    def similarity(self, embeddings1: Rows, embeddings2: Rows) -> Rows:
        """(n, m) cosines."""
        return np.atleast_2d(embeddings1) @ np.atleast_2d(embeddings2).T

    def similarity_pairwise(self, embeddings1: Rows, embeddings2: Rows) -> Rows:
        """(n,) cosines."""
        return np.einsum("nd,nd->n", np.atleast_2d(embeddings1), np.atleast_2d(embeddings2))

    def _sounds(self, sounds: Iterable[Mapping[str, Any]]) -> Rows:
        return np.stack([self._sound(np.asarray(one["array"]), int(one["sampling_rate"])) for one in sounds])

    def _sound(self, samples: NDArray[np.floating], rate_hz: int) -> Rows:
        spec = self._encoder.spec
        mono: Wave = (samples.mean(axis=int(np.argmin(samples.shape))) if samples.ndim > 1 else samples).astype(
            np.float32
        )
        at_rate = soxr.resample(mono, rate_hz, spec.sample_rate_hz)
        windows = np.stack([window.samples for window in audio.cut([at_rate], spec)])
        total = self._encoder.encode_audio(windows).vectors.sum(axis=0, dtype=np.float64)
        return (total / max(float(np.linalg.norm(total)), 1e-12)).astype(np.float32)

    def _texts(self, texts: list[str]) -> Rows:
        return self._encoder.encode_text(texts)


def meta(encoder: Encoder) -> ModelMeta:
    """The description of the model that MTEB stores with its figures."""
    spec = encoder.spec
    return ModelMeta(
        loader=SoundalikeEncoder,
        name=f"soundalike/{spec.name}",
        revision=spec.revision,
        release_date=None,
        languages=["eng-Latn"],
        n_parameters=None,
        memory_usage_mb=None,
        max_tokens=None,
        embed_dim=spec.dim,
        license="apache-2.0",
        open_weights=True,
        public_training_code=None,
        public_training_data=None,
        framework=["ONNX"],
        similarity_fn_name="cosine",
        use_instructions=False,
        training_datasets=None,
        modalities=["audio", "text"] if spec.can_text else ["audio"],
    )


def main() -> None:
    """Run tasks of MTEB, which downloads their data, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--encoder", default="cnn:soundalike-1", metavar="NAME")
    parser.add_argument("--tasks", nargs="+", required=True, metavar="TASK", help="names that MTEB knows")
    args = parser.parse_args()
    results = mteb.evaluate(SoundalikeEncoder(args.encoder), mteb.get_tasks(tasks=args.tasks))
    for result in results.task_results:
        print(f"{result.task_name}  {result.get_score():.4f}")


if __name__ == "__main__":
    main()
