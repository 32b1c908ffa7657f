"""Settings: read from the environment once, when a process starts, and then immutable."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias, cast

import platformdirs

from search.errors import UsageError
from search.ground.languages import LANGUAGES

Device: TypeAlias = Literal["auto", "cpu", "cuda"]
FactsWhen: TypeAlias = Literal["on", "idle", "off"]

DEFAULT_ENCODER = "cnn:soundalike-1"
DEFAULT_INDEX = "faiss"
DEFAULT_RECOGNISER = "whisper:base"
DEFAULT_NICENESS = 10
DEFAULT_JOB_SHARE = 0.15
DEFAULT_LANGUAGE_MODEL_WAIT_S = 10.0
MOST_NICENESS = 19
EFFORTS = (0.02, 16.0)
"""The lowest and the highest effort of a search; 1 is the normal effort."""
RECALLS = (0.5, 0.999)
"""The lowest and the highest recall that a search accepts."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Where files are, and how things run.

    * ``library``: the folder of the default library.
    * ``models``: folders that are searched for model files, in order. ``model_cache``: where downloaded models are
      kept.
    * ``encoder``: the default encoder's name. ``index``: the kind of index of a new library. ``recogniser``: the speech
      recogniser's name.
    * ``device``: where encoders and searches run. ``auto``: on a GPU if there is one.
    * ``offline``: never download anything.
    * ``neighbourhoods``: build them, and use them for ranking (`search.vectors.neighbourhoods`).
    * ``facts``: when sounds are measured. ``on``: while they are indexed, and a service measures the rest; ``idle``: by
      a service that has nothing else to do; ``off``: only by an explicit command.
    * ``effort``: how much of a library a search visits, as a multiple of the normal amount (1), if the library is too
      large for a full scan. ``recall``: instead, visit enough to find this share of the ten nearest
      (`search.ports.IndexFactory`).
    * ``niceness``: how far jobs give way to other programs, 0 (not at all) to 19.
    * ``job_share``: how much of one core a job and its workers may use while the library answers questions (1: no
      limit; `search.library.givingway`).
    * ``share``: the number of worker processes that index sounds, in addition to workers on other machines
      (`soundalike work`). None: one process does everything.
    * ``language``: the language of queries and names if a query does not set its own; empty: detect it.
    * ``language_model_url``: an OpenAI-compatible endpoint that reads the sentences that rules cannot read; empty:
      none. ``language_model``, ``language_model_key`` and ``language_model_wait_s`` are its model, its key and its
      timeout.

    Examples:
        >>> settings = soundalike.Settings.from_env({"SOUNDALIKE_DEVICE": "cpu"})
        >>> settings.device, settings.encoder
        ('cpu', 'cnn:soundalike-1')
    """

    library: Path
    models: tuple[Path, ...]
    model_cache: Path
    encoder: str = DEFAULT_ENCODER
    index: str = DEFAULT_INDEX
    recogniser: str = DEFAULT_RECOGNISER
    device: Device = "auto"
    offline: bool = False
    neighbourhoods: bool = True
    facts: FactsWhen = "idle"
    effort: float = 1.0
    recall: float | None = None
    niceness: int = DEFAULT_NICENESS
    job_share: float = DEFAULT_JOB_SHARE
    share: int | None = None
    language: str = ""
    language_model_url: str = ""
    language_model: str = ""
    language_model_key: str = field(default="", repr=False)
    language_model_wait_s: float = DEFAULT_LANGUAGE_MODEL_WAIT_S

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Settings:
        """Read the settings from the variables ``SOUNDALIKE_LIBRARY``, ``_MODELS`` (folders, as in PATH), ``_ENCODER``,
        ``_INDEX``, ``_RECOGNISER``, ``_DEVICE``, ``_OFFLINE``, ``_NEIGHBOURHOODS`` (``on`` or ``off``), ``_FACTS``
        (``on``, ``idle`` or ``off``), ``_EFFORT``, ``_RECALL``, ``_NICENESS``, ``_JOB_SHARE``, ``_SHARE``,
        ``_LANGUAGE``, ``_LANGUAGE_MODEL_URL``, ``_LANGUAGE_MODEL``, ``_LANGUAGE_MODEL_KEY`` and
        ``_LANGUAGE_MODEL_WAIT_S``.

        Raises UsageError for a value that is not allowed.
        """
        device = environ.get("SOUNDALIKE_DEVICE", "auto")
        if device not in ("auto", "cpu", "cuda"):
            raise UsageError(f"SOUNDALIKE_DEVICE is {device!r}; it must be auto, cpu or cuda")
        facts = environ.get("SOUNDALIKE_FACTS") or "idle"
        if facts not in ("on", "idle", "off"):
            raise UsageError(f"SOUNDALIKE_FACTS is {facts!r}; it must be on, idle or off")
        niceness = environ.get("SOUNDALIKE_NICENESS") or str(DEFAULT_NICENESS)
        if not (niceness.isascii() and niceness.isdigit() and int(niceness) <= MOST_NICENESS):
            raise UsageError(f"SOUNDALIKE_NICENESS is {niceness!r}; it must be from 0 to {MOST_NICENESS}")
        share = environ.get("SOUNDALIKE_SHARE", "")
        if share and not (share.isascii() and share.isdigit()):
            raise UsageError(f"SOUNDALIKE_SHARE is {share!r}; it must be a number of workers, or unset")
        language = environ.get("SOUNDALIKE_LANGUAGE", "")
        if language and language not in LANGUAGES:
            raise UsageError(f"SOUNDALIKE_LANGUAGE is {language!r}; it must be one of {', '.join(LANGUAGES)}, or unset")
        url = environ.get("SOUNDALIKE_LANGUAGE_MODEL_URL", "")
        if url and not url.startswith(("http://", "https://")):
            raise UsageError(f"SOUNDALIKE_LANGUAGE_MODEL_URL is {url!r}; give a URL, like http://127.0.0.1:8080/v1")
        library = environ.get("SOUNDALIKE_LIBRARY")
        models = environ.get("SOUNDALIKE_MODELS", "")
        return cls(
            library=Path(library) if library else platformdirs.user_data_path("soundalike") / "library",
            models=tuple(Path(part) for part in models.split(os.pathsep) if part),
            model_cache=platformdirs.user_cache_path("soundalike") / "models",
            encoder=environ.get("SOUNDALIKE_ENCODER") or DEFAULT_ENCODER,
            index=environ.get("SOUNDALIKE_INDEX") or DEFAULT_INDEX,
            recogniser=environ.get("SOUNDALIKE_RECOGNISER") or DEFAULT_RECOGNISER,
            device=cast(Device, device),
            offline=environ.get("SOUNDALIKE_OFFLINE", "") not in ("", "0"),
            neighbourhoods=_is_on(environ, "SOUNDALIKE_NEIGHBOURHOODS"),
            facts=cast(FactsWhen, facts),
            effort=effort_of(environ.get("SOUNDALIKE_EFFORT") or "1", "SOUNDALIKE_EFFORT"),
            recall=recall_of(recall, "SOUNDALIKE_RECALL") if (recall := environ.get("SOUNDALIKE_RECALL")) else None,
            niceness=int(niceness),
            job_share=_job_share(environ.get("SOUNDALIKE_JOB_SHARE", "")),
            share=int(share) if share else None,
            language=language,
            language_model_url=url,
            language_model=environ.get("SOUNDALIKE_LANGUAGE_MODEL", ""),
            language_model_key=environ.get("SOUNDALIKE_LANGUAGE_MODEL_KEY", ""),
            language_model_wait_s=_wait_s(environ.get("SOUNDALIKE_LANGUAGE_MODEL_WAIT_S", "")),
        )


def effort_of(text: str, said_by: str) -> float:
    """Parse an effort. ``said_by`` names the source of ``text`` in the message. Raises UsageError.

    Examples:
        >>> effort_of("0.25", "--effort")
        0.25
    """
    return _within(text, EFFORTS, said_by, ", relative to the usual")


def recall_of(text: str, said_by: str) -> float:
    """Parse a recall. ``said_by`` names the source of ``text`` in the message. Raises UsageError.

    Examples:
        >>> recall_of("0.97", "--recall")
        0.97
    """
    return _within(text, RECALLS, said_by, ", a share of the nearest ten")


def _within(text: str, bounds: tuple[float, float], said_by: str, what: str) -> float:
    least, most = bounds
    try:
        said = float(text)
    except ValueError:
        said = math.nan
    if not least <= said <= most:
        raise UsageError(f"{said_by} is {text!r}; it must be from {least:g} to {most:g}{what}")
    return said


def _is_on(environ: Mapping[str, str], name: str) -> bool:
    """Return whether the variable ``name`` is ``on``, which is the default."""
    said = environ.get(name) or "on"
    if said not in ("on", "off"):
        raise UsageError(f"{name} is {said!r}; it must be on or off")
    return said == "on"


def _job_share(text: str) -> float:
    try:
        share = float(text) if text else DEFAULT_JOB_SHARE
    except ValueError:
        share = math.nan
    if not 0 < share <= 1:
        raise UsageError(f"SOUNDALIKE_JOB_SHARE is {text!r}; it must be a share of one core, up to 1 (never wait)")
    return share


def _wait_s(text: str) -> float:
    try:
        wait_s = float(text) if text else DEFAULT_LANGUAGE_MODEL_WAIT_S
    except ValueError:
        wait_s = math.nan
    if not 0 < wait_s <= 600:
        raise UsageError(f"SOUNDALIKE_LANGUAGE_MODEL_WAIT_S is {text!r}; it must be seconds, up to 600")
    return wait_s
