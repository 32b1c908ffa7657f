"""Speech recognition by Whisper, through faster-whisper (CTranslate2): the extra ``speech``.

``whisper`` means ``whisper:base``. Other models are named by size (``tiny``, ``small``, ``large-v3``, with ``.en`` for
English only), by a name on the Hugging Face hub, or by the folder of the model, relative to the present folder or to
one of the folders for models.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import numpy as np

from search.errors import EncoderError, ModelNotFound, QueryError, printable
from search.ground.extras import why_missing
from search.model import RecognisedSpeech, SpokenLine, SpokenWord, Wave
from search.settings import Settings

DEFAULT: Final = "base"
RATE_HZ: Final = 16_000
REVISION: Final = 1
"""Increased whenever the same model gives different words."""
WEIGHTS: Final = "model.bin"
BEAM: Final = 1
"""The beam size: five takes a fifth longer, and recognises LibriVox no better."""
LEAST_SURE: Final = 0.3
"""Lines whose words have a lower mean probability are dropped; most hallucinated lines are among them."""
MOST_SILENT: Final = 0.6
_HEAD_BYTES: Final = 1 << 20


class WhisperRecogniser:
    """A `SpeechRecogniser` with one model. Threads may share it; each call runs on one processor."""

    def __init__(self, name: str, model: Any, digest: str, languages: Sequence[str]) -> None:  # noqa: ANN401  untyped
        self.name = name
        self.fingerprint = f"{name}@{digest}-{REVISION}"
        self.sample_rate_hz = RATE_HZ
        self.languages = tuple(languages)
        self._model = model

    def recognise(self, wave: Wave, language: str | None = None) -> RecognisedSpeech:
        """As the port says."""
        if language is not None and language not in self.languages:
            known = ", ".join(sorted(self.languages))
            raise QueryError(f"{self.name} does not know the language {language!r}; it knows {known}")
        segments, info = self._model.transcribe(
            np.asarray(wave, np.float32),
            language=language,
            beam_size=BEAM,
            word_timestamps=True,
            condition_on_previous_text=False,
            no_speech_threshold=MOST_SILENT,
        )
        lines = tuple(line for segment in segments if (line := _line(segment)) is not None)
        return RecognisedSpeech(str(info.language), float(info.language_probability), lines)


def load(variant: str, settings: Settings) -> WhisperRecogniser:
    """Load the model of this name. Raises EncoderError if faster-whisper is not installed, ModelNotFound otherwise."""
    try:
        import faster_whisper
    except ModuleNotFoundError as error:
        if error.name != "faster_whisper":
            raise
        raise EncoderError(
            why_missing("recognising speech", "faster-whisper") or "recognising speech needs faster-whisper"
        ) from error
    name = variant or DEFAULT
    folder = _folder(name, settings.models)
    device = settings.device if settings.device != "auto" else "auto"
    try:
        model = faster_whisper.WhisperModel(
            str(folder or name),
            device=device,
            compute_type="default" if device == "cuda" else "int8",
            cpu_threads=max(1, int(os.environ.get("OMP_NUM_THREADS") or 1)),
            download_root=str(settings.model_cache / "whisper"),
            local_files_only=settings.offline,
        )
    except (ValueError, OSError, RuntimeError) as error:
        why = " ".join(str(error).split())
        raise ModelNotFound(
            f"the speech model {printable(name)!r} cannot be loaded ({printable(why)[:200]}); name one of "
            f"{', '.join(faster_whisper.available_models()[:8])}, or a folder with its {WEIGHTS}"
        ) from error
    called = f"whisper:{folder.name if folder is not None else name}"
    digest = _digest(folder / WEIGHTS) if folder is not None else version("faster-whisper")
    return WhisperRecogniser(called, model, digest, model.supported_languages)


def _folder(name: str, models: Iterable[Path]) -> Path | None:
    """The folder of a model: ``name`` itself, or below one of ``models``; None for a model to download."""
    for folder in (Path(name), *(base / name for base in models), *(base / f"whisper-{name}" for base in models)):
        if (folder / WEIGHTS).is_file():
            return folder.absolute()
    return None


def _digest(weights: Path) -> str:
    """Eight hex digits that identify a model's weights, from their size and their first megabyte."""
    with weights.open("rb") as file:
        return hashlib.sha256(str(weights.stat().st_size).encode() + file.read(_HEAD_BYTES)).hexdigest()[:8]


def _line(segment: Any) -> SpokenLine | None:  # noqa: ANN401  untyped
    words: list[SpokenWord] = []
    for word in segment.words or ():
        text, end_s = word.word.strip(), max(float(word.end), float(word.start))
        if not text:
            continue
        if words and not word.word.startswith(" ") and not text[0].isalnum():  # like "-hearted" in "cold-hearted"
            before = words[-1]
            likely = min(before.probability, float(word.probability))
            words[-1] = SpokenWord(before.text + text, before.start_s, end_s, likely)
        else:
            words.append(SpokenWord(text, float(word.start), end_s, float(word.probability)))
    sure = float(np.mean([word.probability for word in words])) if words else 0.0
    return SpokenLine(tuple(words)) if sure >= LEAST_SURE else None
