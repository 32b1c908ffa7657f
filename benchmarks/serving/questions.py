"""The requests to a measured service, and the sounds that are uploaded to it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator, Sequence

import numpy as np
import soundfile

from benchmarks.common import names
from benchmarks.serving import http_load
from benchmarks.serving.http_load import Request

API = "/api/v1"


def shuffled(clips: int, seed: int) -> list[int]:
    """Return the ids 1 to ``clips`` in random order."""
    return [int(clip) for clip in 1 + np.random.default_rng(seed).permutation(clips)]


def stream(kind: str, ids: Sequence[int]) -> Iterator[Request]:
    """Return requests of a kind (similar, recommend, text, upload) about the clips ``ids``, all different."""
    match kind:
        case "similar":
            return (http_load.get(kind, f"{API}/clips/{clip}/similar?k=10") for clip in ids)
        case "recommend":
            return (
                _json(kind, "/recommend", {"likes": _likes(pair)}) for pair in zip(ids[::2], ids[1::2], strict=False)
            )
        case "text":
            texts = dict.fromkeys(names.question(clip - 1) for clip in ids)  # each once
            return (_json(kind, "/search", {"parts": [{"text": text}], "k": 10}) for text in texts)
        case _:
            return (http_load.form("upload", f"{API}/search", [("audio", "query.wav", wav(clip))]) for clip in ids)


def wav(seed: int, seconds: float = 5.0, rate_hz: int = 44_100) -> bytes:
    """Return coloured noise of varying level as a 16-bit WAV file."""
    rng = np.random.default_rng(seed)
    count = round(seconds * rate_hz)
    noise = np.convolve(rng.standard_normal(count), np.hanning(3 + seed % 40), "same")
    sound = noise * (0.6 + 0.4 * np.sin(np.linspace(0, 1 + seed % 30, count)))
    out = io.BytesIO()
    soundfile.write(out, 0.5 * sound / np.abs(sound).max(), rate_hz, format="WAV")
    return out.getvalue()


def _likes(pair: tuple[int, int]) -> list[dict[str, int]]:
    return [{"clip_id": clip} for clip in pair]


def _json(kind: str, path: str, body: object) -> Request:
    return http_load.post(kind, API + path, json.dumps(body).encode())
